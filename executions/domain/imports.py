"""Histories from files: what the AWS CLI wrote, or Durascope's own export, read without trusting any of it.

A file holds one JSON value or several in a row: answers of get-durable-execution-history (one page or all), the answer
of get-durable-execution with the execution's details, or lists of these. Times are AWS's numbers or the CLI's ISO text.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from executions.domain.arns import ExecutionArn, InvalidArn
from executions.domain.events import parse_events, timestamp, whole
from executions.domain.operations import fold
from executions.domain.statuses import EVENT_PARTS
from executions.domain.words import count
from executions.domain.written import WireEvent

CONNECTION = "imported"
"""The name of the connection that imported histories belong to; no configured one may have it."""
PREFIX = "imported:"
"""What the ARNs of imported executions, and of their functions, begin with: no ARN of AWS does."""
MAX_EVENTS = 30_000
"""AWS allows 3,000 operations, which make about 9,000 events."""
_MOST_PROBLEMS = 3
_SPACE = re.compile(r"\s*")
_LARGEST_ID = 2**31 - 1


class BadFile(ValueError):
    """The message says in a sentence what is wrong with which file."""


@dataclass(frozen=True)
class Details:
    """What get-durable-execution says, "" or None where it does not. Times are epoch seconds."""

    arn: str = ""
    name: str = ""
    function: str = ""
    version: str = ""
    status: str = ""
    started_at: float | None = None
    ended_at: float | None = None


@dataclass(frozen=True)
class HistoryFile:
    """`events` in order of EventId, each once. `notes` are sentences about what is odd, but can be shown."""

    events: list[WireEvent]
    details: Details
    notes: tuple[str, ...] = ()


@dataclass
class _Found:
    events: list[tuple[str, Any]] = field(default_factory=list)  # (the file's name, what should be an event)
    details: list[dict[str, Any]] = field(default_factory=list)
    pages: int = 0
    last_pages: int = 0


def read(files: Sequence[tuple[str, bytes]]) -> HistoryFile:
    """`files`: (name, bytes) of each. Raises BadFile."""
    found = _Found()
    for name, body in files:
        for value in _values(name, _text(name, body)):
            _sort(name, value, found)
    if not found.pages:
        raise BadFile(_without_history(found))
    if len(found.events) > MAX_EVENTS:
        raise BadFile(
            f"There are {len(found.events):,} events; at most {MAX_EVENTS:,} are taken, which AWS never makes."
        )
    events = _in_order(found.events)
    details = _details(found.details)
    return HistoryFile(events, _agreeing(details, events), tuple(_notes(found, events)))


def _text(name: str, body: bytes) -> str:
    """PowerShell writes UTF-16 with a mark at its beginning; everything else UTF-8."""
    encoding = "utf-16" if body[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = body.decode(encoding)
    except UnicodeDecodeError:
        packed = " It looks compressed: unpack it first." if body[:2] in (b"\x1f\x8b", b"PK") else ""
        raise BadFile(f"{name} is not text, so it is no JSON.{packed}") from None
    if not text.strip():
        raise BadFile(f"{name} is empty.")
    return text


def _values(name: str, text: str) -> Iterator[Any]:
    """The JSON values in a file; the pages of a history are often written one after the other."""
    try:
        yield orjson.loads(text)
        return
    except orjson.JSONDecodeError:
        pass
    decoder, at = json.JSONDecoder(parse_constant=_no_constant), 0
    try:
        while at < len(text):
            value, at = decoder.raw_decode(text, _after_space(text, at))
            at = _after_space(text, at)
            yield orjson.loads(orjson.dumps(value))
    except json.JSONDecodeError as error:
        line = f"line {error.lineno:,}, column {error.colno:,}"
        if _ends_early(error, text):
            raise BadFile(f"{name} ends in the middle, at {line}: it was cut when it was saved or copied.") from None
        raise BadFile(f"{name} is not JSON: {error.msg} at {line}. The AWS CLI writes it with --output json.") from None
    except RecursionError:
        raise BadFile(f"{name} is nested too deep to be a history.") from None
    except (ValueError, TypeError):
        raise BadFile(f"{name} is JSON, but holds text or numbers that no answer of AWS holds.") from None


def _after_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _no_constant(text: str) -> Any:
    raise ValueError(text)


def _ends_early(error: json.JSONDecodeError, text: str) -> bool:
    return error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string")


def _sort(name: str, value: Any, found: _Found, *, deep: bool = True) -> None:
    """Take what a value holds: a page, details, or a list of events or of these."""
    if isinstance(value, list) and deep:
        if value and all(isinstance(item, dict) and "EventType" in item for item in value):
            value = {"Events": value}
        else:
            for item in value:
                _sort(name, item, found, deep=False)
            return
    if not isinstance(value, dict):
        raise BadFile(f"{name} holds {_kind(value)} where the answer of get-durable-execution-history should be.")
    if "DurableExecutionArn" in value:
        found.details.append(value)
    if "Events" in value:
        if not isinstance(value["Events"], list):
            raise BadFile(f'"Events" in {name} is {_kind(value["Events"])}, but should be a list.')
        found.events += [(name, event) for event in value["Events"]]
        found.pages += 1
        found.last_pages += not value.get("NextMarker")
    elif "DurableExecutionArn" not in value:
        keys = ", ".join(f'"{key[:40]}"' for key in list(value)[:4]) or "nothing"
        raise BadFile(f'{name} has no "Events": it is no answer of get-durable-execution-history. It has {keys}.')


def _without_history(found: _Found) -> str:
    if found.details:
        return "These are the details of an execution; choose the file with its history as well."
    return "No file with a history was chosen."


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")


def _in_order(given: list[tuple[str, Any]]) -> list[WireEvent]:
    """Events by their ids, each once: of two with one id the later is taken, when they are of the same thing."""
    if not given:
        raise BadFile('"Events" is empty: this history has nothing in it.')
    problems, by_id = [], dict[int, WireEvent]()
    for place, (name, event) in enumerate(given, 1):
        if problem := _problem(event):
            problems.append(f"event {place:,} of {name} {problem}")
            continue
        number = whole(event["EventId"]) or 0
        event["EventId"] = number
        other = by_id.get(number)
        if other is not None and any(other.get(key) != event.get(key) for key in ("EventType", "Id")):
            kinds = f"{other['EventType']} and {event['EventType']}"
            raise BadFile(f"These pages are of different executions: event {number:,} is there twice ({kinds[:120]}).")
        by_id[number] = event
    if problems:
        rest = (
            f", and {count(len(problems) - _MOST_PROBLEMS, 'more', 'more')}" if len(problems) > _MOST_PROBLEMS else ""
        )
        raise BadFile(f"This is no history of AWS: {'; '.join(problems[:_MOST_PROBLEMS])}{rest}.")
    return [by_id[number] for number in sorted(by_id)]


def _problem(event: Any) -> str:
    """What is wrong with an event, as the end of a sentence; "" when it can be shown."""
    if not isinstance(event, dict):
        return f"is {_kind(event)}, not an object"
    number, kind = whole(event.get("EventId")), event.get("EventType")
    if number is None or not 0 < number <= _LARGEST_ID:
        return "has no EventId that is a number from 1 on"
    if not isinstance(kind, str) or not kind:
        return "has no EventType"
    if timestamp(event.get("EventTimestamp")) is None:
        return "has no EventTimestamp that is a time"
    for key in ("Id", "ParentId", "Name", "SubType"):
        if not isinstance(event.get(key), str | None):
            return f"has {_kind(event[key])} as its {key}"
    details = event.get(f"{kind}Details")
    return "" if isinstance(details, dict | None) else f"has {_kind(details)} as its {kind[:60]}Details"


def _details(given: list[dict[str, Any]]) -> Details:
    if len({str(one["DurableExecutionArn"]) for one in given}) > 1:
        raise BadFile("These files hold the details of different executions.")
    if not given:
        return Details()
    one = {key: value for part in given for key, value in part.items()}
    try:
        arn = ExecutionArn.parse(str(one["DurableExecutionArn"]))
    except InvalidArn as error:
        raise BadFile(f"The DurableExecutionArn cannot be read. {error}") from None
    status = one.get("Status")
    return Details(
        arn=str(arn),
        name=arn.execution_name,
        function=arn.function_name,
        version=arn.version,
        status=status if isinstance(status, str) else "",
        started_at=timestamp(one.get("StartTimestamp")),
        ended_at=timestamp(one.get("EndTimestamp")),
    )


def _agreeing(details: Details, events: list[WireEvent]) -> Details:
    """The details, when they are of the execution whose history this is."""
    if not details.name:
        return details
    told = fold(parse_events(events[:1])).execution.name
    if told and told != details.name:
        raise BadFile(f"The details are of {details.name[:100]}, but the history is of {told[:100]}.")
    return details


def _notes(found: _Found, events: list[WireEvent]) -> Iterator[str]:
    if not found.last_pages:
        yield "AWS had more pages than are in the file: its last page has a NextMarker."
    missing = int(events[-1]["EventId"]) - len(events)
    if missing:
        yield f"{count(missing, 'event is', 'events are')} missing in the file; the pages say where."
    unknown = sorted({event["EventType"] for event in events if event["EventType"] not in EVENT_PARTS})
    if unknown:
        shown = ", ".join(kind[:60] for kind in unknown[:3])
        yield f"{count(len(unknown), 'type', 'types')} of events not known here ({shown}): shown as text."
