"""What every page about one execution needs to know: whose it is, which tab is open, and whether it is still live."""

import datetime as dt
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from django.urls import reverse

from dashboard.pages import digest
from executions import histories, queries
from executions.domain.checkpoints import Batch
from executions.domain.history import History
from executions.domain.statuses import is_terminal
from executions.models import ActionRecord, Execution

NAMES = {
    "timeline": ("Timeline", "execution"),
    "history": ("History", "execution-history"),
    "checkpoints": ("Checkpoints", "execution-checkpoints"),
    "payloads": ("Input and result", "execution-payloads"),
}
PINNED = {**NAMES, "diff": ("Two payloads compared", "execution-diff")}
"""What a share link may open at: the tabs, and what two of an execution's events are compared on."""


@dataclass(frozen=True)
class TabLink:
    label: str
    url: str
    active: bool
    count: int | None


SHARED = {
    name: name.replace("execution", "shared", 1)
    for name in (
        *("execution", "execution-timeline", "execution-rows", "execution-operation", "execution-history"),
        *("execution-event", "execution-checkpoints", "execution-payloads", "execution-explore", "execution-diff"),
    )
}
"""The pages that a share link shows, and the names of their addresses under its prefix."""
DOWNLOADS = {"execution-payload": "shared-payload"}


@dataclass(frozen=True)
class SharedView:
    """The share link through which somebody looks. `names`: what it shows."""

    token: str
    note: str
    expires_at: dt.datetime
    redacted: bool

    @property
    def names(self) -> dict[str, str]:
        return SHARED if self.redacted else SHARED | DOWNLOADS


@dataclass(frozen=True)
class Subject:
    """One execution as somebody looks at it now, in the tab called `tab`."""

    user: Any
    execution: Execution
    now: dt.datetime
    tab: str = "timeline"

    share: "SharedView | None" = None

    @cached_property
    def history(self) -> History:
        return histories.history_of(self.execution)

    @cached_property
    def digest(self) -> digest.Digest:
        return digest.of(self.execution)

    @cached_property
    def batches(self) -> tuple[Batch, ...]:
        return digest.batches_of(self.execution)

    @cached_property
    def actions(self) -> list[ActionRecord]:
        """What people did to it, the latest first."""
        return queries.actions_of(self.execution)

    @property
    def seconds(self) -> float:
        """Now; for what was imported while it ran, the last moment that its file tells of."""
        if self.execution.is_imported and not self.history.is_over and self.history.events:
            return self.history.events[-1].at
        return self.now.timestamp()

    @property
    def is_live(self) -> bool:
        """Whether anything may still change, so that the page listens."""
        if self.share:
            return False
        done = is_terminal(self.execution.status) and self.execution.history_complete
        return not done and self.execution.gone_at is None

    def url(self, name: str = "", *more: object) -> str:
        """Through a share link: the same page under its prefix, or "" for what it does not show."""
        name = name or NAMES[self.tab][1]
        if self.share is None:
            return _url(name, self.execution.pk, *more)
        return _url(self.share.names[name], self.share.token, *more) if name in self.share.names else ""

    @property
    def tabs(self) -> list[TabLink]:
        counts = {
            "timeline": len(self.history.operations),
            "history": len(self.history.events),
            "checkpoints": self.digest.batch_count,
        }
        return [
            TabLink(label, self.url(name), key == self.tab, counts.get(key)) for key, (label, name) in NAMES.items()
        ]


@lru_cache(maxsize=1024)
def _url(name: str, *args: object) -> str:
    """A page of rows names the same few URLs in each of them."""
    return reverse(name, args=args)
