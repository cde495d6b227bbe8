"""One payload to look around in: a tree whose branches are fetched as they are opened, its text in pages, a search.

Everything is rendered here, so that numbers never pass through JavaScript and a payload of megabytes costs the browser
no more than one of a few lines.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Self

from django.http import Http404

from dashboard.pages.explore_state import ExploreState
from dashboard.pages.explore_text import TextPage, text_page
from dashboard.pages.payload_box import reveal_url
from dashboard.pages.payload_reading import Reading, reading_of
from dashboard.pages.tab import Subject
from executions.domain import browse
from executions.domain.browse import MOST_HITS, Node, NoSuchPlace, Path, Span
from executions.domain.jsontext import scalar
from executions.domain.words import count

LONGEST_COPY = 4_000
"""Characters of a value that a row carries to be copied; what is longer is opened first."""


@dataclass(frozen=True)
class Row:
    """A line of templates/partials/branch.html. `label`: key, index, or the ends of a span.

    `kids`: what is inside, when it is open already; `branch_url`: where it is fetched from; `url`: the same as a page.
    `copy`: the value, when it is short. `more`: what of a long string is not shown.
    """

    label: str
    kind: str
    text: str
    words: str
    path: str
    url: str
    branch_url: str = ""
    kids: "list[Row] | None" = None
    is_hit: bool = False
    copy: str = ""
    more: str = ""


@dataclass(frozen=True)
class Found:
    """The search. `words`: "3 of 57 matches"; URLs are '' at the ends."""

    words: str
    previous_url: str
    next_url: str


@dataclass(frozen=True)
class Crumb:
    label: str
    url: str


@dataclass(frozen=True)
class ExplorePage:
    """`crumbs` lead from the whole payload to the place that is shown; `pointer` is that place's path."""

    title: str
    event_id: int
    size: int
    state: ExploreState
    url: str
    hidden_pairs: list[tuple[str, str]]
    crumbs: list[Crumb]
    pointer: str
    place: str
    views: list[tuple[str, str, bool]]
    rows: list[Row]
    text: TextPage | None
    found: Found | None
    notes: list[str]
    tags_url: str
    download_url: str
    reveal_url: str
    event_url: str

    @classmethod
    def of(cls, subject: Subject, event_id: int, state: ExploreState, *, exact: bool = False) -> Self:
        """Raises Http404 for an event without a payload and for a path that leads nowhere.

        `exact`: with its secrets, for whom that has been put on record.
        """
        looked = Look.at(subject, event_id, state, exact=exact)
        state, reading = looked.state, looked.reading
        role = reading.payload.role
        hits = looked.hits
        in_tree = state.view == "tree" and browse.is_group(looked.value)
        trail = hits[state.hit - 1] if hits and in_tree else ()
        return cls(
            title=role.capitalize(),
            event_id=event_id,
            size=len(reading.payload.text.encode("utf-8", "surrogatepass")),
            state=state,
            url=looked.url,
            hidden_pairs=[pair for pair in state.pairs(hit=1, page=0) if pair[0] not in ("q", "from", "to")],
            crumbs=_crumbs(looked),
            pointer=browse.written(state.path),
            place=_place(looked.value) if reading.is_json else "text, not JSON",
            views=_views(looked),
            rows=looked.rows(trail) if in_tree else [],
            text=None if in_tree else text_page(looked.text, state, looked.places),
            found=_found(looked) if state.q else None,
            notes=_notes(reading, exact=exact),
            tags_url=f"?{state.query(raw=not state.raw)}" if reading.tagged or state.raw else "",
            download_url="" if exact else subject.url("execution-payload", event_id),  # keeps the secrets back
            reveal_url=reveal_url(subject, event_id) if reading.hidden else "",
            event_url=f"{subject.url('execution-history')}?event={event_id}",
        )


@dataclass(frozen=True)
class Look:
    """A place in a payload. `value` is what stands at the path of `state`; `hits` are below it."""

    reading: Reading
    state: ExploreState
    value: Any
    url: str
    hits: list[Path]
    places: list[tuple[int, int]]

    @classmethod
    def at(cls, subject: Subject, event_id: int, state: ExploreState, *, exact: bool = False) -> Self:
        """Raises Http404."""
        reading = reading_of(subject, event_id, raw=state.raw, exact=exact)
        if reading is None:
            raise Http404("This event has no payload.")
        try:
            value = browse.value_at(reading.value, state.path)
        except NoSuchPlace:
            raise Http404("There is nothing at this path of the payload.") from None
        if not browse.is_group(value) and state.view == "tree":
            state = replace(state, view="text")
        url = subject.url("execution-revealed" if exact else "execution-explore", event_id)
        made = cls(reading, state, value, url, [], [])
        return made._searched() if state.q else made

    def _searched(self) -> "Self":
        state = self.state
        if state.view == "tree":
            hits = browse.search(self.value, state.q)
            return replace(self, hits=hits, state=replace(state, hit=min(state.hit, len(hits) or 1)))
        places = browse.places(self.text, state.q)
        return replace(self, places=places, state=replace(state, hit=min(state.hit, len(places) or 1)))

    @property
    def text(self) -> str:
        if self.state.view == "stored" and not self.state.path:
            return self.reading.stored()
        return self.reading.text_of(browse.written(self.state.path), self.value)

    def rows(self, trail: Path = ()) -> list[Row]:
        """The branch at this place, open along `trail`, which begins here."""
        return list(
            self._rows(self.value, self.state.path, self.state.start, self.state.stop or len(self.value), trail)
        )

    def _rows(self, value: Any, path: Path, start: int, stop: int, trail: Path) -> Iterator[Row]:
        target = browse.index_of(value, trail[0]) if trail else None
        for one in browse.branch(value, path, start, stop):
            if isinstance(one, Span):
                inside = target is not None and one.start <= target < one.stop
                kids = list(self._rows(value, path, one.start, one.stop, trail)) if inside else None
                yield self._span(one, value, path, kids)
            else:
                on_trail = bool(trail) and one.path[-1] == trail[0]
                yield self._row(one, value, trail[1:] if on_trail else None)

    def _span(self, one: Span, value: Any, path: Path, kids: list[Row] | None) -> Row:
        query = self.state.only(path=path, start=one.start, stop=one.stop)
        label = f"{one.start:,} … {one.stop - 1:,}"
        return Row(
            label, "span", "", count(one.stop - one.start, *_nouns(value)), "", f"?{query}", self._branch(query), kids
        )

    def _row(self, one: Node, holder: Any, trail: Path | None) -> Row:
        """`trail`: what is left of the way to the match; None when this is not on it."""
        pointer, query = browse.written(one.path), self.state.only(path=one.path)
        value = browse.value_at(holder, one.path[-1:])
        is_hit = trail is not None and not trail
        if one.count:
            kids = list(self._rows(value, one.path, 0, len(value), trail)) if trail else None
            words = count(one.count, *_nouns(value))
            return Row(one.label, one.kind, one.text, words, pointer, f"?{query}", self._branch(query), kids, is_hit)
        copy = value if isinstance(value, str) else scalar(value)
        more = f"{one.left_out:,} more characters" if one.left_out else ""
        inner = self._branch(self.state.only(path=(*one.path, None))) if one.unwraps else ""
        short = copy if len(copy) <= LONGEST_COPY else ""
        return Row(one.label, one.kind, one.text, "", pointer, f"?{query}", inner, None, is_hit, short, more)

    def _branch(self, query: str) -> str:
        return f"{self.url}?part=branch&{query}"


def branch_rows(subject: Subject, event_id: int, state: ExploreState, *, exact: bool = False) -> list[Row]:
    """What is inside one branch, for a tree that is open in the browser; [] when it is not JSON. Raises Http404."""
    try:
        looked = Look.at(subject, event_id, replace(state, view="tree", q=""), exact=exact)
    except Http404:
        if state.path and state.path[-1] is None:
            return []  # a string that only looked like JSON
        raise
    return looked.rows() if browse.is_group(looked.value) else []


def _nouns(value: Any) -> tuple[str, str]:
    return ("field", "fields") if isinstance(value, dict) else ("item", "items")


def _place(value: Any) -> str:
    if browse.is_group(value):
        return count(len(value), *_nouns(value))
    return f"text of {len(value):,} characters" if isinstance(value, str) else browse.node(value, (), "").kind


def _views(looked: Look) -> list[tuple[str, str, bool]]:
    """(in a word, the URL, whether it is this one) of each way to show the place."""
    state = looked.state
    tree = [("tree", "tree")] if browse.is_group(looked.value) else []
    views = [*tree, ("text", "text"), *([("stored", "as stored")] if not state.path else [])]
    return [(word, f"?{state.query(view=view, hit=1, page=0)}", view == state.view) for view, word in views]


def _crumbs(looked: Look) -> list[Crumb]:
    state = looked.state
    labels = ["as JSON" if step is None else step or '""' for step in state.path]
    ways = [state.path[: at + 1] for at in range(len(state.path))]
    return [
        Crumb("payload", f"?{state.only()}"),
        *(Crumb(label, f"?{state.only(path=way)}") for label, way in zip(labels, ways, strict=True)),
    ]


def _notes(reading: Reading, *, exact: bool) -> list[str]:
    notes = ["Shown with its secrets: this look has been put on record."] if exact else []
    if reading.payload.truncated:
        notes.append("AWS has cut this payload: the rest was never readable.")
    if reading.hidden:
        notes.append(f"{count(reading.hidden, 'value is', 'values are')} hidden, by the names of the keys.")
    if reading.tagged:
        notes.append("The SDK's type tags are decoded; numbers are exactly as stored.")
    return notes


def _found(looked: Look) -> Found:
    number, hit = len(looked.hits or looked.places), looked.state.hit
    if not number:
        return Found("nothing found", "", "")
    many = "the first " if number == MOST_HITS else ""
    words = f"{hit:,} of {many}{count(number, 'match', 'matches')}"
    step = looked.state.query
    return Found(
        words,
        f"?{step(hit=hit - 1, page=0)}" if hit > 1 else "",
        f"?{step(hit=hit + 1, page=0)}" if hit < number else "",
    )
