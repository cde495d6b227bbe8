"""Two executions of one function compared, and choosing the other one."""

import html as html_library
import json
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from executions.models import Execution, Function
from tests import factories, histories
from tests.web import stored

pytestmark = [pytest.mark.web, pytest.mark.django_db]
HOSTILE = '"><script>alert(1)</script>'
RIGHT_TO_LEFT = "\u202egnirts\u202c שלום"


def url(a: Execution, b: Execution, query: str = "") -> str:
    return f"/executions/{a.pk}/compare/{b.pk}/{query}"


def text(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def order(attempts: int, *, succeeds: bool, payload: str = '{"order": 1}') -> list[dict[str, Any]]:
    script = histories.Script()
    script.started(payload=payload)
    script.step("check", seconds=0.2 * attempts, result='{"ok": true, "password": "hunter2"}')
    for attempt in range(1, attempts + 1):
        script.step_started("charge")
        script.sleep(0.1)
        if succeeds and attempt == attempts:
            script.step_succeeded("charge", result='{"paid": true}')
        else:
            script.step_failed("charge", attempt=attempt, delay=0 if attempt == attempts else 1)
    script.ended("Succeeded") if succeeds else script.ended("Failed", ErrorType="PaymentError", ErrorMessage="declined")
    return script.events


def of(function: Function, events: list[dict[str, Any]], **values: Any) -> Execution:
    made = stored.execution(events, **values)
    made.function = function
    made.save()
    return made


@pytest.fixture
def shop() -> Function:
    return factories.function("shop")


@pytest.fixture
def good(shop: Function) -> Execution:
    return of(shop, order(1, succeeds=True), version="6")


@pytest.fixture
def bad(shop: Function) -> Execution:
    return of(shop, order(3, succeeds=False, payload='{"order": 2}'), version="7")


@pytest.mark.parametrize("scenario", stored.scenarios())
def test_every_recorded_scenario_compares_with_every_kind_of_other(
    as_viewer: Client, shop: Function, scenario: str
) -> None:
    one = of(shop, stored.wire(scenario))
    for other in ("fanout", "coffee_pending"):
        html = text(as_viewer, url(one, of(shop, stored.wire(other)), "?pick=execution&view=side"))
        assert "Two executions compared" in html
    assert "B takes the same course as A." in text(as_viewer, url(one, one))


def test_the_first_divergence_is_named_marked_and_linked(as_viewer: Client, good: Execution, bad: Execution) -> None:
    html = text(as_viewer, url(good, bad))
    assert "First divergence: charge" in html and "succeeded → failed, 1 → 3 attempts" in html
    (link,) = set(re.findall(r'class="btn" href="([^"]+#a\d+)"', html))
    row = html_library.unescape(link).partition("#")[2]
    assert re.search(rf'<tr id="{row}" class="d0 is-first"', html)
    assert html.count("first divergence</span>") == 1
    assert "1 changed" in html


def test_versions_and_the_difference_of_the_inputs_stand_above(
    as_viewer: Client, good: Execution, bad: Execution
) -> None:
    html = text(as_viewer, url(good, bad))
    assert "version <bdi>6</bdi>" in html and "version <bdi>7</bdi>" in html
    assert "Input: 1 change: 1 changed" in html and "PaymentError" not in html.split("<h1>")[0]


def test_the_sides_can_be_swapped(as_viewer: Client, good: Execution, bad: Execution) -> None:
    html = text(as_viewer, url(good, bad))
    assert f'href="{url(bad, good)}"' in html
    assert "failed → succeeded, 3 → 1 attempt" in text(as_viewer, url(bad, good))


def test_a_row_opens_the_payloads_of_both_sides_without_secrets(
    as_viewer: Client, good: Execution, bad: Execution
) -> None:
    part = text(as_viewer, f"{url(good, bad)}payloads/?pick=a4&view=side")
    assert "PaymentError" in part and "&quot;paid&quot;: true" in part and "<html" not in part
    whole = text(as_viewer, url(good, bad, "?pick=a4"))
    assert "PaymentError" in whole and 'class="d0 is-selected is-first"' in whole
    for query in ("?pick=a2", "?pick=a2&view=side", "?pick=a2&tags=raw"):
        seen = text(as_viewer, url(good, bad, query))
        assert "hunter2" not in seen and "[redacted]" in seen


def test_a_row_that_only_b_had_keeps_its_link_when_a_gets_there_too(
    as_viewer: Client, shop: Function, bad: Execution
) -> None:
    begun = of(shop, order(1, succeeds=True)[:1])
    pick = re.findall(r'<tr id="(b\d+)"', text(as_viewer, url(begun, bad)))[-1]
    read = of(shop, order(1, succeeds=True))
    assert "PaymentError" in text(as_viewer, f"{url(read, bad)}payloads/?pick={pick}")
    assert re.search(r'<tr id="a\d+" class="[^"]*is-selected', text(as_viewer, url(read, bad, f"?pick={pick}")))


def test_durations_stand_side_by_side_and_in_a_chart(as_viewer: Client, good: Execution, bad: Execution) -> None:
    html = text(as_viewer, url(good, bad))
    assert "200 ms" in html and "600 ms" in html and "+400 ms" in html
    assert '"barmode": "group"' in html and 'data-plot="durations-chart"' in html


def test_only_divergences_and_a_search_narrow_the_rows(as_viewer: Client, good: Execution, bad: Execution) -> None:
    assert text(as_viewer, url(good, bad)).count("data-operation-id") == 2
    assert text(as_viewer, url(good, bad, "?only=different")).count("data-operation-id") == 1
    assert text(as_viewer, url(good, bad, "?q=CHECK")).count("data-operation-id") == 1
    assert "No operation matches" in text(as_viewer, url(good, bad, "?q=nothing"))


def test_three_thousand_operations_come_in_windows(as_viewer: Client, shop: Function) -> None:
    big = histories.big_history(3000)
    one, other = of(shop, big), of(shop, histories.big_history(2990))
    html = text(as_viewer, url(one, other))
    # The window at the top and the one with the first divergence.
    assert html.count("data-operation-id") == 200 and html.count('class="gap-rows"') == 28
    assert len(html) < 400_000
    part = text(as_viewer, f"{url(one, other)}rows/?from=1250")
    assert part.count("data-operation-id") == 100 and 'id="rows-1200"' in part
    assert text(as_viewer, f"{url(one, other)}rows/?from=999999").count("data-operation-id") == 0
    seen = [
        text(as_viewer, f"{url(one, other)}rows/?from={at}").count("data-operation-id") for at in range(0, 3100, 100)
    ]
    assert sum(seen) == 3000


def test_the_last_success_is_one_click_from_a_failed_execution(
    as_viewer: Client, good: Execution, bad: Execution
) -> None:
    (link,) = re.findall(r'href="([^"]+)">Compare with the last success', text(as_viewer, f"/executions/{bad.pk}/"))
    answer = as_viewer.get(html_library.unescape(link))
    assert (answer.status_code, answer["Location"]) == (302, url(good, bad))
    assert "Compare with the last success" not in text(as_viewer, f"/executions/{good.pk}/")


def test_without_a_success_it_says_so(as_viewer: Client, bad: Execution) -> None:
    html = text(as_viewer, f"/executions/{bad.pk}/compare/?with=last-success")
    assert "No other execution of shop that is mirrored has succeeded." in html


def test_the_last_success_is_the_one_before_the_failure_and_of_the_same_function(
    as_viewer: Client, shop: Function, bad: Execution
) -> None:
    factories.execution(factories.function("other"), "SUCCEEDED")
    before = factories.execution(shop, "SUCCEEDED", started_at=bad.started_at.replace(year=2020))
    factories.execution(shop, "SUCCEEDED", started_at=bad.started_at.replace(year=2019))
    factories.execution(shop, "SUCCEEDED", started_at=bad.started_at.replace(year=2036))
    assert as_viewer.get(f"/executions/{bad.pk}/compare/?with=last-success")["Location"] == url(before, bad)


@pytest.mark.parametrize("field", ["pk", "arn", "name"])
def test_another_execution_is_chosen_by_number_arn_or_name(
    as_viewer: Client, good: Execution, bad: Execution, field: str
) -> None:
    answer = as_viewer.get(f"/executions/{bad.pk}/compare/", {"with": f" {getattr(good, field)} "})
    assert answer["Location"] == url(good, bad)


def test_the_newest_of_the_function_are_offered(as_viewer: Client, good: Execution, bad: Execution) -> None:
    factories.execution(factories.function("other"), "SUCCEEDED", name="not-this-one")
    html = text(as_viewer, f"/executions/{bad.pk}/compare/")
    assert f'href="{url(good, bad)}"' in html and "not-this-one" not in html


@pytest.mark.parametrize("asked", ["nonsense", "9" * 30, HOSTILE, "\0", "arn:aws:lambda:x", "٣", "x" * 5000])
def test_what_cannot_be_found_is_said_beside_the_field(as_viewer: Client, bad: Execution, asked: str) -> None:
    html = text(as_viewer, f"/executions/{bad.pk}/compare/?{factories_query(asked)}")
    assert "No execution that you may see has this number, ARN or name." in html and 'aria-invalid="true"' in html
    assert "<script>alert" not in html


def factories_query(asked: str) -> str:
    from urllib.parse import urlencode

    return urlencode({"with": asked})


def test_executions_of_two_functions_are_not_compared(as_viewer: Client, good: Execution) -> None:
    stranger = factories.execution(factories.function("other"), "SUCCEEDED")
    assert as_viewer.get(url(good, stranger)).status_code == 404
    assert "This is an execution of other" in text(as_viewer, f"/executions/{good.pk}/compare/?with={stranger.pk}")


def test_somebody_without_a_role_sees_nothing(nobody: User, login: Any, good: Execution, bad: Execution) -> None:
    client = login(nobody)
    for path in (url(good, bad), f"{url(good, bad)}rows/", f"{url(good, bad)}payloads/?pick=a2"):
        assert client.get(path).status_code == 403


@pytest.mark.parametrize(
    "query", ["?pick=a99", "?pick=%00", "?pick=b", "?q=%FF&from=x&only=1&view=z&tags=", "?from=1e9"]
)
def test_other_nonsense_is_no_error(as_viewer: Client, good: Execution, bad: Execution, query: str) -> None:
    text(as_viewer, url(good, bad, query))
    text(as_viewer, f"{url(good, bad)}rows/{query}")
    assert as_viewer.get(f"{url(good, bad)}payloads/{query}").status_code == 404


def test_unknown_executions_are_not_found(as_viewer: Client, good: Execution) -> None:
    assert as_viewer.get(f"/executions/{good.pk}/compare/999999/").status_code == 404
    assert as_viewer.get(f"/executions/{good.pk}/compare/{10**30}/").status_code == 404


def test_hostile_names_and_payloads_are_escaped_everywhere(as_viewer: Client, shop: Function) -> None:
    made = []
    for seconds, name in ((0.1, HOSTILE), (3.0, RIGHT_TO_LEFT)):
        script = histories.Script()
        script.started(payload=HOSTILE)
        script.step_started("a", name=name)
        script.sleep(seconds)
        script.step_succeeded("a", name=name, result=HOSTILE)
        script.step_started("b", name=HOSTILE)
        script.sleep(seconds)
        script.step_succeeded("b", name=HOSTILE, result=HOSTILE)
        made.append(of(shop, script.events, version=HOSTILE, name=HOSTILE))
    for query in ("", f"?q={HOSTILE}", "?pick=a2", "?pick=execution&view=side"):
        assert "<script>alert" not in text(as_viewer, url(made[0], made[1], query))


def test_payloads_that_are_absent_or_cut_by_aws_say_so(as_viewer: Client, shop: Function) -> None:
    script = histories.Script()
    script.started()
    script.step_started("a")
    script.event("StepSucceeded", "a", name="a", details={"Result": {"Payload": '{"x": 1, "y', "Truncated": True}})
    script.wait_started("w", 5)
    script.event("Tea", "t", name="t", details={"Result": [1]})
    one = of(shop, script.events)
    assert "AWS has cut both" in text(as_viewer, url(one, one, "?pick=a2"))
    assert "It has no payload on either side." in text(as_viewer, url(one, one, "?pick=a4"))
    assert "Neither of the two has an operation" in text(
        as_viewer, url(factories.execution(shop), factories.execution(shop))
    )


def test_long_inputs_are_compared_on_request_only(as_viewer: Client, shop: Function) -> None:
    one, other = (of(shop, order(1, succeeds=True, payload=f'{{"rows": "{mark * 40_000}"}}')) for mark in "xy")
    html = text(as_viewer, url(one, other))
    assert "The inputs are long" in html and "yyyyy" not in html
    assert "yyyyy" in text(as_viewer, f"{url(one, other)}payloads/?pick=execution")


def test_the_page_costs_few_queries(
    as_viewer: Client, good: Execution, bad: Execution, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    as_viewer.get(url(good, bad))
    with django_assert_num_queries(9, exact=False):
        as_viewer.get(url(good, bad))


def test_how_long_something_took_that_came_in_one_checkpoint_is_not_said_to_be_nothing(as_viewer: Client) -> None:
    made = []
    for seconds in (0.0, 0.5):
        script = histories.Script()
        script.started()
        script.step("at once", seconds=seconds)
        script.step("slow", seconds=1 + seconds)
        script.ended()
        made.append(stored.execution(script.events))
    made[1].function = made[0].function
    made[1].save()
    html = text(as_viewer, url(*made))
    [row] = re.findall(r"<tr id=[^>]*>(?:(?!</tr>).)*at once.*?</tr>", html)
    assert (
        "its start and end came in one checkpoint" in row
        and "500 ms" in row
        and "0 ms" not in row.replace("500 ms", "")
    )
    assert '<td class="n more"></td>' in row
    chart = html.partition('id="durations"')[2].partition("</script>")[0]
    assert "slow" in chart and "at once" not in chart


def test_bars_of_operations_that_bear_one_name_are_told_apart_by_what_they_are_in(
    as_viewer: Client, shop: Function
) -> None:
    made = []
    for seconds in (0.1, 0.5):
        script = histories.Script()
        script.started()
        for lot in ("Huila", "Tarrazú"):
            script.context_started(lot)
            script.step_started(f"{lot} roast", lot, name="roast")
            script.sleep(seconds)
            script.step_succeeded(f"{lot} roast", lot)
            script.context_ended(lot)
        script.step("heat", seconds=seconds)
        script.ended()
        made.append(of(shop, script.events))
    chart = text(as_viewer, url(*made)).partition('id="durations-chart"')[2].partition("</script>")[0]
    names = json.loads(chart.partition(">")[2])["layout"]["yaxis"]["ticktext"]
    assert names == ["Huila: roast", "Tarrazú: roast", "heat"]
