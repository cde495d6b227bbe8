"""Two executions of one function beside each other: what B did differently from A."""

import threading
from dataclasses import dataclass
from typing import Any, Self

from cachetools import LRUCache
from django.utils.safestring import SafeString, mark_safe

from dashboard.pages import compare_chart
from dashboard.pages.compare_payloads import PairPayloads, input_diff, pair_payloads
from dashboard.pages.compare_rows import CHUNK, RowWriter, more
from dashboard.pages.compare_state import CompareState, pick_of
from dashboard.pages.diff_box import DiffBox
from dashboard.pages.execution import Crumb, crumbs_above
from dashboard.pages.tab import Subject
from dashboard.pages.timeline_rows import kind_words
from executions.domain.comparison import Comparison, Pair, compare
from executions.domain.words import count, duration
from executions.models import Execution

_WORDS = {"changed": "changed", "added": "only in B", "missing": "only in A", "ahead": "not reached in B so far"}
_comparisons: LRUCache[tuple[int, ...], Comparison] = LRUCache(
    maxsize=40_000, getsizeof=lambda found: 1 + len(found.pairs)
)
_lock = threading.Lock()


@dataclass(frozen=True)
class Sides:
    """A is what one compares with, B what is compared."""

    a: Subject
    b: Subject

    def url(self, name: str = "execution-compare") -> str:
        return self.a.url(name, self.b.execution.pk)

    def compared(self) -> Comparison:
        """Kept, because every window of rows asks for it again."""
        one, other = self.a.execution, self.b.execution
        key = (one.pk, one.revision, other.pk, other.revision)
        with _lock:
            found = _comparisons.get(key)
        if found is None:
            found = compare(self.a.history, self.b.history)
            with _lock:
                if len(found.pairs) < 20_000:
                    _comparisons[key] = found
        return found


@dataclass(frozen=True)
class Side:
    letter: str
    execution: Execution
    url: str
    took: str
    operations: int
    note: str


@dataclass(frozen=True)
class Verdict:
    """What is to be said first. `url` leads to the row of the first divergence, "" when there is none."""

    tone: str
    headline: str
    detail: str
    url: str


@dataclass(frozen=True)
class ComparePage:
    crumbs: list[Crumb]
    sides: list[Side]
    swap_url: str
    other_url: str
    longer: str
    verdict: Verdict
    counts: list[str]
    input: DiffBox | None
    inputs_url: str
    url: str
    state: CompareState
    only_url: str
    clear_url: str
    chart: dict[str, Any] | None
    body: SafeString
    shown: int
    total: int
    drawer: PairPayloads | None
    missing_pick: bool
    live: str

    @classmethod
    def of(cls, sides: Sides, state: CompareState) -> Self:
        found, page = sides.compared(), sides.url()
        shown = [pair for pair in found.pairs if state.shows(pair)]
        drawer = pair_payloads(sides, found, state) if state.pick else None
        return cls(
            crumbs=_crumbs(sides),
            sides=[_side("A", sides.a), _side("B", sides.b)],
            swap_url=sides.b.url("execution-compare", sides.a.execution.pk),
            other_url=sides.b.url("execution-compare-with"),
            longer=more(_seconds(sides.a.execution), _seconds(sides.b.execution)),
            verdict=_verdict(found, state, page),
            counts=[f"{number:,} {_WORDS[what]}" for what, number in found.counts.items() if number and what in _WORDS],
            input=input_diff(sides),
            inputs_url=f"{page}?{state.query(pick='execution')}",
            url=page,
            state=state,
            only_url=f"{page}?{state.query(only=not state.only)}",
            clear_url=page if state.q else "",
            chart=compare_chart.figure(found.pairs, page),
            body=_body(sides, found, state, shown),
            shown=len(shown),
            total=len(found.pairs),
            drawer=drawer,
            missing_pick=bool(state.pick) and drawer is None,
            live=" and ".join(letter for letter, one in (("A", sides.a), ("B", sides.b)) if one.is_live),
        )


def rows(sides: Sides, state: CompareState) -> SafeString:
    """One window of rows."""
    found = sides.compared()
    shown = [pair for pair in found.pairs if state.shows(pair)]
    window = _writer(sides, found, state).window(shown, state.start // CHUNK * CHUNK)
    return mark_safe(window)  # noqa: S308 - escaped where it is written


def _body(sides: Sides, found: Comparison, state: CompareState, shown: list[Pair]) -> SafeString:
    first = _first(found)
    linked = {index for index, pair in enumerate(shown) if state.picks(pair) or pick_of(pair) == first}
    wanted = {state.start // CHUNK * CHUNK, *(index // CHUNK * CHUNK for index in linked)}
    return mark_safe(_writer(sides, found, state).windows(shown, wanted))  # noqa: S308 - escaped where it is written


def _writer(sides: Sides, found: Comparison, state: CompareState) -> RowWriter:
    return RowWriter(
        state,
        _first(found),
        page=sides.url(),
        payloads=sides.url("execution-compare-payloads"),
        rows=sides.url("execution-compare-rows"),
    )


def _first(found: Comparison) -> str:
    return pick_of(found.pairs[found.first]) if found.first is not None else ""


def _crumbs(sides: Sides) -> list[Crumb]:
    execution = sides.b.execution
    return [
        *crumbs_above(execution),
        Crumb(execution.name, sides.b.url("execution")),
        Crumb("Compared", ""),
    ]


def _side(letter: str, subject: Subject) -> Side:
    execution, history = subject.execution, subject.history
    seconds = _seconds(execution)
    note = ""
    if not history.events:
        note = "Its history has not been read yet."
    elif history.gaps:
        note = "Events of its history are missing."
    unknown = "still running" if subject.is_live else "took an unknown time"
    took = unknown if seconds is None else f"took {duration(seconds)}"
    return Side(letter, execution, subject.url("execution"), took, len(history.operations), note)


def _seconds(execution: Execution) -> float | None:
    return (execution.ended_at - execution.started_at).total_seconds() if execution.ended_at else None


def _verdict(found: Comparison, state: CompareState, page: str) -> Verdict:
    if not found.pairs:
        return Verdict("info", "Neither of the two has an operation that is known.", "", "")
    if found.first is None:
        rest = "Durations and payloads may still differ." if found.counts["ahead"] == 0 else ""
        ahead = f"{count(found.counts['ahead'], 'operation')} not reached in B so far. " if not rest else ""
        return Verdict("ok", "B takes the same course as A.", ahead + rest, "")
    pair = found.pairs[found.first]
    pick = pick_of(pair)
    kind = kind_words(pair.either.kind, pair.either.subtype)
    url = f"{page}?{state.query(pick=pick, q='')}#{pick}"
    return Verdict("bad", f"First divergence: {pair.either.label}", f"{kind}: {pair.words}", url)
