"""connections.toml: what is read from it, and what is said of mistakes in it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executions.gateway.configuration import BadConnections, Configured, load, parse

GOOD = """
# two accounts
[[connection]]
name = "retail"
region = "eu-west-1"

[[connection]]
name = "kyc.prod"
region = "us-gov-west-1"
role_arn = "arn:aws-us-gov:iam::123456789012:role/team/durascope"
external_id = "x-1"
endpoint = "http://127.0.0.1:8001"
include = ["kyc-*", "refund"]
exclude = ["kyc-test-*"]
budget_share = 0.25
push_queue = "https://sqs.us-gov-west-1.amazonaws.com/123456789012/durascope"
keep_days = 400
keep_mb = 2048
"""


def test_a_connection_needs_only_a_name_and_a_region() -> None:
    retail, kyc = parse(GOOD)
    assert retail == Configured(name="retail", region="eu-west-1")
    assert kyc.role_arn.endswith("durascope") and kyc.budget_share == 0.25
    assert (kyc.keep_days, kyc.keep_mb, retail.keep_days) == (400, 2048, None) and kyc.push_queue.endswith("/durascope")


def test_exclude_wins_over_include_and_names_are_matched_whole() -> None:
    _, kyc = parse(GOOD)
    wanted = [name for name in ("kyc-review", "kyc-test-1", "refund", "refund-2", "KYC-review") if kyc.wants(name)]
    assert wanted == ["kyc-review", "refund"]
    assert Configured().wants("anything")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('name = "a b"', "line 3: name must be letters"),
        ("name = 5", "line 3: name must be letters"),
        ('region = "Frankfurt"', "line 4: region must be a Region such as eu-west-1, not 'Frankfurt'"),
        ('role_arn = "arn:aws:iam::1:user/x"', "line 5: role_arn must be the ARN of an IAM role"),
        ('external_id = "x1"', "line 5: external_id goes with role_arn"),
        ('endpoint = "ftp://x"', "line 5: endpoint must be a URL"),
        ('endpoint = "http://x:99999"', "line 5: endpoint must be a URL"),
        ('include = "coffee"', "line 5: include must be a list"),
        ('exclude = ["a;b"]', "line 5: exclude must be a list"),
        ("budget_share = 2", "line 5: budget_share must be a number from 0.07 to 1, not 2"),
        ('push_queue = "durascope"', "line 5: push_queue must be a URL"),
        ("keep_days = -1", "line 5: keep_days must be a number from 0 to 36500, not -1"),
        ('keep_mb = "lots"', "line 5: keep_mb must be a number"),
        ("budget_share = true", "line 5: budget_share must be a number"),
        ('colour = "red"', "line 5: colour is not known here"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_key(line: str, says: str) -> None:
    lines = ["", "[[connection]]", 'name = "a"', 'region = "eu-west-1"']
    key = line.split(" ")[0]
    places = {"name": 2, "region": 3}
    if key in places:
        lines[places[key]] = line
    else:
        lines.append(line)
    with pytest.raises(BadConnections) as caught:
        parse("\n".join(lines))
    assert f"connections.toml, {says}" in str(caught.value)


def test_a_second_connection_of_the_same_name_is_told_at_its_own_line() -> None:
    with pytest.raises(BadConnections, match=r"line 5: name must be another one: 'a' is taken"):
        parse('[[connection]]\nname="a"\nregion="eu-west-1"\n[[connection]]\nname = "a"\nregion = "eu-west-2"')


def test_a_queue_that_another_connection_reads_is_told_at_its_line() -> None:
    both = [f'[[connection]]\nname = "{name}"\nregion = "eu-west-1"\npush_queue = "https://q/1"' for name in "ab"]
    with pytest.raises(BadConnections, match="line 8: push_queue must be another one"):
        parse("\n".join(both))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", r"at least one \[\[connection\]\]"),
        ("[connection]\nname='a'", r"at least one \[\[connection\]\]"),
        ("[[connection]]\nname = 'a'", "line 1: region is missing"),
        ("[[connection]]\nname = \n", "line 2"),
        ("debug = true\n[[connection]]\nname='a'\nregion='eu-west-1'", "line 1: debug is not known here"),
    ],
)
def test_a_file_that_is_no_list_of_connections_says_what_is_wanted(text: str, says: str) -> None:
    with pytest.raises(BadConnections, match=says):
        parse(text)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadConnections, match=r"missing\.toml cannot be read"):
        load(tmp_path / "missing.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(BadConnections, match="cannot be read"):
        load(tmp_path / "binary.toml")


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    try:
        assert parse("[[connection]]\nname='a'\nregion='eu-west-1'\n" + text)
    except BadConnections as error:
        assert str(error).startswith("connections.toml")
