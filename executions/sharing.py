"""What a share link shows: one execution, without what leads elsewhere, and without secrets unless its maker said so.

The history is cleaned where it is read (executions/histories.py asks `cleaned`), before anything is derived from it:
no page, search, difference or error text can tell what is not there any more.
"""

import datetime as dt
import hashlib
import re
from collections.abc import Sequence
from copy import copy
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db.models import F

from executions import queries
from executions.actions.permissions import can_reveal, still_shares
from executions.domain.jsontext import parse, to_text
from executions.domain.redaction import DEFAULT_PATTERNS, HIDDEN, SHOWN, redact, redact_broken, words_of
from executions.history_pages import CutText
from executions.models import Execution, ShareLink

REDACTED, EXACT = "redacted", "exact"
_HANDLES = ("CallbackId", "DurableExecutionArn")
"""Fields of an event's details by which a callback can be answered, or another execution found."""
_NESTED = 8  # levels of JSON in a string of JSON; what is deeper is hidden whole
_SAYS = f"Values of keys that sound like secrets are {HIDDEN}: your role does not let you see them."


def hash_of(token: str) -> str:
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def opened(token: str, *, now: dt.datetime) -> ShareLink | None:
    """The link with this token, if it works: not expired, not revoked, its maker may still share what it shows.

    Only hashes are compared, by an index: how long that takes says nothing about any token.
    """
    rows = ShareLink.objects.select_related("execution__function__connection", "made_by")
    link = rows.filter(token_hash=hash_of(token), revoked_at=None, expires_at__gt=now).first()
    if link is None or link.made_by is None or link.created_at + longest() <= now:
        return None
    if not still_shares(link.made_by, link.execution) or not (link.redacted or can_reveal(link.made_by)):
        return None
    return link if queries.visible(link.made_by).filter(pk=link.execution_id).exists() else None


def longest() -> dt.timedelta:
    return dt.timedelta(days=settings.SHARE_DAYS)


def count_opening(link: ShareLink, *, now: dt.datetime) -> None:
    ShareLink.objects.filter(pk=link.pk).update(opened_at=now, opened_count=F("opened_count") + 1)


def seen_through(link: ShareLink) -> Execution:
    """The link's execution as its pages may read it."""
    execution = only_seen(link.execution, REDACTED if link.redacted else EXACT)
    execution.arn = execution.activity = ""
    return execution


def only_seen(execution: Execution, how: str) -> Execution:
    """A copy that is never saved. Its revision is a number of its own, and no execution's: what is kept in memory by
    revision is never mixed with what those see who are logged in.
    """
    seen = copy(execution)
    seen.seen_through = how
    seen.revision = -(2 * execution.revision + (how == REDACTED) + 1)
    return seen


def cleaned(execution: Execution, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The events as this execution may be seen; the very same ones for who is logged in."""
    if not execution.seen_through:
        return events
    return [clean_event(event, patterns() if execution.seen_through == REDACTED else None) for event in events]


def clean_event(event: dict[str, Any], hidden: Sequence[str] | None) -> dict[str, Any]:
    """A copy without handles; `hidden`: the names of secrets whose values are hidden in payloads and errors."""
    return {key: _details(value, hidden) if isinstance(value, dict) else value for key, value in event.items()}


def _details(details: dict[str, Any], hidden: Sequence[str] | None) -> dict[str, Any]:
    kept = {key: value for key, value in details.items() if key not in _HANDLES}
    return kept if hidden is None else _without_secrets(kept, hidden)


def _without_secrets(details: dict[str, Any], hidden: Sequence[str]) -> dict[str, Any]:
    return dict(redact(_texts(details, hidden, _NESTED), hidden)[0])


def exported(user: Any, events: list[dict[str, Any]], *, lacking: str = "") -> dict[str, Any]:
    """AWS's answer as this person may have it as a file: for who may see secrets the very same, else without them, and
    "Redacted" says so where that changes anything. `lacking`: what is missing, which "Incomplete" says then.
    """
    said = {"Incomplete": lacking} if lacking else {}
    if can_reveal(user):
        return {**said, "Events": events}
    hidden = patterns()
    seen = [
        {key: _without_secrets(value, hidden) if isinstance(value, dict) else value for key, value in event.items()}
        for event in events
    ]
    return {**said, "Events": seen} if seen == events else {**said, "Redacted": _SAYS, "Events": seen}


def _texts(value: Any, hidden: Sequence[str], nested: int) -> Any:
    """Without the secrets of texts, any of which may be JSON, also in JSON. The beginning of a long text may end inside
    a secret and is not shown at all: where a payload is shown it is read whole.
    """
    if isinstance(value, CutText):
        return CutText("", value.size)
    if isinstance(value, dict):
        return {key: _texts(item, hidden, nested) for key, item in value.items()}
    if isinstance(value, list):
        return [_texts(item, hidden, nested) for item in value]
    return _text(value, hidden, nested) if isinstance(value, str) else value


def _text(text: str, hidden: Sequence[str], nested: int) -> str:
    is_json, inner = parse(text)
    if not is_json:
        return redact_broken(text, hidden)[0]
    if not isinstance(inner, str | dict | list):
        return text
    if not nested:
        return HIDDEN
    seen = redact(_texts(inner, hidden, nested - 1), hidden)[0]
    return text if seen == inner else to_text(seen, indent=None)


def patterns() -> tuple[str, ...]:
    """The names of secrets: the built-in ones and this installation's REDACT_KEYS, in which * stands for anything. A
    name after a "-" is never hidden, and "-*" sets the built-in ones aside.
    """
    return _patterns(tuple(settings.REDACT_KEYS))


@lru_cache(maxsize=8)
def _patterns(keys: tuple[str, ...]) -> tuple[str, ...]:
    built_in = () if "-*" in keys else DEFAULT_PATTERNS
    return (*built_in, *(found for key in keys if (found := _pattern(key))))


def _pattern(key: str) -> str:
    """ "" for what names nothing."""
    parts = [words_of(part) for part in key.removeprefix("-").split("*")]
    return (SHOWN if key.startswith("-") else "") + r"\w*".join(map(re.escape, parts)) if any(parts) else ""
