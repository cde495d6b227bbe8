"""A payload's text in pages, with what is searched for marked."""

from dataclasses import dataclass

from dashboard.pages.explore_state import ExploreState
from executions.domain.words import size

PAGE_TEXT = 40_000
"""Characters of a text on one page."""


@dataclass(frozen=True)
class Part:
    """A piece of a text: `mark` is "", "match" or "current"."""

    text: str
    mark: str


@dataclass(frozen=True)
class TextPage:
    parts: list[Part]
    words: str
    previous_url: str
    next_url: str


def text_page(text: str, state: ExploreState, places: list[tuple[int, int]]) -> TextPage:
    """The page that the state names, or the one with the match that it names. `places`: of what is searched for."""
    pages = max(1, -(-len(text) // PAGE_TEXT))
    current = places[state.hit - 1] if places else None
    page = state.page or (current[0] // PAGE_TEXT + 1 if current else 1)
    page = min(page, pages)
    start, stop = (page - 1) * PAGE_TEXT, min(page * PAGE_TEXT, len(text))
    words = "" if pages == 1 else f"page {page:,} of {pages:,}, {size(len(text))} in all"
    return TextPage(
        parts=_marked(text, start, stop, places, current),
        words=words,
        previous_url=f"?{state.query(page=page - 1)}" if page > 1 else "",
        next_url=f"?{state.query(page=page + 1)}" if page < pages else "",
    )


def _marked(
    text: str, start: int, stop: int, places: list[tuple[int, int]], current: tuple[int, int] | None
) -> list[Part]:
    """The text from `start` to `stop`, with the places of what is searched for marked."""
    parts, at = [], start
    for place in places:
        left, right = max(place[0], at), min(place[1], stop)
        if left >= right:
            continue
        if left > at:
            parts.append(Part(text[at:left], ""))
        parts.append(Part(text[left:right], "current" if place == current else "match"))
        at = right
    return [*parts, Part(text[at:stop], "")]
