"""What is missing in a history that has been read from both ends: said, and drawn where it is missing."""

from dataclasses import dataclass

from django.utils.safestring import SafeString, mark_safe

from dashboard.pages.tab import Subject
from dashboard.templatetags.durascope import icon
from executions.domain.timeline import Timeline

MOST_SAID = 5


@dataclass(frozen=True)
class Gap:
    """Events `first` to `last` are missing."""

    first: int
    last: int
    words: str


def gaps_of(subject: Subject) -> list[Gap]:
    return [Gap(first, last, _words(subject, first, last)) for first, last in subject.history.gaps]


def said(subject: Subject) -> list[str]:
    """A sentence for each gap, as long as they are few."""
    found = gaps_of(subject)
    more = len(found) - MOST_SAID
    return [f"{gap.words}." for gap in found[:MOST_SAID]] + (
        [f"{more} more stretches are missing."] if more > 0 else []
    )


def _words(subject: Subject, first: int, last: int) -> str:
    one = first == last
    which = f"Event {first:,}" if one else f"Events {first:,} to {last:,}"
    if subject.is_live:
        return f"{which} {'is' if one else 'are'} still being read"
    if subject.execution.is_imported:
        return f"{which} {'is' if one else 'are'} not in the file that was imported"
    return f"{which} {'was' if one else 'were'} gone at AWS before {'it was' if one else 'they were'} read"


def row_html(gap: Gap) -> str:
    """A line of the table of events."""
    return (
        f'<tr class="event-gap" id="gap-{gap.first}" data-gap="{gap.first}-{gap.last}">'
        f'<td colspan="5">{icon("pending")}{gap.words}</td></tr>\n'
    )


def lane_html(subject: Subject, timeline: Timeline) -> SafeString:
    """A row of the timeline with a bar for each stretch of time of which events are missing; '' when none is."""
    history, bars = subject.history, []
    for gap in gaps_of(subject):
        before, after = history.event(gap.first - 1), history.event(gap.last + 1)
        left = timeline.scale.x(before.at) if before else 0.0
        right = timeline.scale.x(after.at) if after else 100.0
        bars.append(
            f'<rect class="bar bar-gap" x="{left:.2f}%" width="{max(0.3, right - left):.2f}%" y="8" height="10" rx="2">'
            f"<title>{gap.words}</title></rect>"
        )
    if not bars:
        return SafeString("")
    words = " ".join(said(subject))
    return mark_safe(  # noqa: S308 - only numbers and fixed words
        f'<li class="tl-row d0 tl-lane tl-missing"><span class="tl-name">{icon("pending")}<span>{words}</span></span>'
        f'<svg class="bars" width="100%" height="26" aria-hidden="true">{"".join(bars)}</svg>'
        '<span class="tl-dur">?</span></li>'
    )
