"""What is asked about one callback, the form to answer it with, and who has said what."""

import datetime as dt
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse
from django.utils.safestring import SafeString

from dashboard import markdown
from dashboard.forms.answering import Draft, Outgoing
from dashboard.pages.asked import Fact, boxes_of, facts_of
from dashboard.pages.payload_box import PayloadBox
from executions.actions import permissions
from executions.actions.votes import standing_of, vote_of
from executions.domain.decisions import Form, Standing
from executions.domain.words import count
from executions.models import ActionRecord, Callback, Claim

ANSWERS = (ActionRecord.Kind.SUCCEED, ActionRecord.Kind.FAIL)
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


@dataclass(frozen=True)
class VoteLine:
    """What one person said last. `repeat`: the number of their vote for who may approve the same bytes, or 0."""

    username: str
    is_success: bool
    what: str
    reason: str
    at: dt.datetime
    why_not: str
    repeat: int


@dataclass(frozen=True)
class RecordLine:
    """An answer that was sent; `what` was in it."""

    record: ActionRecord
    what: str


@dataclass(frozen=True)
class ClaimLine:
    """`mine`: of the one who looks. `kept_alive`: heartbeats are being sent for them."""

    username: str
    since: dt.datetime
    mine: bool
    kept_alive: bool
    beats: int
    beat_at: dt.datetime | None


@dataclass(frozen=True)
class Buttons:
    """What may be pressed besides the answer."""

    claim: bool
    release: bool
    beat: bool
    keep_alive: bool
    let_lapse: bool


@dataclass(frozen=True)
class Page:
    """`where`: "page", "dialog" or "pane". `said`: how what was just done went, as (tone, sentence), or None.

    `quorum` says how far a decision is that takes several people. `records`: what was sent to AWS, and came of it.
    `cancel_url`: whence somebody came.
    """

    callback: Callback
    title: str
    instructions: SafeString
    facts: list[Fact]
    boxes: list[PayloadBox]
    notes: list[str]
    quorum: str
    votes: list[VoteLine]
    records: list[RecordLine]
    why_not: str
    draft: Draft
    approve: str
    preview: Outgoing | None
    claim: ClaimLine | None
    buttons: Buttons
    paused: bool
    where: str
    url: str
    cancel_url: str
    preview_url: str
    said: tuple[str, str] | None
    rejecting: bool

    @classmethod
    def of(
        cls,
        user: Any,
        callback: Callback,
        draft: Draft,
        *,
        where: str = "page",
        back: str = "",
        said: tuple[str, str] | None = None,
        preview: Outgoing | None = None,
        rejecting: bool = False,
    ) -> Self:
        decision, standing = draft.decision, standing_of(callback, draft.decision)
        verdict = permissions.can_answer(user, callback)
        arguments = [callback.execution_id, callback.pk]
        claim = _claim(user, callback)
        query = urlencode({"in": where, **({"back": back} if back else {})})
        return cls(
            callback=callback,
            title=decision.title if decision else str(callback),
            instructions=instructions_of(decision, verdict.why),
            facts=facts_of(callback, decision) if decision else [],
            boxes=[] if decision and (decision.show or not verdict) else boxes_of(callback),
            notes=_notes(decision) if verdict else [],
            quorum=_quorum(standing, decision),
            votes=_votes(user, callback, standing, bool(verdict)),
            records=_records(callback),
            why_not=verdict.why,
            draft=draft,
            approve=_approve(user, standing, decision),
            preview=preview,
            claim=claim,
            buttons=_buttons(user, callback, claim),
            paused=callback.execution.status in ("PAUSING", "PAUSED"),
            where=where,
            url=f"{reverse('callback-answer', args=arguments)}?{query}",
            cancel_url=back or reverse("execution", args=[callback.execution_id]),
            preview_url=reverse("callback-preview", args=arguments),
            said=said,
            rejecting=rejecting,
        )


def instructions_of(decision: Form | None, said: str) -> SafeString:
    """Of a decision form that cannot be used they are why, which is `said` elsewhere already."""
    return markdown.as_html(decision.instructions) if decision and decision.instructions != said else SafeString("")


def _notes(decision: Form | None) -> list[str]:
    if decision is None:
        return []
    found = []
    if decision.approvals > 1:
        ends = "One refusal ends it." if decision.one_refusal_ends else f"So do {decision.approvals} refusals."
        found.append(f"{decision.approvals} people must approve the same. {ends}")
    if decision.groups and (names := [name for name in decision.groups if name]):
        found.append(f"Decided by {' or '.join(names)}.")
    if decision.not_by_starter:
        found.append("Not by whoever started it, where that is known: you are not that person.")
    return found


def _quorum(standing: Standing, decision: Form | None) -> str:
    """How many of how many have approved; "" where one person decides, and before anybody has said anything."""
    if decision is None or decision.approvals == 1 or not standing.votes:
        return ""
    most = max((standing.alike(vote) for vote in standing.votes if vote.is_success and not vote.why_not), default=0)
    refused = sum(not vote.is_success and not vote.why_not for vote in standing.votes)
    also = f", {count(refused, 'refusal')} of {standing.refusals}" if refused else ""
    return f"Approvals {most} of {standing.approvals}{also}"


def _votes(user: Any, callback: Callback, standing: Standing, may: bool) -> list[VoteLine]:
    newest: dict[str, ActionRecord] = {}
    for record in callback.actions.all():
        if record.kind in (ActionRecord.Kind.APPROVE, ActionRecord.Kind.REFUSE):
            newest[record.username] = max(record, newest.get(record.username, record), key=lambda one: one.pk)
    return [
        VoteLine(
            username=vote.username,
            is_success=vote.is_success,
            what=vote.what,
            reason=vote.reason,
            at=vote.at,
            why_not=vote.why_not,
            repeat=newest[vote.username].pk if may and vote.is_success and vote.person != user.pk else 0,
        )
        for vote in standing.votes
    ]


def _records(callback: Callback) -> list[RecordLine]:
    found = sorted((one for one in callback.actions.all() if one.kind in ANSWERS), key=lambda one: one.pk)
    return [
        RecordLine(one, str(one.request["Result"]) if "Result" in one.request else vote_of(one).what) for one in found
    ]


def _approve(user: Any, standing: Standing, decision: Form | None) -> str:
    """The words of the button."""
    if decision is None:
        return "Send the answer"
    if decision.approvals == 1:
        return "Approve"
    others = [one for one in standing.votes if one.is_success and not one.why_not and one.person != user.pk]
    most = max((standing.alike(one) for one in others), default=0)
    return f"Approve as {ORDINALS[most]}" if most < len(ORDINALS) else "Approve"


def _claim(user: Any, callback: Callback) -> ClaimLine | None:
    had = Claim.objects.filter(callback=callback).first() if callback.is_open else None
    if had is None:
        return None
    kept = had.alive_since is not None
    return ClaimLine(had.username, had.since, had.user_id == user.pk, kept, had.beats, had.beat_at)


def _buttons(user: Any, callback: Callback, claim: ClaimLine | None) -> Buttons:
    claimable = bool(permissions.can_claim(user, callback))
    beats = bool(callback.heartbeat_seconds and permissions.can_heartbeat(user, callback))
    mine = claimable and claim is not None and claim.mine
    return Buttons(
        claim=claimable and not mine,
        release=mine,
        beat=beats,
        keep_alive=bool(mine and beats and settings.KEEP_ALIVE_HOURS and claim and not claim.kept_alive),
        let_lapse=bool(mine and claim and claim.kept_alive),
    )
