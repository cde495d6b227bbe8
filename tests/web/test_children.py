"""A chained invoke's child, unfolded inside the timeline of the execution that called it."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from executions.histories import history_of
from executions.models import Execution
from tests import factories, histories
from tests.web import stored

pytestmark = [pytest.mark.web, pytest.mark.django_db]
TOKEN = "abcdefghijklmnopqrstuv"


def text(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def owners(html: str) -> list[int]:
    return [int(pk) for pk in re.findall(r'<li class="tl-row[^>]*data-execution-id="(\d+)"', html)]


@pytest.fixture
def parent() -> Execution:
    return stored.execution(stored.wire("chain_parent"))


def call_of(execution: Execution) -> Any:
    return next(one for one in history_of(execution).operations.values() if one.invoke and one.invoke.child_arn)


@pytest.fixture
def child(parent: Execution) -> Execution:
    return stored.execution(stored.wire("chain_child_call-child"), arn=call_of(parent).invoke.child_arn)


def test_the_childs_rows_stand_below_its_call_and_open_in_this_page(
    as_viewer: Client, parent: Execution, child: Execution
) -> None:
    path = call_of(parent).first_event_id
    folded = text(as_viewer, f"/executions/{parent.pk}/")
    assert child.pk not in owners(folded) and f"inside={path}" in folded and 'aria-expanded="false"' in folded
    html = text(as_viewer, f"/executions/{parent.pk}/?inside={path}")
    shown = owners(html)
    first = shown.index(child.pk)
    inside = len(history_of(child).operations)
    assert inside > 0 and shown[first : first + inside] == [child.pk] * inside and shown.count(child.pk) == inside
    assert shown[first - 1] == parent.pk
    assert f'href="/executions/{parent.pk}/?inside={path}&amp;within={path}&amp;op=' in html
    assert f'id="op-{path}-' in html and 'aria-expanded="true"' in html


def test_the_drawer_of_a_childs_operation_opens_beside_the_parents_rows(
    as_viewer: Client, parent: Execution, child: Execution
) -> None:
    path, operation = call_of(parent).first_event_id, next(iter(history_of(child).operations.values()))
    html = text(as_viewer, f"/executions/{parent.pk}/?inside={path}&within={path}&op={operation.id}")
    drawer = html[html.index('<div id="operation"') :]
    assert f'data-execution-id="{child.pk}"' in drawer.partition(">")[0] and child.name in drawer
    assert f'name="within" value="{path}"' in drawer
    assert len(re.findall(r'<li class="tl-row[^"]*is-child is-selected', html)) == html.count("is-selected") == 1
    events = re.findall(rf'hx-get="(/executions/{parent.pk}/events/[^"]+)"', drawer)
    event = as_viewer.get(events[0].replace("&amp;", "&"), headers={"HX-Request": "true"}).content.decode()
    assert f'data-execution-id="{child.pk}"' in event and f"within={path}&amp;op={operation.id}" in event
    fragment = f"/executions/{parent.pk}/operations/{operation.id}/?within={path}"
    assert f'data-within="{path}"' in text(as_viewer, fragment)


def test_the_drawer_of_a_childs_operation_stays_while_its_rows_are_folded_away(
    as_viewer: Client, parent: Execution, child: Execution
) -> None:
    path, operation = call_of(parent).first_event_id, next(iter(history_of(child).operations.values()))
    html = text(as_viewer, f"/executions/{parent.pk}/?within={path}&op={operation.id}")
    assert child.pk not in owners(html) and f'data-within="{path}"' in html[html.index('<div id="operation"') :]


@pytest.mark.parametrize("within", ["2", "9999", "2-5"])
def test_an_operation_of_a_child_that_is_not_there_or_somebody_elses_is_not_found(
    as_viewer: Client, parent: Execution, child: Execution, monkeypatch: pytest.MonkeyPatch, within: str
) -> None:
    path, operation = str(call_of(parent).first_event_id), next(iter(history_of(child).operations.values()))
    if within == "2":  # this one is there, for whoever may see it
        seen = Execution.objects.filter(pk=parent.pk)
        monkeypatch.setattr("executions.queries.visibility.visible", lambda user: seen)
        within = path
    assert as_viewer.get(f"/executions/{parent.pk}/operations/{operation.id}/?within={within}").status_code == 404
    event = f"/executions/{parent.pk}/events/1/?tab=timeline&within={within}"
    assert as_viewer.get(event, headers={"HX-Request": "true"}).status_code == 404
    assert '<div id="operation"' not in text(as_viewer, f"/executions/{parent.pk}/?within={within}&op={operation.id}")


@pytest.mark.parametrize("redacted", [True, False])
def test_a_share_link_does_not_lead_to_the_operations_of_a_child(
    anonymous: Client, parent: Execution, child: Execution, settings: Any, redacted: bool
) -> None:
    path, operation = call_of(parent).first_event_id, next(iter(history_of(child).operations.values()))
    settings.SHARE_LINKS = "public"
    factories.share_link(parent, token=TOKEN, redacted=redacted, made_by=factories.user("admin"))
    base = f"/shared/{TOKEN}/"
    assert anonymous.get(f"{base}operations/{operation.id}/?within={path}").status_code == 404
    assert anonymous.get(f"{base}events/1/?tab=timeline&within={path}").status_code == 404
    html = text(anonymous, f"{base}view/?inside={path}&within={path}&op={operation.id}")
    assert child.pk not in owners(html) and '<div id="operation"' not in html and "is-child" not in html


def test_a_child_that_is_not_mirrored_says_so(as_viewer: Client, parent: Execution) -> None:
    html = text(as_viewer, f"/executions/{parent.pk}/?inside={call_of(parent).first_event_id}")
    assert "The child execution is not mirrored" in html and "/arn/" in html


def test_a_child_of_somebody_elses_function_is_as_if_it_were_not_there(
    parent: Execution, child: Execution, monkeypatch: pytest.MonkeyPatch, as_viewer: Client
) -> None:
    seen = Execution.objects.filter(pk=parent.pk)
    monkeypatch.setattr("executions.queries.visibility.visible", lambda user: seen)
    html = text(as_viewer, f"/executions/{parent.pk}/?inside={call_of(parent).first_event_id}")
    assert child.pk not in owners(html) and "not one that you may see" in html


def test_a_context_of_an_unfolded_child_is_folded_and_unfolded_again(as_viewer: Client, parent: Execution) -> None:
    script = histories.Script()
    script.started()
    script.context_started("brew")
    script.step("brew/grind", "brew")
    child = stored.execution(script.events, arn=call_of(parent).invoke.child_arn)
    path = call_of(parent).first_event_id
    page = f"/executions/{parent.pk}/?inside={path}"
    context = next(one for one in history_of(child).operations.values() if one.children)
    shut = f"{page}&shut={path}-{context.first_event_id}"
    html = text(as_viewer, page)
    assert owners(html).count(child.pk) == 2 and f'href="{shut.replace("&", "&amp;")}"' in html
    html = text(as_viewer, shut)
    assert owners(html).count(child.pk) == 1 and f'href="{page}"' in html and 'aria-label="Unfold brew"' in html


def test_a_filter_finds_what_lies_in_an_unfolded_child(as_viewer: Client, parent: Execution, child: Execution) -> None:
    name = next(iter(history_of(child).operations.values())).label
    html = text(as_viewer, f"/executions/{parent.pk}/?inside={call_of(parent).first_event_id}&q={name}")
    assert owners(html)[-1] == child.pk and parent.pk in owners(html)


@pytest.mark.parametrize("inside", ["0", "x", "1-", "-1", "9999", "1-2-3-4-5-6-7", "%00", "1.2.3", "2-" * 400])
def test_a_strange_state_shows_the_timeline_as_it_is(as_viewer: Client, parent: Execution, inside: str) -> None:
    assert parent.pk in owners(text(as_viewer, f"/executions/{parent.pk}/?inside={inside}"))


def test_a_child_that_calls_itself_ends_somewhere(as_viewer: Client, parent: Execution) -> None:
    call = call_of(parent)
    parent.arn = call.invoke.child_arn
    parent.save()
    path, paths = str(call.first_event_id), []
    for _ in range(8):
        paths.append(path)
        path += f"-{call.first_event_id}"
    html = text(as_viewer, f"/executions/{parent.pk}/?inside={'.'.join(paths)}")
    assert 1 < html.count(f'data-operation-id="{call.id}"') < 8


def test_an_unfolded_child_costs_few_queries(
    as_viewer: Client, parent: Execution, child: Execution, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    address = f"/executions/{parent.pk}/?inside={call_of(parent).first_event_id}"
    as_viewer.get(address)
    with django_assert_max_num_queries(14):
        as_viewer.get(address)


def test_somebody_without_a_role_sees_nothing(nobody: User, login: Any, parent: Execution) -> None:
    assert login(nobody).get(f"/executions/{parent.pk}/?inside=2").status_code == 403


def test_status_narrows_the_rows(as_viewer: Client) -> None:
    execution = stored.execution(stored.wire("fanout"))
    html = text(as_viewer, f"/executions/{execution.pk}/?status=FAILED")
    assert set(re.findall(r'<li class="tl-row[^>]*data-status="(\w+)"', html)) >= {"FAILED"} and "bad-item" in html
    assert 0 < len(owners(html)) < len(history_of(execution).operations)
