"""The API for programs: tokens, permissions, and that it does and shows what the pages do."""

import datetime as dt
import json
from typing import Any

import orjson
import pytest
from django.test import Client
from django.utils import timezone

from executions.actions import tokens
from executions.gateway.connections import Connection
from executions.models import ActionRecord, ApiToken, Callback, Claim, Execution, Scope
from tests import factories, histories
from tests.fakes import EPOCH, REGION, FakeLambda
from tests.web import stored

pytestmark = [pytest.mark.web, pytest.mark.django_db]
READS = ["executions", "callbacks", "openapi.json"]


def bearer(role: str = "viewer", *, acts: bool = False, user: Any = None) -> dict[str, str]:
    scopes = tokens.SCOPES if acts else (tokens.READ, tokens.AUDIT)
    _, token = tokens.make(user or factories.user(role), name="a program", scopes=scopes, days=7, now=timezone.now())
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def open_at_aws(monkeypatch: pytest.MonkeyPatch) -> Callback:
    """An open callback that AWS and the mirror both know."""
    aws = FakeLambda()
    connection = Connection(name="default", region=REGION, client=aws)
    monkeypatch.setattr("executions.actions.perform.reach", lambda *_: connection)
    aws.add_function("coffee")
    arn = aws.start("coffee", "order-1")
    callback_id = aws.open_callback(arn, EPOCH)
    return factories.callback(factories.execution(arn=arn, name="order-1"), callback_id=callback_id)


@pytest.mark.parametrize("path", READS)
def test_nothing_opens_without_a_token_not_even_to_a_login(client: Client, path: str) -> None:
    assert client.get(f"/api/v1/{path}").status_code == 401
    client.force_login(factories.user("admin"))
    assert client.get(f"/api/v1/{path}").status_code == 401


@pytest.mark.parametrize("sent", ["Bearer durascope_wrong", "Bearer x", "Basic eDp5", "Bearer", "Bearer \x00"])
def test_a_wrong_token_is_refused_in_words(client: Client, sent: str) -> None:
    answer = client.get("/api/v1/executions", headers={"Authorization": sent})
    assert answer.status_code == 401
    assert answer.json()["detail"]


def test_a_token_ends_when_it_expires_is_revoked_or_its_person_is_gone(client: Client) -> None:
    user = factories.user("viewer")
    headers = bearer(user=user)
    assert client.get("/api/v1/executions", headers=headers).status_code == 200
    row = ApiToken.objects.get()
    ApiToken.objects.update(expires_at=factories.ago(1))
    assert client.get("/api/v1/executions", headers=headers).status_code == 401
    ApiToken.objects.update(expires_at=factories.ago(-60))
    user.is_active = False
    user.save()
    assert client.get("/api/v1/executions", headers=headers).status_code == 401
    user.is_active = True
    user.save()
    assert tokens.revoke(user, row.pk, now=timezone.now())
    assert client.get("/api/v1/executions", headers=headers).status_code == 401


def test_only_a_hash_of_a_token_is_stored() -> None:
    row, token = tokens.make(factories.user(), name="x", scopes=[tokens.READ], days=1, now=timezone.now())
    stored = orjson.dumps(list(ApiToken.objects.filter(pk=row.pk).values()), default=str).decode()
    assert token not in stored
    assert token.removeprefix(tokens.PREFIX) not in stored


def test_the_list_comes_in_pages_and_filtered(client: Client) -> None:
    function = factories.function("checkout")
    factories.executions(function, 60)
    failed = factories.execution(function, "FAILED", name="odd", started_at=factories.ago(9))
    headers = bearer()
    first = client.get("/api/v1/executions", headers=headers).json()
    assert len(first["executions"]) == 50
    second = client.get("/api/v1/executions", {"cursor": first["next"]}, headers=headers).json()
    assert len(second["executions"]) == 11
    assert second["next"] is None
    assert not {one["id"] for one in first["executions"]} & {one["id"] for one in second["executions"]}
    [only] = client.get("/api/v1/executions", {"status": "FAILED"}, headers=headers).json()["executions"]
    assert (only["arn"], only["function"]) == (failed.arn, "checkout")
    found = client.get("/api/v1/executions/by-arn", {"arn": failed.arn}, headers=headers).json()
    assert found == only


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("cursor=x", 404),
        ("started_after=yesterday", 422),
        ("name=" + "x" * 301, 422),
        ("name=%00", 200),
        ("status=THAWING", 200),
    ],
)
def test_a_bad_value_is_told_and_never_a_server_error(client: Client, query: str, status: int) -> None:
    assert client.get(f"/api/v1/executions?{query}", headers=bearer()).status_code == status


@pytest.mark.parametrize("path", ["executions/0", "executions/99999999999999999999", "executions/x", "nothing"])
def test_what_is_not_there_is_told(client: Client, path: str) -> None:
    assert client.get(f"/api/v1/{path}", headers=bearer()).status_code in (404, 422)


def test_a_token_that_may_only_read_cannot_act(client: Client) -> None:
    execution = factories.execution()
    answer = client.post(f"/api/v1/executions/{execution.pk}/stop", "{}", "application/json", headers=bearer("admin"))
    assert answer.status_code == 403
    assert answer.json()["detail"] == "This needs a token with the scope “control”; yours has read, audit."
    assert not ActionRecord.objects.exists()


def test_a_token_can_do_no_more_than_its_person(client: Client) -> None:
    callback = factories.callback()
    headers = bearer("operator", acts=True)
    answer = client.post(f"/api/v1/callbacks/{callback.pk}/succeed", "{}", "application/json", headers=headers)
    assert answer.status_code == 403
    assert client.get("/api/v1/actions", headers=bearer("viewer")).status_code == 403


def test_another_teams_execution_does_not_exist_for_a_token_either(client: Client) -> None:
    callback = factories.callback(factories.execution(factories.function("roast")))
    user = factories.user("admin", is_active=True)
    user.is_superuser = False
    user.save()
    team = factories.Group.objects.create(name="team")
    Scope.objects.create(group=team, functions="checkout-*")
    user.groups.add(team)
    headers = bearer(user=user, acts=True)
    pk = callback.execution_id
    for path in ("", "/history", "/operations"):
        assert client.get(f"/api/v1/executions/{pk}{path}", headers=headers).status_code == 404
    assert client.get("/api/v1/callbacks", headers=headers).json() == {"callbacks": [], "next": None}
    for path in (f"executions/{pk}/stop", f"executions/{pk}/pause", f"callbacks/{callback.pk}/heartbeat"):
        answer = client.post(f"/api/v1/{path}", "{}", "application/json", headers=headers)
        assert answer.status_code == 404


def test_the_same_token_of_an_action_sent_again_is_the_same_action(client: Client, open_at_aws: Callback) -> None:
    execution = open_at_aws.execution
    body = orjson.dumps({"token": "6f1c1f4e-8d0b-4c62-9a57-0d2c7bb1c0de", "reason": "too slow"})
    headers = bearer("operator", acts=True)
    answers = [
        client.post(f"/api/v1/executions/{execution.pk}/stop", body, "application/json", headers=headers)
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    assert answers[0].json()["outcome"] == "accepted"
    assert ActionRecord.objects.count() == 1


def test_a_callback_is_answered_once_and_the_second_is_told_by_whom(client: Client, open_at_aws: Callback) -> None:
    path = f"/api/v1/callbacks/{open_at_aws.pk}"
    ada, bob = factories.user("approver", "ada"), factories.user("approver", "bob")
    first = client.post(f"{path}/succeed", '{"result": "1"}', "application/json", headers=bearer(user=ada, acts=True))
    assert (first.status_code, first.json()["outcome"]) == (200, "accepted")
    second = client.post(f"{path}/fail", "{}", "application/json", headers=bearer(user=bob, acts=True))
    assert second.status_code == 409
    assert "ada answered the callback with success" in second.json()["detail"]


def test_a_result_that_is_no_json_is_told_with_its_field(client: Client) -> None:
    callback = factories.callback()
    headers = bearer("approver", acts=True)
    body = {"result": "{not json"}
    answer = client.post(
        f"/api/v1/callbacks/{callback.pk}/succeed", orjson.dumps(body), "application/json", headers=headers
    )
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", "result"]
    assert not ActionRecord.objects.exists()


def test_the_description_names_every_path_and_the_token(client: Client) -> None:
    described = client.get("/api/v1/openapi.json", headers=bearer()).json()
    assert "/api/v1/executions/{execution_id}/stop" in described["paths"]
    assert {"type": "http", "scheme": "bearer"} in described["components"]["securitySchemes"].values()


def test_the_description_says_each_operations_scope(client: Client) -> None:
    paths = client.get("/api/v1/openapi.json", headers=bearer()).json()["paths"]
    stop, listed = paths["/api/v1/executions/{execution_id}/stop"]["post"], paths["/api/v1/executions"]["get"]
    assert (stop["security"], listed["security"]) == ([{"Token": ["control"]}], [{"Token": ["read"]}])
    assert "Needs a token with the scope `control`." in stop["description"]
    assert all(one["security"][0]["Token"] for path in paths.values() for one in path.values())


def test_open_callbacks_come_in_pages_each_once_the_nearest_deadline_first(client: Client) -> None:
    execution = factories.execution()
    moments = [*(timezone.now() + dt.timedelta(minutes=number % 40) for number in range(110)), *([None] * 10)]
    for number, moment in enumerate(moments):
        factories.callback(execution, operation_id=f"op-{number}", name="approval", timeout_at=moment)
    headers, seen, cursor = bearer(), [], ""
    for _ in range(4):
        answer = client.get("/api/v1/callbacks", {"name": "approval", "cursor": cursor}, headers=headers).json()
        seen += answer["callbacks"]
        cursor = answer["next"] or ""
        if not cursor:
            break
    assert len({one["id"] for one in seen}) == len(seen) == 120
    deadlines = [one["timeout_at"] or "9999" for one in seen]
    assert deadlines == sorted(deadlines)
    assert client.get("/api/v1/callbacks", {"cursor": "nonsense"}, headers=headers).status_code == 404


def test_what_was_done_is_filtered_and_told_without_secrets(client: Client) -> None:
    ann, execution = factories.user("approver", "ann"), factories.execution()
    asked = {"Payload": '{"password": "hunter2", "order": 7}'}
    factories.action(execution, ann, "start", request=asked, address="10.1.2.3")
    factories.action(factories.execution(), factories.user("operator"), "stop")
    headers = bearer("admin")

    def told(**chosen: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = client.get("/api/v1/actions", chosen, headers=headers).json()["actions"]
        return rows

    assert len(told()) == 2
    for chosen in ({"username": "ann"}, {"kind": "start"}, {"execution": execution.arn, "outcome": "accepted"}):
        (one,) = told(**chosen)
        assert (one["username"], one["address"], one["execution_arn"]) == ("ann", "10.1.2.3", execution.arn)
        assert "7" in str(one["request"]) and "hunter2" not in str(one["request"])
    assert told(since="2999-01-01T00:00:00Z") == [] == told(username="nobody\0")


def test_use_of_a_token_is_noted_to_the_minute(client: Client) -> None:
    headers = bearer()
    client.get("/api/v1/callbacks", headers=headers)
    used = ApiToken.objects.get().used_at
    assert used is not None
    client.get("/api/v1/callbacks", headers=headers)
    assert ApiToken.objects.get().used_at == used
    assert timezone.now() - used < dt.timedelta(minutes=1)


def test_an_execution_is_started_by_the_function_s_name_or_arn(client: Client, open_at_aws: Callback) -> None:
    arn = "arn:aws:lambda:us-east-1:123456789012:function:coffee"
    factories.function("coffee", arn=arn)
    headers = bearer("admin", acts=True)
    for function, name in (("coffee", "order-2"), (arn, "order-3")):
        sent = {"function": function, "name": name, "payload": '{"cups": 2}', "reason": "nightly"}
        answer = client.post("/api/v1/start", orjson.dumps(sent), "application/json", headers=headers)
        assert answer.status_code == 200 and answer.json()["outcome"] == "accepted", answer.json()
        assert f"/{name}/" in answer.json()["execution_arn"]
    factories.function("coffee", arn=arn.replace("us-east-1", "eu-west-1"))
    for function, status in (("coffee", 422), ("nothing", 404), ("a\0b", 404)):
        sent = {"function": function, "payload": "{}"}
        answer = client.post("/api/v1/start", orjson.dumps(sent), "application/json", headers=headers)
        assert answer.status_code == status, function
    assert ActionRecord.objects.filter(kind="start").count() == 2


def test_an_execution_that_has_ended_is_deleted_and_one_that_runs_is_not(client: Client, open_at_aws: Callback) -> None:
    url, headers = f"/api/v1/executions/{open_at_aws.execution_id}/delete", bearer("admin", acts=True)
    answer = client.post(url, "{}", "application/json", headers=headers)
    assert answer.status_code == 409 and "stop it first" in answer.json()["detail"]
    client.post(url.replace("delete", "stop"), "{}", "application/json", headers=headers)
    Execution.objects.update(status="STOPPED", ended_at=factories.ago(1))
    answer = client.post(url, '{"purge": true}', "application/json", headers=headers)
    assert answer.json()["outcome"] == "accepted" and not Execution.objects.exists()


def test_a_callback_is_claimed_taken_over_and_released(client: Client, open_at_aws: Callback) -> None:
    url = f"/api/v1/callbacks/{open_at_aws.pk}/"
    ada, bob = bearer("approver", acts=True), bearer("approver", acts=True)

    def send(what: str, who: dict[str, str], **body: Any) -> Any:
        return client.post(url + what, orjson.dumps(body), "application/json", headers=who)

    assert send("claim", ada).json()["kind"] == "claim"
    assert send("claim", bob).status_code == 422 and send("release", bob).status_code == 409
    assert send("claim", bob, over=True).status_code == 200
    assert send("release", bob).json()["kind"] == "release" and not Claim.objects.exists()


def test_a_text_that_itself_holds_json_is_sent_when_it_is_meant(client: Client, open_at_aws: Callback) -> None:
    url, headers = f"/api/v1/callbacks/{open_at_aws.pk}/succeed", bearer("approver", acts=True)
    sent: dict[str, Any] = {"result": '"{\\"a\\": 1}"'}
    answer = client.post(url, orjson.dumps(sent), "application/json", headers=headers)
    assert answer.status_code == 422 and answer.json()["detail"][0]["loc"] == ["body", "twice"]
    answer = client.post(url, orjson.dumps({**sent, "twice": True}), "application/json", headers=headers)
    assert answer.json()["outcome"] == "accepted"


@pytest.mark.parametrize(
    "body", [{"reason": "a\0b"}, {"error_message": "a\0b"}, {"error_type": "a\0b"}, {"reason": "half \ud800"}]
)
def test_what_cannot_be_kept_is_a_422(client: Client, open_at_aws: Callback, body: dict[str, str]) -> None:
    url, headers = f"/api/v1/callbacks/{open_at_aws.pk}/fail", bearer("approver", acts=True)
    answer = client.post(url, json.dumps(body), "application/json", headers=headers)
    assert answer.status_code == 422 and not ActionRecord.objects.exists()


@pytest.mark.parametrize("role", ["viewer", "admin"])
def test_a_history_has_its_secrets_only_for_who_may_see_them(client: Client, role: str) -> None:
    script = histories.Script()
    script.started(payload='{"password": "hunter2", "cups": 2}')
    script.ended()
    execution = stored.execution(script.events)
    client.force_login(user := factories.user(role))
    for path in (f"/executions/{execution.pk}/history.json", f"/api/v1/executions/{execution.pk}/history"):
        answer = client.get(path, headers=bearer(user=user) if path.startswith("/api") else {}).json()
        assert ("hunter2" in str(answer)) is (role == "admin") and "cups" in str(answer)
        assert ("Redacted" in answer) is (role == "viewer") and len(answer["Events"]) == len(script.events)
