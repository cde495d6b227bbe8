"""How the events of an execution are stored: pages of 1,000, compressed, with long payloads cut out.

`pack` makes a page's two blobs of the texts of its events, `read` and `decode` give them back. Decoded without its
payloads a page still says how long each cut payload is and how it begins, so that a timeline never reads megabytes;
decoded with them it equals AWS's answer.
"""

from collections.abc import Collection, Iterable
from typing import Any, TypeAlias

import msgspec
import orjson
import zstandard

from executions.domain import written
from executions.domain.written import WireEvent, Written

PAGE_EVENTS = 1000
CUT_ABOVE = 4096
HEAD = 200
LEVEL = 1
"""Of zstd: quicker than its usual 3, and what it makes of such JSON is no larger."""
_CUT = "$cut"
_MARK = b'"$cut"'
_BETWEEN = b'},{"'
"""Stands between events and in no text, where a quote has a backslash before it: a long text is within one piece."""

Blob: TypeAlias = "bytes | memoryview[int]"
"""PostgreSQL's driver answers with a view."""


class CutText(str):
    """The beginning of a payload that was cut out of its page; `size` is the whole text's length in characters."""

    size: int

    def __new__(cls, head: str, size: int) -> "CutText":
        text = super().__new__(cls, head)
        text.size = size
        return text


def page_number(event_id: int) -> int:
    return (event_id - 1) // PAGE_EVENTS


def last_of(page_number: int) -> int:
    """The highest EventId that belongs to a page."""
    return (page_number + 1) * PAGE_EVENTS


def encode(events: list[WireEvent]) -> tuple[bytes, bytes]:
    """`pack` of their JSON."""
    return pack(written.of(events))


def pack(events: Collection[Written], body: bytes = b"") -> tuple[bytes, bytes]:
    """-> (events blob, payloads blob); the second is empty when no payload was long enough to cut.

    `body`: AWS's answer, where it has just these events in this order: then it is kept as it came.
    """
    cut: dict[str, Any] = {}
    body = body or _listed(event.text for event in events)
    if (b"$" in body and _MARK in body) or _may_be_long(body):
        body = _listed(_cut_text(bytes(event.text), cut) for event in events)
    compress = zstandard.ZstdCompressor(level=LEVEL).compress
    return compress(body), compress(orjson.dumps(cut)) if cut else b""


def _listed(texts: "Iterable[bytes | msgspec.Raw]") -> bytes:
    return b'{"Events":[%b]}' % b",".join(texts)


def _may_be_long(body: bytes) -> bool:
    """Whether a text longer than CUT_ABOVE may stand in it: somewhere is no _BETWEEN for as long."""
    at, last = 0, len(body) - CUT_ABOVE
    while 0 <= at <= last:
        at = body.rfind(_BETWEEN, at + 1, at + CUT_ABOVE)
    return at < 0


def read(events: Blob, payloads: "Blob | None" = None) -> list[Written]:
    """The events of one page, in order of EventId. Without `payloads` long ones are only begun."""
    body = _unpacked(events)
    return written.of(_restored(body, payloads)) if _MARK in body else written.read(body)[0]


def decode(events: Blob, payloads: "Blob | None" = None) -> list[WireEvent]:
    """The wire events of one page, in order of EventId. Without `payloads` long ones come as CutText."""
    return _restored(_unpacked(events), payloads)


def _unpacked(events: Blob) -> bytes:
    body = zstandard.ZstdDecompressor().decompress(bytes(events))
    # Older ones that were not kept as they came are lists.
    return b'{"Events":%b}' % body if body[:1] == b"[" else body


def _restored(body: bytes, payloads: "Blob | None") -> list[WireEvent]:
    wire: list[WireEvent] = written.loads(body)["Events"]
    if _MARK in body:
        whole: dict[str, Any] | None = orjson.loads(_unpacked(payloads)) if payloads else None
        for event in wire:
            _restore_event(event, whole)
    return wire


def _holders(event: WireEvent) -> list[tuple[str, dict[str, Any], str]]:
    """Every place of an event where a long text may stand: (path, container, key)."""
    places = []
    for name, details in event.items():
        if isinstance(details, dict):
            for role, holder in details.items():
                if not isinstance(holder, dict):
                    continue
                payload = holder.get("Payload")
                if isinstance(payload, dict) and _CUT not in payload:
                    places += [(f"{name}/{role}/Payload/{key}", payload, key) for key in payload]
                elif "Payload" in holder:
                    places.append((f"{name}/{role}/Payload", holder, "Payload"))
    return places


def _must_be_cut(value: Any) -> bool:
    """Long text, and what looks like the mark that we leave in its place."""
    return (isinstance(value, str) and len(value) > CUT_ABOVE) or (isinstance(value, dict) and _CUT in value)


def _cut_text(text: bytes, cut: dict[str, Any]) -> bytes:
    if len(text) <= CUT_ABOVE and not (b"$" in text and _MARK in text) and b"\\u00" not in text:
        return text
    event: WireEvent = written.loads(text)
    if not any(_must_be_cut(holder[key]) for _, holder, key in _holders(event)):
        return text
    for path, holder, key in _holders(event):
        value = holder[key]
        if _must_be_cut(value):
            cut[f"{event.get('EventId')}/{path}"] = value
            whole = value if isinstance(value, str) else orjson.dumps(value).decode()
            holder[key] = {_CUT: len(whole), "head": whole[:HEAD]}
    return orjson.dumps(event)


def _restore_event(event: WireEvent, whole: dict[str, Any] | None) -> None:
    for path, holder, key in _holders(event):
        marker = holder[key]
        if isinstance(marker, dict) and _CUT in marker:
            if whole is None:
                holder[key] = CutText(marker["head"], marker[_CUT])
            else:
                holder[key] = whole[f"{event.get('EventId')}/{path}"]
