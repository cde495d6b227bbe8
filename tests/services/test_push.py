"""The push queue over the real SQS protocol: moto's server as a process of its own."""

import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection as database
from django.utils import timezone

from executions.gateway import configuration, queue
from executions.gateway.errors import GatewayError, NotFound, Unreachable
from executions.gateway.queue import Depth, Queue
from executions.models import Connection, Execution, StatusCount, Trouble
from executions.sync import push, push_health
from tests import factories
from tests.faults.test_crashes import database_url

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]
ROOT = Path(__file__).parents[2]
HIDDEN = 1
"""Seconds for which a message that was received is not handed out again."""


@pytest.fixture(scope="session")
def sqs_server() -> Iterator[str]:
    if importlib.util.find_spec("moto") is None:
        sentence = "moto is needed: pip install 'moto[server]'"
        if os.environ.get("CI") == "true":
            pytest.fail(sentence)
        pytest.skip(sentence)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_until_it_listens(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_it_listens(port: int) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert time.monotonic() < deadline, "moto never listened"
            time.sleep(0.1)


@pytest.fixture
def sqs(sqs_server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """EventBridge's side of the queue; ours finds the server by the same variables as in an installation."""
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", sqs_server)
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    queue.reach.cache_clear()
    yield boto3.Session("testing", "testing", region_name="eu-west-1").client("sqs", endpoint_url=sqs_server)
    queue.reach.cache_clear()


@pytest.fixture
def url(sqs: Any, settings: Any) -> str:
    """A queue that gives a message up after it was received twice."""
    name = f"durascope-{uuid.uuid4().hex[:8]}"
    dead = sqs.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": "2"})
    made = sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": str(HIDDEN), "RedrivePolicy": policy})
    settings.PUSH_QUEUE_URL = made["QueueUrl"]
    return str(made["QueueUrl"])


@pytest.fixture
def source(url: str) -> Queue:
    return queue.reach("default", url)


@pytest.fixture
def row() -> Connection:
    factories.function("orders", listed_at=None)
    return Connection.objects.get()


def event(number: int = 1, status: str = "RUNNING") -> str:
    detail = {
        "durableExecutionArn": f"{factories.ACCOUNT}orders:$LATEST/durable-execution/o-{number}/{number:08d}",
        "status": status,
        "startTimestamp": "2026-11-20T13:08:22.345Z",
        **({} if status == "RUNNING" else {"endTimestamp": "2026-11-20T13:10:00Z"}),
    }
    return json.dumps({"source": "aws.lambda", "detail-type": "Durable Execution Status Change", "detail": detail})


def consume(row: Connection, source: Queue) -> push.Applied:
    return push.consume(row, source, clock=timezone.now, wait=1)


def test_what_was_sent_is_stored_and_deleted(sqs: Any, url: str, source: Queue, row: Connection) -> None:
    for number in range(12):
        sqs.send_message(QueueUrl=url, MessageBody=event(number))
    sqs.send_message(QueueUrl=url, MessageBody="<not json>")
    total = [consume(row, source) for _ in range(3)]
    assert sum(part.new for part in total) == Execution.objects.count() == 12
    assert sum(part.malformed for part in total) == 1
    time.sleep(HIDDEN + 0.3)
    assert consume(row, source).messages == 0 and queue.depth(source) == Depth(0, 0)
    assert Connection.objects.get().pushed_at is not None and push_health.listening_since(row) is not None


def test_a_long_poll_returns_as_soon_as_something_comes(sqs: Any, url: str, source: Queue, row: Connection) -> None:
    began = time.monotonic()
    assert queue.receive(source, wait=1) == []
    assert time.monotonic() - began >= 0.9
    sqs.send_message(QueueUrl=url, MessageBody=event())
    began = time.monotonic()
    assert len(queue.receive(source, wait=20)) == 1
    assert time.monotonic() - began < 5


def test_what_is_not_deleted_comes_again_and_changes_nothing(
    sqs: Any, url: str, source: Queue, row: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    sqs.send_message(QueueUrl=url, MessageBody=event(status="SUCCEEDED"))
    with monkeypatch.context() as killed:
        killed.setattr(queue, "delete", lambda *_: 1)
        assert consume(row, source).new == 1
    assert consume(row, source).messages == 0, "hidden until its visibility timeout has passed"
    time.sleep(HIDDEN + 0.3)
    again = consume(row, source)
    assert (again.messages, again.new, again.changed) == (1, 0, 0)
    assert Execution.objects.get().status == "SUCCEEDED" and queue.depth(source) == Depth(0, 0)


def test_it_is_deleted_only_when_it_is_committed(
    sqs: Any, url: str, source: Queue, row: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    sqs.send_message(QueueUrl=url, MessageBody=event())
    real, seen = queue.delete, []

    def delete(source: Queue, messages: list[queue.Message]) -> int:
        seen.append((database.in_atomic_block, Execution.objects.count()))
        return real(source, messages)

    monkeypatch.setattr(queue, "delete", delete)
    consume(row, source)
    assert seen == [(False, 1)]


def test_what_cannot_be_stored_ends_as_a_dead_letter(
    sqs: Any, url: str, source: Queue, row: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise ValueError("what no column takes")

    monkeypatch.setattr(push.executions, "upsert", refuse)
    sqs.send_message(QueueUrl=url, MessageBody=event())
    for _ in range(2):
        assert consume(row, source).failed == 1
        time.sleep(HIDDEN + 0.3)
    assert consume(row, source).messages == 0
    assert queue.depth(source) == Depth(0, 1)


def test_a_queue_without_a_dead_letter_queue_has_no_dead_letters(sqs: Any, source: Queue) -> None:
    plain = sqs.create_queue(QueueName=f"plain-{uuid.uuid4().hex[:8]}")["QueueUrl"]
    sqs.send_message(QueueUrl=plain, MessageBody="x")
    assert queue.depth(Queue(plain, source.client)) == Depth(1, None)


def test_a_queue_that_is_not_there_is_told_in_words(source: Queue, row: Connection) -> None:
    gone = Queue(f"{source.url}-gone", source.client)
    with pytest.raises(NotFound, match="PUSH_QUEUE_URL"):
        consume(row, gone)
    assert Trouble.objects.get().scope == push_health.READING
    consume(row, source)
    assert not Trouble.objects.exists()


def test_a_server_that_is_not_there_is_told_with_the_right_variable(
    source: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", "http://127.0.0.1:1")
    queue.reach.cache_clear()
    with pytest.raises(Unreachable, match="AWS_ENDPOINT_URL_SQS") as raised:
        queue.receive(queue.reach("default", source.url), wait=1)
    assert isinstance(raised.value, GatewayError) and raised.value.retry


def test_the_command_empties_the_queue(sqs: Any, url: str, row: Connection, capsys: pytest.CaptureFixture[str]) -> None:
    sqs.send_message(QueueUrl=url, MessageBody=event())
    call_command("consume_push", once=True)
    assert capsys.readouterr().out.splitlines()[-1] == "default: about 0 messages wait, 0 in the dead-letter queue"
    assert Execution.objects.count() == 1


# --- several accounts, and workers that are killed ---

OTHER = "222222222222"


@pytest.fixture
def two_accounts(
    sqs_server: str, sqs: Any, monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path
) -> Iterator[dict[str, tuple[Any, str]]]:
    """Connections `a` and `b`, each by a role in an account of its own and with a queue there; -> the side of
    EventBridge: a client and the queue's URL.
    """
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", sqs_server)
    sides: dict[str, tuple[Any, str]] = {}
    text = ""
    for name, account in {"a": "111111111111", "b": OTHER}.items():
        role = f"arn:aws:iam::{account}:role/durascope"
        sts = boto3.Session("testing", "testing", region_name="eu-west-1").client("sts", endpoint_url=sqs_server)
        keys = sts.assume_role(RoleArn=role, RoleSessionName="events")["Credentials"]
        session = boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"], "eu-west-1")
        client = session.client("sqs", endpoint_url=sqs_server)
        made = str(client.create_queue(QueueName=f"durascope-{uuid.uuid4().hex[:8]}")["QueueUrl"])
        sides[name] = client, made
        text += f'[[connection]]\nname = "{name}"\nregion = "eu-west-1"\nrole_arn = "{role}"\npush_queue = "{made}"\n'
        factories.function("orders", connection=factories.connection(name=name), arn=of_account(account))
    (tmp_path / "connections.toml").write_text(text)
    settings.CONNECTIONS_FILE = str(tmp_path / "connections.toml")
    configuration.configured.cache_clear()
    yield sides
    configuration.configured.cache_clear()


def of_account(account: str) -> str:
    return f"arn:aws:lambda:eu-west-1:{account}:function:orders"


def told_by(account: str, number: int) -> str:
    return event(number).replace(f"{factories.ACCOUNT}orders", of_account(account))


def test_each_queue_is_read_with_the_role_of_its_connection(two_accounts: dict[str, tuple[Any, str]]) -> None:
    for number, (name, account) in enumerate({"a": "111111111111", "b": OTHER}.items()):
        client, url = two_accounts[name]
        client.send_message(QueueUrl=url, MessageBody=told_by(account, number))
    listened = time.monotonic() + 8
    push.listen(clock=timezone.now, going=lambda: time.monotonic() < listened and Execution.objects.count() < 2)
    found = Execution.objects.values_list("function__connection__name", "arn").order_by("arn")
    assert [(name, arn.split(":")[4]) for name, arn in found] == [("a", "111111111111"), ("b", OTHER)]
    assert Connection.objects.filter(pushed_at__isnull=False, push_counted_at__isnull=False).count() == 2
    # Another account's credentials do not even see the queue: so it was the role that read it.
    with pytest.raises(GatewayError):
        queue.receive(Queue(two_accounts["b"][1], two_accounts["a"][0]), wait=0)


def test_a_queue_that_cannot_be_read_keeps_no_other_from_it(two_accounts: dict[str, tuple[Any, str]]) -> None:
    client, url = two_accounts["b"]
    two_accounts["a"][0].delete_queue(QueueUrl=two_accounts["a"][1])
    client.send_message(QueueUrl=url, MessageBody=told_by(OTHER, 1))
    listened = time.monotonic() + 8
    push.listen(clock=timezone.now, going=lambda: time.monotonic() < listened and not Execution.objects.exists())
    assert Execution.objects.get().function.connection.name == "b"
    assert set(Trouble.objects.values_list("connection__name", flat=True)) == {"a"}


@pytest.mark.parametrize(
    "point",
    [
        "executions.gateway.queue:receive:after:1",  # in hand, nothing stored
        "executions.sync.executions:count_statuses:before:1",  # inserted, not committed
        "executions.sync.push:apply:after:1",  # committed, not deleted
        "executions.gateway.queue:delete:after:1",
    ],
)
def test_a_consumer_that_is_killed_loses_nothing(
    point: str, sqs: Any, url: str, source: Queue, row: Connection
) -> None:
    for number in range(7):
        sqs.send_message(QueueUrl=url, MessageBody=event(number, "RUNNING" if number % 2 else "SUCCEEDED"))
    script = "import sys, django; django.setup(); from tests.faults.worker import install; install(sys.argv[1])\n"
    script += "from executions import tasks; tasks.consume_push()"
    ours = {**os.environ, "DATABASE_URL": database_url(), "REDIS_URL": "", "SECRET_KEY": "k" * 40}
    ours |= {"DJANGO_SETTINGS_MODULE": "dashboard.settings", "PUSH_QUEUE_URL": url, "LOG_LEVEL": "ERROR"}
    killed = subprocess.run([sys.executable, "-c", script, point], cwd=ROOT, env=ours, timeout=60, check=False)
    assert killed.returncode == -signal.SIGKILL
    deadline = time.monotonic() + 10
    while Execution.objects.count() < 7 or queue.depth(source).waiting:
        assert time.monotonic() < deadline, "what was told is lost"
        consume(row, source)
    assert queue.depth(source).dead == 0
    counted = dict(StatusCount.objects.values_list("status", "executions"))
    assert counted == {"SUCCEEDED": 4, "RUNNING": 3}


def test_trying_what_may_be_done_with_the_queue_takes_nothing_from_it(sqs: Any, url: str, source: Queue) -> None:
    sqs.send_message(QueueUrl=url, MessageBody=event())
    for _ in range(3):  # one more than after which the queue gives a message up
        queue.may_receive(source)
        queue.may_delete(source)
    (message,) = sqs.receive_message(QueueUrl=url, AttributeNames=["ApproximateReceiveCount"])["Messages"]
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"
    gone = url.rpartition("/")[0] + "/no-such-queue"
    for may in (queue.may_receive, queue.may_delete):
        with pytest.raises(NotFound):
            may(queue.reach("default", gone))


def test_after_a_consumer_was_killed_another_one_reads_the_queue_when_its_claim_has_ended(
    sqs: Any, url: str, row: Connection, redis_url: str, settings: Any
) -> None:
    settings.CACHES = {"default": {"BACKEND": "dashboard.cache.Cache", "LOCATION": redis_url}}
    cache.delete(push._CLAIM_KEY)
    sqs.send_message(QueueUrl=url, MessageBody=event())
    script = "import sys, django; django.setup(); from tests.faults.worker import install; install(sys.argv[1])\n"
    script += "from executions.sync import push; push.CLAIM = 2\nfrom executions import tasks; tasks.consume_push()"
    ours = {**os.environ, "DATABASE_URL": database_url(), "REDIS_URL": redis_url, "SECRET_KEY": "k" * 40}
    ours |= {"DJANGO_SETTINGS_MODULE": "dashboard.settings", "PUSH_QUEUE_URL": url, "LOG_LEVEL": "ERROR"}
    command = [sys.executable, "-c", script, "executions.gateway.queue:receive:after:1"]
    assert subprocess.run(command, cwd=ROOT, env=ours, timeout=60, check=False).returncode == -signal.SIGKILL
    assert cache.get(push._CLAIM_KEY), "it was killed while it held the claim"
    deadline = time.monotonic() + 30

    def going() -> bool:
        return not Execution.objects.exists() and time.monotonic() < deadline

    while going():  # as beat does it
        push.listen(clock=timezone.now, going=going)
        time.sleep(0.2)
    assert Execution.objects.count() == 1
