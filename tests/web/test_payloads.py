"""The input and result of one execution, and payloads as files."""

import datetime as dt
import re
import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from executions.actions import reveal
from executions.models import ActionRecord, Execution
from tests import factories, histories
from tests.web import stored

pytestmark = [pytest.mark.web, pytest.mark.django_db]
HOSTILE = '"><script>alert(1)</script>'


def url(execution: Execution, rest: str = "payloads/") -> str:
    return f"/executions/{execution.pk}/{rest}"


def text(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def finished(payload: str) -> Execution:
    script = histories.Script()
    script.started(payload=payload)
    script.ended()
    return stored.execution(script.events)


@pytest.mark.parametrize("scenario", stored.scenarios())
def test_every_recorded_scenario_renders(as_viewer: Client, scenario: str) -> None:
    execution = stored.execution(stored.wire(scenario))
    assert "Input" in text(as_viewer, url(execution)) and text(as_viewer, url(execution, "payloads/?tags=raw"))


@pytest.mark.parametrize("rest", ["payloads/", "events/1/payload/"])
def test_somebody_without_a_role_sees_nothing(nobody: User, login: Any, rest: str) -> None:
    assert login(nobody).get(url(finished("{}"), rest)).status_code == 403


@pytest.mark.parametrize("number", [0, 99, 2**70])
def test_an_event_without_a_payload_is_not_found(as_viewer: Client, number: int) -> None:
    assert as_viewer.get(url(finished("{}"), f"events/{number}/payload/")).status_code == 404


def test_a_long_input_is_shown_whole_and_big_numbers_survive(as_viewer: Client) -> None:
    html = text(as_viewer, url(finished('{"rows": "' + "x" * 50_000 + '", "n": 12345678901234567890, "f": 1.10}')))
    assert "x" * 50_000 in html and "12345678901234567890" in html and "1.10" in html


def test_what_is_too_large_for_a_page_is_opened_branch_by_branch(as_viewer: Client) -> None:
    execution = finished('"' + "x" * (1024 * 1024 + 10) + '"')
    response = as_viewer.get(url(execution))
    assert b"each branch is read as it is opened" in response.content and len(response.content) < 100_000
    assert len(as_viewer.get(url(execution, "events/1/payload/")).content) == 1024 * 1024 + 12


def test_a_download_is_the_exact_text_and_never_anything_to_render(as_viewer: Client) -> None:
    payload = '{"a":1.10 ,  "é": "<b>"}'
    response = as_viewer.get(url(finished(payload), "events/1/payload/"))
    assert response.content.decode() == payload
    assert response["Content-Type"] == "text/plain; charset=utf-8" and response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Disposition"].startswith("attachment;")


def test_a_payload_that_aws_cut_says_so(as_viewer: Client) -> None:
    script = histories.Script()
    script.started(payload='{"token": "hunter2", "a": "cut he')
    script.events[0]["ExecutionStartedDetails"]["Input"]["Truncated"] = True
    html = text(as_viewer, url(stored.execution(script.events)))
    assert "AWS has cut this payload" in html and "hunter2" not in html


def test_this_installations_own_secrets_are_hidden_too(as_viewer: Client, settings: Any) -> None:
    settings.REDACT_KEYS = ["loyaltyCard"]
    html = text(as_viewer, url(finished('{"loyalty_card": "L-77", "LoyaltyCard": "L-78", "tea": "green"}')))
    assert "L-77" not in html and "L-78" not in html and "green" in html


def test_a_star_in_the_names_of_secrets_stands_for_anything(as_viewer: Client, settings: Any) -> None:
    settings.REDACT_KEYS = ["loyalty*", "*"]
    html = text(as_viewer, url(finished('{"loyaltyCard": "L-77", "loyaltyprogramme": "L-78", "tea": "green"}')))
    assert "L-77" not in html and "L-78" not in html and "green" in html


PAYLOAD = '{"signature": "S-1", "user_pin": "P-2", "password": "W-3", "loyaltyCard": "L-4", "пароль": "R-5"}'


@pytest.mark.parametrize(
    ("keys", "shown"),
    [
        ([], {"L-4", "R-5"}),
        (["пароль"], {"L-4"}),
        (["-signature", "-*Pin"], {"S-1", "P-2", "L-4", "R-5"}),
        (["-pin"], {"L-4", "R-5"}),
        (["-*", "loyalty*"], {"S-1", "P-2", "W-3", "R-5"}),
        (["loyalty*", "-loyaltyCard"], {"L-4", "R-5"}),
    ],
)
def test_the_names_of_secrets_are_added_to_excepted_or_replaced(
    as_viewer: Client, settings: Any, keys: list[str], shown: set[str]
) -> None:
    settings.REDACT_KEYS = keys
    html = text(as_viewer, url(finished(PAYLOAD)))
    assert {value for value in ("S-1", "P-2", "W-3", "L-4", "R-5") if value in html} == shown


def test_a_payload_that_aws_cut_keeps_to_the_same_names(as_viewer: Client, settings: Any) -> None:
    settings.REDACT_KEYS = ["-signature"]
    script = histories.Script()
    script.started(payload='{"signature": "S-1", "pin": "P-2", "a": "cut he')
    script.events[0]["ExecutionStartedDetails"]["Input"]["Truncated"] = True
    html = text(as_viewer, url(stored.execution(script.events)))
    assert "S-1" in html and "P-2" not in html


def test_hostile_payloads_are_escaped(as_viewer: Client) -> None:
    assert "<script>alert" not in text(as_viewer, url(finished(HOSTILE)))


def test_an_error_is_shown_in_the_results_place(as_viewer: Client) -> None:
    script = histories.Script()
    script.started()
    script.ended("Failed", ErrorType="PaymentError", ErrorMessage="declined")
    html = text(as_viewer, url(stored.execution(script.events)))
    assert "PaymentError" in html and "Error" in html


def test_what_is_not_there_is_said(as_viewer: Client) -> None:
    assert "there is no result yet" in text(as_viewer, url(stored.execution(stored.wire("coffee_pending"))))
    assert "has not been read yet" in text(as_viewer, url(factories.execution()))


def test_the_page_costs_few_queries(as_viewer: Client, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    execution = finished("{}")
    as_viewer.get(url(execution))
    with django_assert_num_queries(12):
        as_viewer.get(url(execution))


SECRET = '{"token": "hunter2", "tea": "green"}'


def test_a_download_keeps_secrets_back(as_viewer: Client, as_admin: Client) -> None:
    execution = finished(SECRET)
    for client in (as_viewer, as_admin):
        response = client.get(url(execution, "events/1/payload/"))
        assert b"hunter2" not in response.content and b"green" in response.content
        assert "-redacted.txt" in response["Content-Disposition"]


def test_who_may_not_reveal_is_not_offered_it_and_is_refused(as_viewer: Client, as_approver: Client) -> None:
    execution = finished(SECRET)
    for client in (as_viewer, as_approver):
        assert "/reveal/" not in text(client, url(execution))
        for answer in (client.get, client.post):
            assert answer(url(execution, "events/1/reveal/")).status_code == 403
    assert not ActionRecord.objects.exists()


def test_secrets_are_shown_only_after_the_look_is_on_record(as_admin: Client) -> None:
    execution = finished(SECRET)
    address = url(execution, "events/1/reveal/")
    assert address in text(as_admin, url(execution))
    asked = text(as_admin, address)
    assert "hunter2" not in asked and not ActionRecord.objects.exists()
    form = {"token": str(uuid.uuid4()), "reason": "the guest asked"}
    for _ in range(2):
        response = as_admin.post(address, form)
        assert response.status_code == 200 and b"hunter2" in response.content
        assert "no-store" in response["Cache-Control"]
    record = ActionRecord.objects.get()
    assert (record.kind, record.reason, record.request) == ("reveal", "the guest asked", {"EventId": 1})


def test_a_form_that_revealed_one_payload_reveals_no_other(as_admin: Client) -> None:
    first, second = finished(SECRET), finished(SECRET)
    form = {"token": str(uuid.uuid4()), "reason": "the guest asked"}
    assert b"hunter2" in as_admin.post(url(first, "events/1/reveal/"), form).content
    for other in (url(first, "events/2/reveal/"), url(second, "events/1/reveal/")):
        response = as_admin.post(other, form)
        assert b"hunter2" not in response.content
        assert response.status_code == 404 or b"already sent for something else" in response.content
    assert ActionRecord.objects.count() == 1


def test_a_form_that_is_wrong_reveals_nothing(as_admin: Client) -> None:
    response = as_admin.post(url(finished(SECRET), "events/1/reveal/"), {"token": "x"})
    assert response.status_code == 200 and b"hunter2" not in response.content and not ActionRecord.objects.exists()


def test_there_is_nothing_to_reveal_without_a_secret_or_an_event(as_admin: Client) -> None:
    execution = finished('{"tea": "green"}')
    assert "/reveal/" not in text(as_admin, url(execution))
    assert as_admin.get(url(execution, "events/99/reveal/")).status_code == 404


def test_a_large_payload_is_revealed_to_look_around_in_and_only_for_a_while(
    as_admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    execution = finished('{"list": [' + '"tea", ' * 200_000 + '"tea"], "deep": {"token": "hunter2"}}')
    page, asks = url(execution, "events/1/revealed/"), url(execution, "events/1/reveal/")
    assert "hunter2" not in text(as_admin, url(execution, "events/1/explore/?path=%2Fdeep"))
    answer = as_admin.post(asks, {"token": str(uuid.uuid4()), "reason": "the guest asked"})
    assert (answer.status_code, answer["Location"]) == (302, page)
    shown = as_admin.get(page)
    assert "put on record" in shown.content.decode() and "no-store" in shown["Cache-Control"]
    branch = re.findall(r'hx-get="([^"]*path=%2Fdeep[^"]*)"', shown.content.decode())[0].replace("&amp;", "&")
    assert branch.startswith(page) and "hunter2" in text(as_admin, branch)
    assert "hunter2" in text(as_admin, f"{page}?q=hunter2") and "hunter2" in text(as_admin, f"{page}?path=%2Fdeep")
    assert "hunter2" not in text(as_admin, url(execution, "events/1/explore/?path=%2Fdeep"))
    assert ActionRecord.objects.get().request == {"EventId": 1}
    monkeypatch.setattr(reveal, "LASTS", dt.timedelta(0))
    answer = as_admin.get(page)
    assert (answer.status_code, answer["Location"]) == (302, asks)


@pytest.mark.parametrize("differs", ["user", "event", "execution"])
def test_nobody_looks_around_in_a_payload_on_somebody_elses_record_or_that_of_another_payload(
    as_admin: Client, admin: User, login: Any, differs: str
) -> None:
    execution = finished(SECRET)
    assert as_admin.post(url(execution, "events/1/reveal/"), {"token": str(uuid.uuid4())}).status_code == 200
    assert b"hunter2" in as_admin.get(url(execution, "events/1/revealed/?path=%2Ftoken")).content
    client, event = as_admin, 1
    if differs == "user":
        client = login(factories.user("admin"))
    elif differs == "event":
        event = execution.last_event_id
    else:
        execution = finished(SECRET)
    answer = client.get(url(execution, f"events/{event}/revealed/?path=%2Ftoken"))
    assert answer.status_code == 302 and answer["Location"].endswith("/reveal/")
