"""The push queue: an SQS queue that EventBridge fills. Returns plain values of ours, raises executions.gateway.errors.

Its calls count against no quota of Lambda's, so they take no place in the call budget.
"""

import contextlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import orjson
from botocore.config import Config

from executions.gateway import connections
from executions.gateway.configuration import named
from executions.gateway.errors import Denied, GatewayError, NoCredentials, NotFound, NotUnderstood, triage

LONGEST_POLL, MOST_MESSAGES = 20, 10
"""SQS's own limits: seconds, and messages a call."""
_ENDPOINT = "AWS_ENDPOINT_URL_SQS"
_IMPOSSIBLE = (
    "InvalidParameterValue",
    "InvalidParameterValueException",
    "ReadCountOutOfRange",
    "ReceiptHandleIsInvalid",
)


@dataclass(frozen=True)
class Queue:
    """One queue and how to reach it."""

    url: str
    client: Any


@dataclass(frozen=True)
class Message:
    """One delivery. `receipt` deletes it, until the queue hands the message out again."""

    id: str
    receipt: str
    body: str


@dataclass(frozen=True)
class Depth:
    """How many messages wait and how many were given up, as SQS estimates; `dead` is None without a dead-letter queue
    that can be asked.
    """

    waiting: int
    dead: int | None


@lru_cache(maxsize=256)
def reach(name: str, url: str) -> Queue:
    """The queue at this URL, by the credentials of the connection of this name. Raises GatewayError."""
    settings = named(name)
    if settings is None:
        raise NoCredentials(f"The connection {name} is not configured any more.")
    try:
        session, region = connections.session_of(settings)
        client = session.client(
            "sqs",
            region_name=region,
            # Our loop asks again by itself. A long poll is no slow answer.
            config=Config(
                retries={"total_max_attempts": 1, "mode": "standard"},
                connect_timeout=3,
                read_timeout=LONGEST_POLL + 8,
            ),
        )
    except ValueError as error:
        raise NoCredentials(f"The AWS settings cannot be used: {error}.", f"Correct {_ENDPOINT}.") from error
    except Exception as error:
        raise triage(error, asked="open the push queue", endpoint=_ENDPOINT) from error
    return Queue(url, client)


def receive(queue: Queue, *, wait: int = LONGEST_POLL) -> list[Message]:
    """Up to ten messages, as soon as there are any; none after `wait` seconds. Until it is deleted, each comes again
    when the queue's visibility timeout has passed.
    """
    answer = _call(
        "read the push queue",
        queue.client.receive_message,
        QueueUrl=queue.url,
        MaxNumberOfMessages=MOST_MESSAGES,
        WaitTimeSeconds=max(0, min(wait, LONGEST_POLL)),
    )
    try:
        return [Message(item["MessageId"], item["ReceiptHandle"], item["Body"]) for item in answer.get("Messages", [])]
    except (KeyError, TypeError) as error:
        raise NotUnderstood("SQS described a message without its parts.", f"Check {_ENDPOINT}.") from error


def delete(queue: Queue, messages: Iterable[Message]) -> int:
    """-> how many the queue has kept all the same: those come again."""
    entries = [{"Id": str(number), "ReceiptHandle": message.receipt} for number, message in enumerate(messages)]
    kept = 0
    for first in range(0, len(entries), MOST_MESSAGES):
        answer = _call(
            "delete from the push queue",
            queue.client.delete_message_batch,
            QueueUrl=queue.url,
            Entries=entries[first : first + MOST_MESSAGES],
        )
        kept += len(answer.get("Failed", []))
    return kept


def may_receive(queue: Queue) -> None:
    """Raises Denied when it may not. Nothing is received, and no message counts as received: one more is asked for than
    SQS hands out, which it refuses. Should it not, they stay where they are.
    """
    _refused_as_impossible(
        "read the push queue",
        queue.client.receive_message,
        QueueUrl=queue.url,
        MaxNumberOfMessages=MOST_MESSAGES + 1,
        VisibilityTimeout=0,
        WaitTimeSeconds=0,
    )


def may_delete(queue: Queue) -> None:
    """Raises Denied when it may not. Nothing is deleted: the receipt is none."""
    _refused_as_impossible(
        "delete from the push queue", queue.client.delete_message, QueueUrl=queue.url, ReceiptHandle="none"
    )


def depth(queue: Queue) -> Depth:
    """What waits in the queue and in the dead-letter queue that its RedrivePolicy names."""
    told = _attributes(queue, queue.url, "ApproximateNumberOfMessages", "RedrivePolicy")
    dead_url = _dead_letter_url(queue.url, told.get("RedrivePolicy", ""))
    dead = None
    if dead_url:
        with contextlib.suppress(Denied, NotFound):
            told_dead = _attributes(queue, dead_url, "ApproximateNumberOfMessages")
            dead = int(told_dead.get("ApproximateNumberOfMessages", 0))
    return Depth(int(told.get("ApproximateNumberOfMessages", 0)), dead)


def arn(url: str) -> str:
    """Of the queue at a URL of AWS's, https://sqs.REGION.amazonaws.com/ACCOUNT/NAME; "" of any other."""
    parts = urlsplit(url)
    found = re.fullmatch(r"sqs\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?", parts.hostname or "")
    path = parts.path.strip("/").split("/")
    if found is None or len(path) != 2:
        return ""
    region = found[1]
    partition = "aws-cn" if found[2] else "aws-us-gov" if region.startswith("us-gov-") else "aws"
    return f"arn:{partition}:sqs:{region}:{path[0]}:{path[1]}"


def _attributes(queue: Queue, url: str, *names: str) -> dict[str, str]:
    answer = _call(
        "ask for the push queue's depth", queue.client.get_queue_attributes, QueueUrl=url, AttributeNames=list(names)
    )
    attributes: dict[str, str] = answer.get("Attributes", {})
    return attributes


def _dead_letter_url(url: str, policy: str) -> str:
    """The dead-letter queue lives in the same account and Region, so its URL differs in the last part only: asking
    for it would need one more permission.
    """
    try:
        name = str(orjson.loads(policy)["deadLetterTargetArn"]).rsplit(":", 1)[-1]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return ""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"{parts.path.rpartition('/')[0]}/{name}"))


def _refused_as_impossible(asked: str, call: Callable[..., Any], **request: object) -> None:
    try:
        _call(asked, call, **request)
    except GatewayError as error:
        if error.code not in _IMPOSSIBLE:
            raise


def _call(asked: str, call: Callable[..., Any], **request: object) -> dict[str, Any]:
    try:
        answer: dict[str, Any] = call(**request)
    except Exception as error:
        raise triage(error, asked=asked, endpoint=_ENDPOINT) from error
    return answer
