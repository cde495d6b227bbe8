"""Events as AWS wrote them: the text of each, and the few members that are looked at in all of them.

Finding these takes half as long as making Python's objects of everything, and a third of their memory. So an event is
read whole only where it tells something: of a long history that went well one in twenty does.
"""

import json
import sys
from collections.abc import Iterable
from typing import Any, Literal

import msgspec
import orjson

from executions.domain.statuses import EVENT_TYPES

WireEvent = dict[str, Any]


class _Retry(msgspec.Struct, gc=False):
    NextAttemptDelaySeconds: Any = None


class _StepResult(msgspec.Struct, gc=False):
    RetryDetails: _Retry | str | float | int | bool | list[Any] | None = None


class Written(
    msgspec.Struct,
    gc=False,
    rename={
        "kind": "EventType",
        "number": "EventId",
        "operation_id": "Id",
        "parent_id": "ParentId",
        "step_result": "StepSucceededDetails",
    },
):
    """One event. Nothing in it is trusted to be there or to have its type: what is absent is None, or empty text."""

    kind: Any = None
    number: Any = None
    operation_id: Any = None
    parent_id: Any = None
    step_result: _StepResult | str | float | int | bool | list[Any] | None = None
    text: msgspec.Raw = msgspec.Raw()

    def whole(self) -> WireEvent:
        event: WireEvent = loads(bytes(self.text))
        return event

    @property
    def is_tried_again(self) -> bool:
        """Whether a step that succeeded is not over: a poll whose condition is not met yet."""
        result = self.step_result
        retry = result.RetryDetails if isinstance(result, _StepResult) else None
        return isinstance(retry, _Retry) and bool(retry.NextAttemptDelaySeconds)

    def is_told_like(self, other: "Written") -> bool:
        """Whether both say the same; AWS may write that in another order."""
        return bytes(self.text) == bytes(other.text) or self.whole() == other.whole()


class _Answer(msgspec.Struct, gc=False):
    Events: list[Written]
    NextMarker: Any = None


# The types of events are not texts of their own here, of which a history has thousands of each.
_Known = msgspec.defstruct("_Known", [("kind", Literal.__getitem__(tuple(EVENT_TYPES)))], bases=(Written,), gc=False)


class _KnownAnswer(_Answer, gc=False):
    Events: list[_Known]  # type: ignore[valid-type]


class _Texts(msgspec.Struct, gc=False):
    Events: list[msgspec.Raw]


def loads(text: bytes) -> Any:
    """From JSON that `read` has passed over."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return json.loads(text, parse_int=_number, parse_float=_number)


def _number(text: str) -> int | float:
    """As orjson has it where it takes it; the largest one there is for one that is larger."""
    if text.lstrip("-").isdigit() and len(text) <= 20 and -(2**63) <= int(text) < 2**64:
        return int(text)
    return max(-sys.float_info.max, min(float(text), sys.float_info.max))


_known_answer, _answer = msgspec.json.Decoder(_KnownAnswer), msgspec.json.Decoder(_Answer)
_texts = msgspec.json.Decoder(_Texts)


def read(body: bytes) -> tuple[list[Written], Any]:
    """-> (the events of AWS's answer in its order, NextMarker). Raises ValueError where it is not JSON, or none of
    these.
    """
    if not body.isascii():
        body.decode()  # texts that are passed over are not looked at
    try:
        told, texts = _told(body), _texts.decode(body)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    for event, text in zip(told.Events, texts.Events, strict=True):
        event.text = text
    return told.Events, told.NextMarker


def _told(body: bytes) -> _Answer:
    try:
        return _known_answer.decode(body)
    except msgspec.ValidationError:  # a type that is new
        return _answer.decode(body)


def of(events: Iterable[WireEvent]) -> list[Written]:
    """What `read` makes of them."""
    return read(json.dumps({"Events": list(events)}).encode())[0]
