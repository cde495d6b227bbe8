"""Strangers write what the pages show: with 300 ways to run code in every text that is stored, nothing runs anywhere,
and the policy that would stop it is never even asked.
"""

import re
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import connection, models
from django.urls import URLPattern
from playwright.sync_api import BrowserContext, Page

from dashboard import urls
from executions.models import ActionRecord, Execution
from tests import factories, histories
from tests.browser.conftest import Place
from tests.browser.vectors import VECTORS, packed
from tests.web import stored

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600), pytest.mark.django_db(transaction=True)]

LEFT_OUT = {
    "arn": "found by it",
    "digest": "a hash",
    "token_hash": "a hash",
    "tab": "one of our own words",
    "query": "our own query string",
    "chosen": "our own query string",
    "connections": "a pattern: nothing would be seen",
    "kind": "one of our own words",
    "name of DecisionForm": "found by it",
    "status of StatusCount": "counted beside those that the executions have",
    "status of Callback": "it would not be open",
    "operation_id": "joins a callback to its history",
    "callback_id": "joins a callback to its history",
    "execution_arn": "joins a record to its execution",
    "username of User": "one logs in with it, and it allows no such characters",
    "password": "a hash",
    "email": "not shown",
}
SILENT = {"live", "live-inbox", "execution-live", "metrics", "logout", "arn", "sso", "sso-callback"}
"""What is no page: streams, numbers, and what leads elsewhere."""
TRAP = """
window.hits = [];
window.hit = window.alert = window.confirm = window.prompt = (...said) => { window.hits.push(String(said)); };
document.addEventListener("securitypolicyviolation", (event) => {
  window.hits.push(`CSP: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
});
"""
FOUND = """() => {
  const odd = [];
  for (const element of document.querySelectorAll("*")) {
    const name = element.localName;
    if (["iframe", "object", "embed", "base", "marquee", "animate", "mglyph", "math", "source", "body"].includes(name)
      && element !== document.body) odd.push(`<${name}>`);
    if (name === "script" && !element.src && element.type !== "application/json") odd.push("inline script");
    for (const { name: key, value } of element.attributes) {
      if (key.startsWith("on") || key.includes("hx-on")) odd.push(`${name} ${key}`);
      const leads = ["href", "src", "action", "formaction", "data", "xlink:href", "srcdoc", "hx-get", "hx-post"];
      if (leads.includes(key) && /^\\s*j\\s*a\\s*v\\s*a\\s*s/i.test(value)) odd.push(`${name} ${key}=${value}`);
      if (key === "http-equiv") odd.push("meta refresh");
    }
  }
  return [...odd, ...window.hits];
}"""


@pytest.fixture
def context(context: BrowserContext) -> BrowserContext:
    context.add_init_script(TRAP)
    return context


def poisoned(value: Any, number: int, most: int = 400) -> Any:
    """The same shape with vectors for every text in it, keys included."""
    if isinstance(value, dict):
        return {key: poisoned(inner, number + at + 1, most) for at, (key, inner) in enumerate(value.items())} | {
            packed(number, 60): 1
        }
    if isinstance(value, list):
        return [poisoned(inner, number + at + 1, most) for at, inner in enumerate(value)]
    return packed(number, most) if isinstance(value, str) else value


def poison() -> int:
    """Put vectors into every text of every row; -> how many were written."""
    written = 0
    triggers = import_module("executions.migrations.0003_append_only")
    triggers.remove(connection)
    for model in [*apps.get_app_config("executions").get_models(), User]:
        fields = texts_of(model)
        for number, row in enumerate(model._default_manager.order_by("pk")):
            values = {}
            for at, field in enumerate(fields):
                start = number * 7 + at * 31
                if isinstance(field, models.JSONField):
                    values[field.name] = poisoned(getattr(row, field.name), start)
                else:
                    values[field.name] = packed(start, field.max_length or 20_000)
            if values:
                model._default_manager.filter(pk=row.pk).update(**values)
                written += len(values)
    triggers.install(connection, [field.column for field in ActionRecord._meta.concrete_fields])
    return written


def texts_of(model: type[models.Model]) -> list[Any]:
    """Its columns in which strangers' texts may stand: all but those that are named above, and why."""
    return [
        field
        for field in model._meta.concrete_fields
        if isinstance(field, models.CharField | models.TextField | models.JSONField)
        and not field.choices
        and not {field.name, f"{field.name} of {model.__name__}"} & set(LEFT_OUT)
    ]


def hostile_history() -> list[dict[str, Any]]:
    """An operation for each vector, which is its name; payloads, errors and subtypes of vectors; unknown types, too."""
    script = histories.Script()
    script.started(VECTORS[0], payload=f'{{"{len(VECTORS)}": "x"}}')
    for number, vector in enumerate(VECTORS):
        script.step_started(f"op-{number}", name=vector)
        script.step_succeeded(f"op-{number}", name=vector)
    script.callback_started("ask", timeout=3600)
    script.event(VECTORS[3], "odd", name=VECTORS[4], subtype=VECTORS[5], details={VECTORS[6]: VECTORS[7]})
    events = script.events
    for number, event in enumerate(events):
        for key, details in list(event.items()):
            if isinstance(details, dict):
                event[key] = _payloads(details, number)
    return events


def _payloads(details: dict[str, Any], number: int) -> dict[str, Any]:
    for key, value in details.items():
        if isinstance(value, dict):
            details[key] = _payloads(value, number + 1)
        elif isinstance(value, str) and key != "CallbackId":
            details[key] = packed(number * 3, 4000) if number % 2 else '{"a": [' + _quoted(number) + "]}"
    return details


def _quoted(number: int) -> str:
    return '"' + packed(number, 900).replace("\\", "").replace('"', '\\"').replace("\t", " ") + '"'


def fill() -> tuple[Execution, dict[str, Any]]:
    """Something of everything; -> the execution with the hostile history, and what the URLs' parts are."""
    execution = stored.execution(hostile_history())
    function = execution.function
    other = factories.execution(function, "FAILED")
    for number in range(55):
        factories.execution(function, "SUCCEEDED" if number % 3 else VECTORS[number][:40])
    callback = execution.callbacks.get()
    for number in range(20):
        factories.callback(factories.execution(factories.function()), name=VECTORS[number][:300])
    record = factories.action(execution)
    factories.action(execution, kind="pause", user_agent="x")
    factories.trouble(function=function)
    link = factories.share_link(execution)
    known = {
        "execution_id": execution.pk,
        "callback_id": callback.pk,
        "other_id": other.pk,
        "function_id": function.pk,
        "event_id": 2,
        "operation_id": histories.operation_id("op-0"),
        "token": "a-token",
        "link_id": link.pk,
        "user_id": record.user_id,
        "name": "some-form",
    }
    return execution, known


def addresses(known: dict[str, Any]) -> dict[str, str]:
    """The address of every URL whose parts are known."""
    found = {}
    for pattern in urls.urlpatterns:
        if isinstance(pattern, URLPattern) and pattern.name not in SILENT:
            route = str(pattern.pattern)
            parts = re.findall(r"<(?:\w+:)?(\w+)>", route)
            if set(parts) <= set(known):
                found[pattern.name or route] = "/" + re.sub(
                    r"<(?:\w+:)?(\w+)>", lambda part: str(known[part[1]]), route
                )
    return found


def look(page: Page, base: str, path: str) -> list[str]:
    """Open an address as a page; -> what ran, was reported, or stands in the document that we never write."""
    answer = page.request.get(base + path, max_redirects=0)
    headers = answer.headers
    downloads = "attachment" in headers.get("content-disposition", "")
    if downloads or answer.status in (302, 405) or "text/html" not in headers.get("content-type", ""):
        return []
    shown = page.goto(base + path)
    assert shown is not None and shown.status == answer.status and "/login/" not in page.url, path
    page.wait_for_timeout(150)
    found: list[str] = page.evaluate(FOUND)
    return [f"{path}: {one}"[:300] for one in found]


def test_there_are_at_least_300_vectors() -> None:
    assert len(set(VECTORS)) >= 300


def test_vectors_do_run_where_nothing_is_escaped(context: BrowserContext) -> None:
    """The trap itself: it must catch what it is there for."""
    page = context.new_page()
    page.route("**/trap", lambda route: route.fulfill(content_type="text/html", body="<p>" + "<p>".join(VECTORS)))
    page.goto("http://127.0.0.1/trap")
    page.wait_for_timeout(500)
    found = page.evaluate(FOUND)
    assert len(found) > 100
    assert "" in page.evaluate("window.hits")


def test_nothing_of_what_strangers_wrote_runs_on_any_page(context: BrowserContext, installation: Place) -> None:
    base, _ = installation
    execution, known = fill()
    assert poison() > 500
    page = context.new_page()
    found: list[str] = []
    opened = addresses(known)
    answers = {name: page.request.get(base + path, max_redirects=0).status for name, path in opened.items()}
    assert sum(status == 200 for status in answers.values()) > 50, answers
    assert {name for name, status in answers.items() if status >= 500} <= {"history-json"}, answers  # it asks AWS
    for path in opened.values():
        found += look(page, base, path)
    one = f"/executions/{execution.pk}/"
    for rest in ("?event=2", "?event=1", f"?op={known['operation_id']}", "history/?event=3", "checkpoints/?a=1&b=9"):
        found += look(page, base, one + rest)
    for start in range(0, len(VECTORS), 60):
        found += look(page, base, f"{one}rows/?from={start}")
        found += look(page, base, f"{one}history/?part=rows&from={start}")
    assert found == []


def test_what_is_opened_by_hand_runs_nothing_either(context: BrowserContext, installation: Place) -> None:
    base, _ = installation
    execution, _ = fill()
    poison()
    page = context.new_page()
    page.goto(f"{base}/executions/{execution.pk}/")
    for number in range(0, 40, 4):
        page.locator(".tl-rows [data-operation-id]").nth(number).click()
        page.wait_for_timeout(120)
    page.goto(f"{base}/executions/{execution.pk}/history/")
    for number in range(0, 30, 5):
        page.locator("[data-event-id]").nth(number).click()
        page.wait_for_timeout(120)
    page.goto(f"{base}/inbox/")
    page.locator("tr[data-callback-id] a, [data-callback-id] a").first.click()
    page.wait_for_timeout(300)
    assert page.evaluate(FOUND) == []


def test_every_vector_is_harmless_where_one_thing_is_shown(context: BrowserContext, installation: Place) -> None:
    """Heads, forms and confirmations show one value of each field: all vectors take their turns there."""
    base, _ = installation
    execution, known = fill()
    page, found = context.new_page(), []
    paths = [
        f"/executions/{execution.pk}/",
        f"/executions/{execution.pk}/stop/",
        f"/functions/{execution.function_id}/",
        f"/executions/{execution.pk}/callbacks/{known['callback_id']}/answer/",
    ]
    function, callback = execution.function, execution.callbacks.get()
    shown = {
        execution: ("name", "error_type", "activity", "version"),
        function: ("name", "description", "runtime"),
        callback: ("name",),
    }
    for first in range(0, len(VECTORS), 7):
        for row, names in shown.items():
            lengths = [row._meta.get_field(name).max_length for name in names]
            values = {
                name: packed(first + at * 5, most) for at, (name, most) in enumerate(zip(names, lengths, strict=True))
            }
            type(row).objects.filter(pk=row.pk).update(**values)
        for path in paths:
            page.goto(base + path, wait_until="domcontentloaded")
            found += [f"{path}: {one}"[:300] for one in page.evaluate(FOUND)]
    assert found == []
