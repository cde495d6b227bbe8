"""Several accounts and Regions: each discovered, listed and acted on through its own connection."""

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ReadTimeoutError

from executions.gateway import budget, configuration, connections, lambda_api
from executions.gateway.configuration import Configured
from executions.gateway.connections import Connection as Reached
from executions.gateway.errors import GatewayError, NoCredentials, OverBudget, Throttled, triage
from executions.models import Connection, Execution, Function, Trouble
from executions.sync import executions, functions, on_demand, schedule
from executions.sync.executions import ExecutionArn
from tests.fakes import EPOCH, REGION, FakeLambda, client_error

pytestmark = [pytest.mark.core, pytest.mark.django_db(transaction=True)]

FILE = """
[[connection]]
name = "retail"
region = "us-east-1"
exclude = ["test-*"]

[[connection]]
name = "kyc"
region = "eu-west-1"
budget_share = 0.2
"""


@pytest.fixture
def accounts(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, FakeLambda]]:
    """Two accounts, each with an API of its own."""
    (tmp_path / "connections.toml").write_text(FILE)
    settings.CONNECTIONS_FILE = str(tmp_path / "connections.toml")
    configuration.configured.cache_clear()
    fakes = {"retail": FakeLambda(), "kyc": FakeLambda(account="222222222222", region="eu-west-1")}

    def reach(name: str) -> Reached:
        found = configuration.named(name)
        assert found is not None, name
        return Reached(name, found.region, fakes[name], found)

    for module in ("functions", "executions", "listing", "history"):
        monkeypatch.setattr(f"executions.sync.{module}.reach", reach)
    monkeypatch.setattr(budget, "acquire", lambda *_, **__: None)
    yield fakes
    configuration.configured.cache_clear()


def rows(now: dt.datetime) -> dict[str, Connection]:
    return {row.name: row for row in functions.connection_rows(now=now)}


def test_each_account_is_mirrored_through_its_own_connection(accounts: dict[str, FakeLambda], now: dt.datetime) -> None:
    for name, fake in accounts.items():
        fake.add_function(f"{name}-orders")
        fake.add_function("test-orders")
        fake.start(f"{name}-orders", f"{name}-1", at=EPOCH)
    reports = schedule.run_once(clock=lambda: now)
    assert [(report.name, report.new_executions, report.failures) for report in reports] == [
        ("kyc-orders", 1, []),
        ("retail-orders", 1, []),
        ("test-orders", 0, []),
    ]
    mirrored = Execution.objects.values_list("function__connection__name", "name").order_by("name")
    assert list(mirrored) == [("kyc", "kyc-1"), ("retail", "retail-1")]
    assert Function.objects.get(name="test-orders").connection.name == "kyc"


def test_one_account_that_refuses_does_not_keep_the_other_from_being_mirrored(
    accounts: dict[str, FakeLambda], now: dt.datetime
) -> None:
    accounts["kyc"].add_function("kyc-orders")
    accounts["retail"].fail_next("list_functions", client_error("AccessDeniedException", 403))
    reports = schedule.run_once(clock=lambda: now)
    assert [(report.name, bool(report.failures)) for report in reports] == [
        ("connection retail", True),
        ("kyc-orders", False),
    ]
    assert Trouble.objects.get().connection.name == "retail"


def test_a_connection_that_is_configured_no_more_is_asked_no_more_and_keeps_what_it_has(
    accounts: dict[str, FakeLambda], now: dt.datetime, tmp_path: Path
) -> None:
    accounts["kyc"].add_function("kyc-orders")
    accounts["kyc"].start("kyc-orders", "kyc-1")
    schedule.run_once(clock=lambda: now)
    (tmp_path / "connections.toml").write_text(FILE.split('[[connection]]\nname = "kyc"')[0])
    configuration.configured.cache_clear()
    later = now + dt.timedelta(hours=1)
    assert set(rows(later)) == {"retail"}
    assert Connection.objects.get(name="kyc").gone_at == later
    assert schedule.claim_functions(now=later) == [] and not schedule.claim_histories(now=later)
    assert Execution.objects.get().name == "kyc-1"
    (tmp_path / "connections.toml").write_text(FILE)
    configuration.configured.cache_clear()
    assert rows(later)["kyc"].gone_at is None or Connection.objects.get(name="kyc").gone_at is None
    assert len(schedule.claim_functions(now=later)) == 1


def test_each_connection_has_its_own_share_of_its_own_quota(accounts: dict[str, FakeLambda], settings: Any) -> None:
    settings.BUDGET_SHARE = 0.5
    assert [budget.calls_per_second(name, "history") for name in ("retail", "kyc")] == [7, 3]


def test_an_arn_is_read_through_the_connection_that_mirrors_its_account(
    accounts: dict[str, FakeLambda], now: dt.datetime
) -> None:
    accounts["kyc"].add_function("kyc-orders")
    for row in rows(now).values():
        functions.discover(row, now=now)
    arn = accounts["kyc"].start("kyc-orders", "kyc-1")
    found = on_demand.find(ExecutionArn.parse(arn), now=now)
    assert found.function.connection.name == "kyc"
    assert accounts["retail"].calls["get_durable_execution"] == 0


def test_an_arn_of_a_region_that_no_connection_leads_to_is_said_to_be_nobodys(
    accounts: dict[str, FakeLambda], now: dt.datetime
) -> None:
    for row in rows(now).values():
        functions.discover(row, now=now)
    elsewhere = "arn:aws:lambda:ap-south-1:333333333333:function:f:1/durable-execution/x/y"
    with pytest.raises(on_demand.NotFound, match="ap-south-1"):
        executions.read_one(ExecutionArn.parse(elsewhere), now=now)


def test_an_arn_of_a_function_that_is_left_out_is_said_to_be_so_and_not_asked_about(
    accounts: dict[str, FakeLambda], now: dt.datetime
) -> None:
    accounts["retail"].add_function("test-orders")
    arn = accounts["retail"].start("test-orders", "order-1")
    with pytest.raises(on_demand.NotFound, match="test-orders is left out"):
        executions.read_one(ExecutionArn.parse(arn), now=now)
    assert not accounts["retail"].calls and not Function.objects.exists()


def test_an_arn_leads_through_the_connection_whose_role_is_of_its_account(
    tmp_path: Path, accounts: dict[str, FakeLambda], now: dt.datetime
) -> None:
    one = '[[connection]]\nname = "{}"\nregion = "us-east-1"\nrole_arn = "arn:aws:iam::{}:role/r"\n'
    (tmp_path / "connections.toml").write_text(one.format("kyc", "222222222222") + one.format("retail", "123456789012"))
    configuration.configured.cache_clear()
    accounts["retail"].add_function("orders")
    arn = accounts["retail"].start("orders", "order-1")
    assert executions.read_one(ExecutionArn.parse(arn), now=now).function.connection.name == "retail"
    assert not accounts["kyc"].calls
    with pytest.raises(on_demand.NotFound, match="No connection leads to us-east-1 of account 333333333333"):
        executions.read_one(ExecutionArn.parse(arn.replace("123456789012", "333333333333")), now=now)


def test_a_role_without_anybody_to_assume_it_is_told_as_missing_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore.session.Session.get_credentials", lambda _: None)
    role = "arn:aws:iam::123456789012:role/durascope"
    with pytest.raises(NoCredentials, match="no AWS credentials to assume the role arn:aws:iam::123456789012"):
        connections.opened(Configured(name="kyc", region=REGION, role_arn=role))


def test_credentials_are_got_before_a_place_in_the_budget_is_taken(
    monkeypatch: pytest.MonkeyPatch, sts: Callable[[], list[dict[str, str]]]
) -> None:
    role = "arn:aws:iam::123456789012:role/durascope"
    made = connections.opened(Configured(name="kyc", region=REGION, role_arn=role))
    asked: list[int] = []

    def used_up(*_: object, **__: object) -> None:
        asked.append(len(sts()))
        raise OverBudget("The call budget is used up.")

    monkeypatch.setattr(budget, "acquire", used_up)
    with pytest.raises(OverBudget):
        lambda_api.callback_heartbeat(made, "a-callback")
    assert asked == [1]


def test_a_token_service_that_is_too_busy_is_tried_again_later() -> None:
    assert isinstance(triage(client_error("Throttling", 400), asked="assume the role r"), Throttled)


def test_a_role_is_assumed_with_its_external_id_only_when_a_call_needs_it(
    monkeypatch: pytest.MonkeyPatch, sts: Callable[[], list[dict[str, str]]]
) -> None:
    role = "arn:aws:iam::123456789012:role/durascope"
    made = connections.opened(Configured(name="kyc", region=REGION, role_arn=role, external_id="f3c1"))
    assert sts() == []
    signed = made.client._get_credentials().get_frozen_credentials()
    assert signed.access_key == "ASSUMED"
    (asked,) = sts()
    assert (asked["RoleArn"], asked["ExternalId"], asked["RoleSessionName"]) == (role, "f3c1", "durascope")


def test_a_role_is_assumed_anew_before_its_credentials_expire(
    monkeypatch: pytest.MonkeyPatch, sts: Callable[[], list[dict[str, str]]]
) -> None:
    role = "arn:aws:iam::123456789012:role/durascope"
    credentials = connections.opened(Configured(name="kyc", region=REGION, role_arn=role)).client._get_credentials()
    for _ in range(2):
        credentials.get_frozen_credentials()
    assert len(sts()) == 1
    later = dt.datetime.now(tz=dt.UTC) + dt.timedelta(minutes=55)  # of the hour for which they are good
    credentials._time_fetcher = lambda: later
    monkeypatch.setattr("botocore.credentials._local_now", credentials._time_fetcher)
    assert credentials.get_frozen_credentials().access_key == "ASSUMED" and len(sts()) == 2


def test_a_token_service_that_does_not_answer_is_asked_once_and_not_for_long(
    monkeypatch: pytest.MonkeyPatch, sts: Callable[[], list[dict[str, str]]]
) -> None:
    asked: list[Any] = []
    made = botocore.session.Session.create_client

    def noting(self: Any, service: str, **given: Any) -> Any:
        asked.append((service, given.get("config")))
        return made(self, service, **given)

    monkeypatch.setattr(botocore.session.Session, "create_client", noting)
    role = "arn:aws:iam::123456789012:role/durascope"
    opened = connections.opened(Configured(name="kyc", region=REGION, role_arn=role))
    opened.client._get_credentials().get_frozen_credentials()
    (config,) = [config for service, config in asked if service == "sts"]
    assert config.read_timeout <= 8 and config.connect_timeout <= 3
    assert config.retries["total_max_attempts"] == 1


def test_what_needs_a_role_that_cannot_be_had_was_certainly_not_sent(
    monkeypatch: pytest.MonkeyPatch, sts: Callable[[], list[dict[str, str]]]
) -> None:
    def lost(*_: object) -> None:
        raise ReadTimeoutError(endpoint_url="http://sts")

    monkeypatch.setattr("botocore.credentials.AssumeRoleCredentialFetcher._get_credentials", lost)
    role = "arn:aws:iam::123456789012:role/durascope"
    made = connections.opened(Configured(name="kyc", region=REGION, role_arn=role))
    with pytest.raises(GatewayError, match="assume the role") as raised:
        lambda_api.callback_heartbeat(made, "a-callback")
    assert not raised.value.maybe_done


def test_a_connection_that_does_not_exist_is_told_in_words() -> None:
    with pytest.raises(NoCredentials, match="nowhere is not configured"):
        connections.reach("nowhere")
