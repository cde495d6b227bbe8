"""`/connections/`."""

import json
import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from executions import metrics, tasks, work
from executions.domain import policy
from executions.models import Lease
from executions.sync import push_health
from tests import factories

pytestmark = [pytest.mark.web, pytest.mark.django_db]


def html(client: Client, **headers: str) -> str:
    response = client.get("/connections/", headers=headers)
    assert response.status_code == 200
    return response.content.decode()


def test_without_a_role_nothing_is_shown(nobody: User, login: Callable[[User], Client]) -> None:
    assert login(nobody).get("/connections/").status_code == 403


def test_the_navigation_leads_there(as_viewer: Client) -> None:
    assert re.search(r'href="/connections/"[^>]*aria-current="page"', html(as_viewer))


def test_before_anything_was_asked_it_says_so(as_viewer: Client) -> None:
    assert "Nothing has been asked of AWS yet" in html(as_viewer)


def test_a_connection_that_works_says_since_when_everything_is_known(as_viewer: Client) -> None:
    function = factories.function(listed_at=factories.ago(5))
    factories.executions(function, 1200)
    factories.execution(function, history_due_at=factories.ago(90))
    page = html(as_viewer)
    for words in (
        "default",
        "eu-west-1",
        ">reachable<",
        "1 durable",
        "1,201",
        "not set up",
        "1 of 1, the first for 1 m",
    ):
        assert words in page, words
    assert "7 <span" in page and "of 15, 47%" in page


def test_trouble_is_told_with_its_words_its_remedy_and_since_when(as_viewer: Client) -> None:
    found = factories.trouble(kind="denied", words="AWS <b>refused</b>.", remedy="Allow it.")
    page = html(as_viewer)
    assert "reachable, with trouble" in page and "Allow it." in page
    assert "AWS &lt;b&gt;refused" in page and "<b>refused" not in page
    assert f"{found.since:%Y-%m-%dT%H:%M:%S}" in page


@pytest.mark.parametrize(
    ("values", "kind", "state"),
    [
        ({}, "credentials", "not reachable"),
        ({}, "unreachable", "not reachable"),
        ({"swept_at": None}, "", "not asked yet"),
        ({"swept_at": factories.ago(3600)}, "", "silent"),
        ({"gone_at": factories.ago(5)}, "unreachable", "no longer configured"),
    ],
)
def test_whether_aws_answers_is_told_in_a_word(
    as_viewer: Client, values: dict[str, Any], kind: str, state: str
) -> None:
    connection = factories.connection(**values)
    if kind:
        factories.trouble(connection=connection, kind=kind)
    assert f">{state}</span>" in html(as_viewer).replace("</svg>", ">")


def test_push_tells_when_it_last_came_what_it_missed_and_what_waits(as_viewer: Client, settings: Any) -> None:
    settings.PUSH_QUEUE_URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/durascope"
    row = factories.connection(pushed_at=factories.ago(30), push_missed=7)
    page = html(as_viewer)
    assert "7 changes" in page and "the queue is not being read" in page and "not counted yet" in page
    assert "arn:aws:sqs:eu-west-1:123456789012:durascope" in unescape(page), "the policy to paste has the queue"
    push_health.listens(row, now=factories.ago(600))
    factories.connection(push_waiting=1234, push_dead=3, push_counted_at=factories.ago(5))
    page = html(as_viewer)
    assert "<dd>working</dd>" in page and "about 1,234 waiting, given up: 3" in page
    factories.trouble(scope="push", kind="push")
    assert "<dd>silent</dd>" in html(as_viewer)


def test_the_last_preflight_is_shown_with_what_is_missing_and_its_age(as_viewer: Client) -> None:
    factories.connection()
    assert "Permissions not tried yet" in html(as_viewer)
    read = {"action": "lambda:ListFunctions", "outcome": "allowed", "words": "", "forms": []}
    denied = {
        "action": "lambda:GetDurableExecution",
        "outcome": "denied",
        "words": "AWS <b>said</b> no.",
        "forms": ["NAME:*"],
    }
    at = factories.ago(120)
    factories.connection(checks=[read, denied], checked_at=at)
    page = html(as_viewer)
    assert "1 permission missing" in page and "function:NAME:*" in page and "AWS &lt;b&gt;said&lt;/b&gt; no." in page
    assert f"{at:%Y-%m-%dT%H:%M:%S}" in page
    factories.connection(checks=[read])
    assert "missing" not in html(as_viewer)


def test_what_is_kept_is_told_for_each_connection(as_viewer: Client, settings: Any) -> None:
    factories.connection()
    assert "<dd>for ever</dd>" in html(as_viewer)
    settings.KEEP_DAYS, settings.KEEP_MB = 30, 2000
    assert "30 days after the end, up to 2,000 MB" in html(as_viewer)


def test_a_function_that_was_never_listed_is_no_age(as_viewer: Client) -> None:
    factories.function(listed_at=None)
    factories.function(listed_at=factories.ago(5))
    assert "1 function not listed to the end yet" in html(as_viewer)


def test_calls_and_throttles_of_the_last_minute_are_told(as_viewer: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    factories.connection()
    now = 1_800_000_000.0
    monkeypatch.setattr(metrics.time, "time", lambda: now)
    for outcome in ["ok"] * 40 + ["throttled"] * 2:
        metrics.called("default", "list", outcome, 0.1)
    monkeypatch.setattr(metrics.time, "time", lambda: now + 60)
    page = html(as_viewer)
    assert ">42</td>" in page and "2 calls in the last full minute" in page


def test_the_policy_to_paste_is_the_documented_one_with_account_and_region_filled_in(as_viewer: Client) -> None:
    factories.function()
    text = re.search(r'<pre class="code" id="policy-\d+"[^>]*>(.*?)</pre>', html(as_viewer), re.DOTALL)
    assert text
    pasted = json.loads(unescape(text[1]))
    assert pasted == policy.document(
        policy.READ + policy.ACT, region="eu-west-1", account="123456789012", functions=("*",)
    )
    assert "arn:aws:lambda:eu-west-1:123456789012:function:*:*" in json.dumps(pasted)


def test_what_changes_is_asked_for_alone(as_viewer: Client) -> None:
    factories.connection()
    assert "<html" not in html(as_viewer, **{"HX-Request": "true"})


@pytest.mark.parametrize("count", [1, 20])
def test_the_page_costs_a_fixed_number_of_queries(
    as_viewer: Client, django_assert_num_queries: Callable[..., Any], count: int
) -> None:
    for number in range(count):
        factories.execution(factories.function(connection=factories.connection(name=f"c-{number}")))
    login, shell = 4, 3
    with django_assert_num_queries(login + shell + 6):
        html(as_viewer)


def test_the_installation_says_when_it_last_did_what(as_viewer: Client) -> None:
    assert "not begun yet" in html(as_viewer)
    Lease.objects.create(name="retain", taken_at=factories.ago(3))
    work.handed_out(now=factories.ago(1))
    page = html(as_viewer)
    assert ">working<" in page and "in this process" in page and "Retention begun" in page
    work.handed_out(now=factories.ago(work.STOPPED + 5))
    assert "nothing is being mirrored" in html(as_viewer)


def test_a_redis_that_does_not_answer_is_told(as_viewer: Client, settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    work._redis.cache_clear()
    assert "Redis does not answer" in html(as_viewer)
    work._redis.cache_clear()


def test_what_is_handed_out_is_noted(db: None) -> None:
    factories.connection()
    tasks.dispatch()
    assert work.current().handed_out is not None
