"""What people did to an execution, as a lane of its timeline: a mark for each, where it happened."""

from html import escape

from django.utils.safestring import SafeString, mark_safe

from dashboard.pages.tab import Subject
from dashboard.templatetags.durascope import icon
from executions.domain.timeline import Timeline
from executions.domain.words import count, moment
from executions.models import ActionRecord

MOST = 200
_TONES = {
    ActionRecord.Outcome.REFUSED: "bad",
    ActionRecord.Outcome.UNCONFIRMED: "warn",
    ActionRecord.Outcome.UNKNOWN: "warn",
}


def lane_html(subject: Subject, timeline: Timeline) -> SafeString:
    """A row with a mark for each action; "" when nobody did anything, or when a share link tells of none."""
    records = subject.actions
    if not records:
        return SafeString("")
    marks = "".join(_mark(record, timeline, subject.now.timestamp()) for record in records[:MOST])
    total = count(len(records), "action")
    note = escape(f"last: {records[0].username}")
    return mark_safe(  # noqa: S308 - escaped above and in _mark
        f'<li class="tl-row d0 tl-lane tl-people"><span class="tl-name">{icon("user")}'
        f'<a href="#people">What people did</a><span class="note" title="{note}">{note}</span></span>'
        f'<svg class="bars" width="100%" height="26" aria-hidden="true">{marks}</svg>'
        f'<span class="tl-dur" title="{total}">{len(records):,}</span></li>'
    )


def _mark(record: ActionRecord, timeline: Timeline, now: float) -> str:
    """A start is on record before the execution has begun, a deletion after it has ended: they stand at the ends."""
    at = record.created_at.timestamp()
    x = min(max(timeline.scale.x(at), 0.0), 100.0)
    about = f" {record.callback}" if record.callback else ""
    words = f"{moment(at, now)}: {record.username} {record.get_kind_display()}{about} ({record.get_outcome_display()})"
    tone = _TONES.get(ActionRecord.Outcome(record.outcome), "info")
    return (
        f'<a href="#deed-{record.pk}" tabindex="-1"><circle class="deed deed-{tone}" cx="{x:.2f}%" cy="13" r="4.5"'
        f' data-action-id="{record.pk}"><title>{escape(words)}</title></circle></a>'
    )
