"""Share links: the form that makes one, the address that is told once, and the lists of what was made."""

import datetime as dt
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.urls import Resolver404, resolve, reverse

from dashboard.forms.actions import ShareForm
from dashboard.pages.tab import PINNED
from executions import queries, sharing
from executions.models import Execution, ShareLink

_TABS = {url_name: tab for tab, (_, url_name) in PINNED.items()}
MOST_QUERY = 2000


@dataclass(frozen=True)
class ShareRow:
    """One link. `state`: open, expired or revoked. `revoke_url` is "" when it does not work any more anyway."""

    pk: int
    execution: Execution
    execution_url: str
    opens_at: str
    pinned_url: str
    note: str
    made_by: str
    made_at: dt.datetime
    expires_at: dt.datetime
    redacted: bool
    state: str
    state_words: str
    opened_at: dt.datetime | None
    opened_count: int
    revoke_url: str


@dataclass(frozen=True)
class SharesPage:
    rows: list[ShareRow]
    who_may_open: str

    @classmethod
    def of(cls, user: Any, *, mode: str, now: dt.datetime) -> Self:
        return cls(share_rows(user, None, now=now), WHO_MAY_OPEN[mode])


@dataclass(frozen=True)
class ShareForOne:
    """The dialog. `address` is the link that has just been made; `again`: this form has made its link already."""

    execution: Execution
    form: ShareForm
    asked: str
    opens_at: str
    who_may_open: str
    address: str = ""
    again: bool = False


WHO_MAY_OPEN = {
    "off": "nobody: share links are switched off.",
    "login": "whoever has the address and can log in here.",
    "public": "whoever has the address, without logging in.",
}


def share_rows(user: Any, of: Execution | None, *, now: dt.datetime) -> list[ShareRow]:
    return [_row(link, now) for link in queries.share_links(user, of)]


def _row(link: ShareLink, now: dt.datetime) -> ShareRow:
    expires_at = min(link.expires_at, link.created_at + sharing.longest())
    state, words = "open", "works"
    if link.revoked_at:
        state, words = "revoked", f"revoked by {link.revoked_by_name}"
    elif expires_at <= now:
        state, words = "expired", "expired"
    page = reverse(PINNED[link.tab][1] if link.tab in PINNED else "execution", args=[link.execution_id])
    return ShareRow(
        pk=link.pk,
        execution=link.execution,
        execution_url=reverse("execution", args=[link.execution_id]),
        opens_at=tab_words(link.tab, link.query),
        pinned_url=f"{page}?{link.query}" if link.query else page,
        note=link.note,
        made_by=link.made_by_name,
        made_at=link.created_at,
        expires_at=expires_at,
        redacted=link.redacted,
        state=state,
        state_words=words,
        opened_at=link.opened_at,
        opened_count=link.opened_count,
        revoke_url=reverse("share-revoke", args=[link.pk]) if state == "open" else "",
    )


def tab_words(tab: str, query: str) -> str:
    """ "Timeline, as it is now": which part a link opens, and whether a state of it is pinned."""
    label = PINNED[tab][0] if tab in PINNED else "Timeline"
    return f"{label}, with what is chosen there" if query else label


def view_of(address: str, execution_id: int) -> str:
    """What somebody looks at, by the address of their page: "history?event=3"; "timeline" when it tells nothing."""
    try:
        parts = urlsplit(address)
        match = resolve(parts.path)
    except (ValueError, Resolver404):
        return "timeline"
    tab = _TABS.get(match.view_name or "")
    if tab is None or match.kwargs.get("execution_id") != execution_id:
        return "timeline"
    query = _of_this_alone(parts.query)
    return f"{tab}?{query}" if query and len(query) <= MOST_QUERY else tab


def _of_this_alone(query: str) -> str:
    """Without what is unfolded or chosen of executions that it called: a link does not show those."""
    chosen = parse_qsl(query, keep_blank_values=True)
    inside = {"inside", "shut", "within"} | ({"op", "event"} if any(name == "within" for name, _ in chosen) else set())
    kept = [(name, value) for name, value in chosen if name not in inside]
    return urlencode(kept) if len(kept) < len(chosen) else query


def read_view(text: str) -> tuple[str, str]:
    """(tab, query) of such a text; anything else is the timeline."""
    tab, _, query = text.partition("?")
    return (tab, query[:MOST_QUERY]) if tab in PINNED else ("timeline", "")
