"""Histories as they should never be: every page still answers, and says what is missing."""

import random
import re
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from executions.models import Execution
from tests import histories
from tests.web import stored

pytestmark = [pytest.mark.web, pytest.mark.django_db]
TABS = [
    "",
    "head/",
    "timeline/",
    "rows/",
    "history/",
    "history/?part=rows",
    "checkpoints/",
    "payloads/",
    "history.json",
]
ODD = ["map/7", "two\nlines\r", "/", "a&b=c#d?e%2F", "<b>'\"", "..", " "]
NAME = "\u202e<img src=x onerror=alert(1)>" + "x" * 227


def deep(levels: int) -> list[dict[str, Any]]:
    script = histories.Script()
    script.started()
    path = ""
    for level in range(levels):
        inner = f"{path}/{level}"
        script.context_started(inner, path or None)
        path = inner
    script.step(f"{path}/leaf", path)
    return script.events


def wide(number: int) -> list[dict[str, Any]]:
    script = histories.Script()
    script.started()
    script.context_started("map", subtype="Map")
    for item in range(number):
        script.step(f"map/{item}", "map")
    script.ended()
    return script.events


def named() -> list[dict[str, Any]]:
    script = histories.Script()
    script.started(NAME)
    script.step_started("a", name=NAME)
    script.step_succeeded("a", name=NAME)
    script.ended()
    return script.events


def clock(step: float) -> list[dict[str, Any]]:
    script = histories.Script()
    script.started()
    for number in range(5):
        script.step(f"s{number}", seconds=step)
        script.sleep(step)
    script.invocation()
    script.ended()
    return script.events


def strange() -> list[dict[str, Any]]:
    script = histories.Script()
    script.started()
    script.event("CarrierPigeonReleased", "pigeon", name="pigeon", details={"Wind": [1, None, {"a": "b"}]})
    script.step("a")
    script.event("", "nothing")
    script.ended()
    return script.events


def odd_ids() -> list[dict[str, Any]]:
    """Operations and a called execution by names that no address likes."""
    script = histories.Script()
    script.started()
    for path in ODD:
        script.context_started(path)
        script.step(f"{path}:step", path)
        script.chained_started(f"{path}:call", "loyalty", f"arn:aws:lambda:us-east-1:1:function:f:1/{path}")
    script.ended()
    own = {histories.operation_id(path + part): path + part for path in ODD for part in ("", ":step", ":call")}
    return [
        {**event, **{key: own.get(event[key], event[key]) for key in ("Id", "ParentId") if event.get(key)}}
        for event in script.events
    ]


def permuted() -> list[dict[str, Any]]:
    events = histories.big_history(60)
    random.Random(7).shuffle(events)
    return events


BAD: dict[str, Any] = {
    "permuted": permuted,
    "duplicated": lambda: [event for event in histories.big_history(40) for _ in range(2)],
    "with gaps": lambda: [event for event in histories.big_history(60) if event["EventId"] % 7],
    "without its start": lambda: histories.big_history(40)[1:],
    "without its beginning": lambda: histories.big_history(60)[80:],
    "with unknown types": strange,
    "with odd ids": odd_ids,
    "30 deep": lambda: deep(30),
    "60 deep": lambda: deep(60),
    "3,000 siblings": lambda: wide(3000),
    "with names of 256 hostile characters": named,
    "at one moment": lambda: clock(0.0),
    "with clocks that run backwards": lambda: clock(-1.0),
    "a year long": lambda: clock(366 * 86_400 / 10),
}


@pytest.mark.parametrize("kind", BAD)
def test_no_page_breaks(as_viewer: Client, kind: str) -> None:
    execution: Execution = stored.execution(BAD[kind]())
    for tab in TABS:
        response = as_viewer.get(f"/executions/{execution.pk}/{tab}")
        expected = {200, 503} if tab == "history.json" else {200}
        assert response.status_code in expected, (tab, response.status_code)
        assert b"<img src=x" not in response.content or tab == "history.json"


def test_operations_with_odd_ids_open_and_lead_on(as_viewer: Client) -> None:
    execution = stored.execution(odd_ids())
    for path in ODD:
        for operation in (path, path + ":step", path + ":call"):
            opened = as_viewer.get(f"/executions/{execution.pk}/", {"op": operation})
            assert opened.status_code == 200, operation
            drawer = as_viewer.get(reverse("execution-operation", args=[execution.pk, operation]))
            assert drawer.status_code == 200, operation
            for link in re.findall(r'href="(/[^"]*)"', drawer.content.decode()):
                assert as_viewer.get(unescape(link)).status_code in (200, 302, 404), link


def page(client: Client, events: list[dict[str, Any]], tab: str = "") -> str:
    return client.get(f"/executions/{stored.execution(events).pk}/{tab}").content.decode()


def test_what_is_missing_is_said(as_viewer: Client) -> None:
    assert "History incomplete: events" in page(as_viewer, BAD["with gaps"]())
    assert "History incomplete: event 1 missing" in page(as_viewer, BAD["without its start"]())
    assert "History incomplete: events 1-80 missing" in page(as_viewer, BAD["without its beginning"]())


def test_the_order_of_arrival_does_not_show(as_viewer: Client) -> None:
    def rows(events: list[dict[str, Any]]) -> list[str]:
        html = page(as_viewer, events, "rows/")
        return [part.split('"')[0] for part in html.split('data-operation-id="')[1:]]

    ordered = histories.big_history(60)
    assert rows(permuted()) == rows(ordered) != []
    assert rows([*ordered, *ordered]) == rows(ordered)


def test_an_unknown_event_is_shown_as_it_is(as_viewer: Client) -> None:
    html = page(as_viewer, strange(), "history/")
    assert "CarrierPigeonReleased" in html and "(no type)" in html


def test_a_year_reads_as_a_year(as_viewer: Client) -> None:
    assert "1 y" in page(as_viewer, BAD["a year long"]())
