"""One execution as a file to keep: HTML that needs nothing else, without secrets, cut to what a person can read."""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Self

from django.utils.safestring import SafeString, mark_safe

from dashboard.pages.gauges import Fact, facts
from dashboard.pages.history_rows import summary
from dashboard.pages.payload_box import readable
from dashboard.pages.tab import Subject
from dashboard.pages.timeline_rows import bars_html, kind_words, said, took
from executions import histories, sharing
from executions.domain import timeline
from executions.domain.diagnosis import whats_going_on
from executions.domain.events import Event, Payload, parse_events
from executions.domain.payloads import truncate
from executions.domain.timeline import Row
from executions.domain.words import count, size

MOST_ROWS, MOST_EVENTS = 600, 2_000
MOST_TEXT, MOST_TEXT_OF_ALL = 8 * 1024, 512 * 1024
"""Characters of one payload, and of all together."""
MOST_READ = 20 * 1024 * 1024
"""Bytes of history above which long payloads are not read for a report at all."""


@dataclass(frozen=True)
class Line:
    """An operation: its row of the timeline and of the table."""

    name: str
    depth: int
    kind: str
    status: str
    status_text: str
    started_at: float | None
    length: str
    attempts: int
    bars: SafeString


@dataclass(frozen=True)
class EventLine:
    event: Event
    what: str


@dataclass(frozen=True)
class PayloadText:
    title: str
    text: str
    note: str


@dataclass(frozen=True)
class Report:
    """`left_out` says in words what is not in it; `lacking`: what is missing of the history itself, or ""."""

    subject: Subject
    arn: str
    headline: str
    detail: str
    facts: list[Fact]
    lines: list[Line]
    events: list[EventLine]
    payloads: list[PayloadText]
    left_out: list[str]
    lacking: str
    made_at: dt.datetime

    @classmethod
    def of(cls, subject: Subject) -> Self:
        seen = replace(subject, execution=sharing.only_seen(subject.execution, sharing.REDACTED))
        history = seen.history
        story = whats_going_on(history, seen.execution.status, seen.seconds)
        rows = timeline.build(history, now=seen.seconds, collapse_idle=True)
        payloads, more = _payloads(seen)
        return cls(
            subject=seen,
            arn=subject.execution.arn,
            headline=story.headline,
            detail=story.detail,
            facts=facts(seen),
            lines=[_line(seen, row) for row in rows.window(0, MOST_ROWS)],
            events=[EventLine(event, summary(event)) for event in history.events[:MOST_EVENTS]],
            payloads=payloads,
            left_out=list(_left_out(len(history.operations), len(history.events), more)),
            lacking=histories.lacking(seen.execution),
            made_at=subject.now,
        )


def _line(subject: Subject, row: Row) -> Line:
    operation = subject.history.operations[row.operation_id]
    return Line(
        name=row.name,
        depth=min(row.depth, 12),
        kind=kind_words(row.kind, row.subtype),
        status=row.status,
        status_text=said(row.status),
        started_at=operation.started_at,
        length=took(row)[0],
        attempts=len(operation.attempts),
        bars=mark_safe(bars_html(row.bars, callback=row.kind == "Callback")),  # noqa: S308 - escaped where it is written
    )


def _left_out(operations: int, events: int, payloads: int) -> Iterator[str]:
    if operations > MOST_ROWS:
        yield f"{count(operations - MOST_ROWS, 'operation')} after the first {MOST_ROWS:,}"
    if events > MOST_EVENTS:
        yield f"{count(events - MOST_EVENTS, 'event')} after the first {MOST_EVENTS:,}"
    if payloads:
        yield f"{count(payloads, 'payload')}, to keep this file small"


def _payloads(subject: Subject) -> tuple[list[PayloadText], int]:
    """The execution's own first, then errors, then the others by event; and how many there was no room for."""
    events: Iterable[Event] = subject.history.events
    if subject.digest.stored_bytes <= MOST_READ:
        events = parse_events(histories.wire_events(subject.execution, with_payloads=True))
    holders = [(event, event.payload) for event in events if event.payload is not None]
    holders.sort(key=lambda one: (one[0].family != "Execution", one[1].role != "error", one[0].id))
    found: list[PayloadText] = []
    room = MOST_TEXT_OF_ALL
    for event, payload in holders:
        if room <= 0:
            break
        found.append(_payload(subject, event, payload))
        room -= len(found[-1].text)
    return found, len(holders) - len(found)


def _payload(subject: Subject, event: Event, payload: Payload) -> PayloadText:
    of = subject.history.operations.get(event.operation_id or "")
    owner = of.label if of else "the execution"
    whole = readable(payload).text
    text, cut = truncate(whole, MOST_TEXT)
    notes = [f"the first {size(MOST_TEXT)} of {size(len(whole))}"] if cut else []
    notes += ["cut by AWS"] if payload.truncated else []
    notes += ["too long to be read for this report"] if not whole and subject.digest.stored_bytes > MOST_READ else []
    return PayloadText(f"{payload.role} of {owner}, event {event.id:,}", text, ", ".join(notes))
