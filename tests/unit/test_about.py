"""What a callback is about, from the payloads before it."""

import json
from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from executions.domain import written
from executions.domain.about import MOST, about
from executions.domain.written import Written
from tests.histories import Script, operation_id

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def asked(script: Script, path: str = "ask", parent: str | None = None) -> str:
    script.event("CallbackStarted", path, parent=parent, details={"CallbackId": "c"})
    return about(written.of(script.events), [operation_id(path)])[operation_id(path)]


def test_the_input_comes_first_then_the_newest_result() -> None:
    script = Script()
    script.started(
        payload='{"orderId": "o-7", "customer": {"name": "Ana", "vip": true}, "items": [{"drink": "latte"}]}'
    )
    script.step("price", result='{"total": 9.80}')
    script.step("charge", result='{"charge": "ch_7", "orderId": "o-7"}')
    assert asked(script) == "orderId o-7 · customer name Ana · drink latte · charge ch_7"


def test_numbers_are_written_as_they_stand() -> None:
    script = Script()
    script.started(payload='{"amount": 480.00, "id": 12345678901234567890}')
    assert asked(script) == "amount 480.00 · id 12345678901234567890"


def test_results_of_other_branches_and_of_later_do_not_count() -> None:
    script = Script()
    script.started()
    script.context_started("mine")
    script.context_started("theirs")
    script.step("in-mine", "mine", result='{"lot": 22}')
    script.step("in-theirs", "theirs", result='{"lot": 23}')
    script.event("CallbackStarted", "ask", parent="mine", details={"CallbackId": "c"})
    script.step("after", "mine", result='{"lot": 24}')
    assert about(written.of(script.events), [operation_id("ask")]) == {operation_id("ask"): "lot 22"}


def test_many_callbacks_are_told_apart_and_each_event_is_looked_at_a_few_times() -> None:
    class Watched(list[Written]):
        looks = 0

        def __iter__(self) -> Iterator[Written]:
            for event in super().__iter__():
                self.looks += 1
                yield event

        def __getitem__(self, at: Any) -> Any:
            self.looks += 1
            return super().__getitem__(at)

    script = Script()
    script.started(payload='{"batch": 7}')
    script.step("prepare", result='{"lot": "common"}')
    told = {}
    for number in range(300):
        branch = f"branch-{number}"
        script.context_started(branch)
        if number % 2:
            script.step(f"read-{number}", branch, result=json.dumps({"lot": number}))
        script.event("CallbackStarted", f"ask-{number}", parent=branch, details={"CallbackId": f"c{number}"})
        told[operation_id(f"ask-{number}")] = f"batch 7 · lot {number if number % 2 else 'common'}"
    events = Watched(written.of(script.events))
    assert about(events, told) == told
    assert events.looks < 3 * len(script.events)


def test_secrets_are_not_in_it() -> None:
    script = Script()
    script.started(payload='{"user": "ana", "password": "hunter2", "cut": {"apiKey": "k')
    script.step("login", result='{"accessToken": "abc", "until": 5}')
    line = asked(script)
    assert "hunter2" not in line and "abc" not in line and "user ana" in line and "until 5" in line


def test_a_text_is_its_beginning_and_a_long_one_is_cut() -> None:
    script = Script()
    script.started(payload=json.dumps("Please look\nat lot 22 " + "x" * 500))
    assert asked(script).startswith("Please look at lot 22 x") and len(asked(script)) <= 40


def test_without_payloads_there_is_nothing() -> None:
    script = Script()
    script.started()
    assert asked(script) == ""
    assert about(written.of(script.events), ["no such operation"]) == about([], ["x"]) == {}


@given(JSON, JSON)
def test_whatever_the_payloads_are_it_is_one_short_line(given_input: Any, result: Any) -> None:
    script = Script()
    script.started(payload=json.dumps(given_input))
    script.step("a", result=json.dumps(result))
    line = asked(script)
    assert len(line) <= MOST and "\n" not in line


def test_types_and_ids_that_are_lists_tell_nothing() -> None:
    script = Script()
    script.started(payload='{"lot": 7}')
    script.events.append({"EventType": ["StepSucceeded"], "EventId": 2, "Id": [1], "ParentId": {}})
    assert asked(script) == "lot 7"
