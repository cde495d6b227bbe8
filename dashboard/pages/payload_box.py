"""Payloads as boxes of a page: decoded, pretty, without secrets, cut to what a browser can show."""

from dataclasses import dataclass

from dashboard.pages.digest import payload_size
from dashboard.pages.tab import Subject
from executions.actions.permissions import can_reveal
from executions.domain.events import Payload
from executions.domain.payloads import decode, redact, redact_broken, to_text, truncate
from executions.domain.words import size
from executions.sharing import patterns

INLINE_LIMIT = 1024 * 1024
DRAWER_LIMIT = 64 * 1024


@dataclass(frozen=True)
class Readable:
    """`kind`: json or text. `hidden`: how many values were redacted. `tagged`: the SDK's type tags were decoded."""

    text: str
    kind: str
    hidden: int
    tagged: bool


@dataclass(frozen=True)
class PayloadBox:
    """What templates/partials/payload.html shows; of kind "large" the tree is fetched, branch by branch.

    `explore_url`: where one looks around and searches in it. `reveal_url`: where it is with its secrets.
    """

    element_id: str
    title: str
    kind: str
    text: str
    size: int | None
    notes: list[str]
    url: str
    reveal_url: str = ""
    explore_url: str = ""


def readable(payload: Payload, *, tags: bool = True) -> Readable:
    """A payload without its secrets. Errors are AWS's objects or text; all else is text that may be JSON."""
    if isinstance(payload.source, dict | list):
        cleaned, hidden = redact(payload.source, patterns())
        return Readable(to_text(cleaned), "json", hidden, False)
    decoded = decode(payload.text, decode_tags=tags)
    if not decoded.is_json:
        text, hidden = redact_broken(payload.text, patterns())
        return Readable(text, "text", hidden, False)
    cleaned, hidden = redact(decoded.value, patterns())
    return Readable(to_text(cleaned), "json", hidden, decoded.tagged)


def box(
    payload: Payload,
    *,
    title: str,
    element_id: str,
    url: str = "",
    tags: bool = True,
    limit: int = DRAWER_LIMIT,
    reveal: str = "",
    explore: str = "",
) -> PayloadBox:
    """`url`: where all of it is; `explore`: where one looks around in it; `reveal`: where it is with its secrets, for
    who may see them.

    What is longer than `limit` is cut, and says so.
    """
    bytes_stored = payload_size(payload)
    if bytes_stored > INLINE_LIMIT:
        note = f"{size(bytes_stored)}: each branch is read as it is opened."
        notes = [note, *_cut_by_aws(payload)]
        return PayloadBox(element_id, title, "large", "", bytes_stored, notes, url, explore_url=explore)
    seen = readable(payload, tags=tags)
    text, cut = truncate(seen.text, limit)
    notes = list(_notes(seen, cut=cut, limit=limit))
    kind = "text" if cut else seen.kind
    notes += _cut_by_aws(payload)
    shown_by = reveal if seen.hidden else ""
    return PayloadBox(element_id, title, kind, text, bytes_stored, notes, url, shown_by, explore)


def reveal_url(subject: Subject, event_id: int) -> str:
    return subject.url("execution-reveal", event_id) if can_reveal(subject.user) else ""


def _notes(seen: Readable, *, cut: bool, limit: int) -> list[str]:
    notes = []
    if cut:
        notes.append(f"Only the first {size(limit)} are shown here.")
    if seen.hidden:
        what = "One value is" if seen.hidden == 1 else f"{seen.hidden:,} values are"
        notes.append(f"{what} hidden, by the names of the keys.")
    if seen.tagged:
        notes.append("The SDK's type tags are decoded; numbers are exactly as stored.")
    return notes


def _cut_by_aws(payload: Payload) -> list[str]:
    return ["AWS has cut this payload: the rest was never readable."] if payload.truncated else []
