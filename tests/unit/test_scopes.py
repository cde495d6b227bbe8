"""Which functions a team's patterns reach."""

from hypothesis import given
from hypothesis import strategies as st

from executions.domain.scopes import EVERYTHING, NOTHING, Rule, reach

FUNCTIONS = [
    (1, "prod", "checkout-pay"),
    (2, "prod", "checkout-ship"),
    (3, "test", "checkout-pay"),
    (4, "prod", "roast"),
]
names = st.text("abc-", min_size=1, max_size=6)
rules = st.builds(
    Rule, st.sampled_from(["*", "prod", "p*", "test"]), st.sampled_from(["*", "a*", "*c", "b"]), st.booleans()
)


def test_a_team_reaches_what_its_patterns_name() -> None:
    found = reach([Rule("prod", "checkout-*")], FUNCTIONS)
    assert found.sees == {1, 2}
    assert found.acts == {1, 2}


def test_a_rule_that_only_looks_adds_nothing_to_act_on() -> None:
    found = reach([Rule("*", "checkout-*", acts=False), Rule("prod", "roast")], FUNCTIONS)
    assert found.sees == {1, 2, 3, 4}
    assert found.acts == {4}
    assert not found.may_act(3)


def test_patterns_tell_capitals_apart_as_aws_does() -> None:
    assert reach([Rule("*", "Checkout-*")], FUNCTIONS) == NOTHING


def test_without_limits_everything_is_reached() -> None:
    assert not EVERYTHING.is_limited
    assert EVERYTHING.may_act(99)
    assert NOTHING.is_limited and not NOTHING.may_act(1)


@given(st.lists(rules), st.lists(rules), st.lists(st.tuples(st.integers(), st.sampled_from(["prod", "test"]), names)))
def test_more_rules_never_take_anything_away_and_one_acts_only_where_one_sees(
    some: list[Rule], more: list[Rule], functions: list[tuple[int, str, str]]
) -> None:
    less, all_of_them = reach(some, functions), reach(some + more, functions)
    assert less.sees is not None
    assert less.acts is not None
    assert all_of_them.sees is not None
    assert all_of_them.acts is not None
    assert less.acts <= less.sees
    assert less.sees <= all_of_them.sees
    assert less.acts <= all_of_them.acts
