"""One attempt to send one message by its rule's channel, and what is known afterwards."""

import base64
import datetime as dt
import email.utils
import hashlib
import hmac
import json
from dataclasses import dataclass
from enum import Enum, auto
from uuid import UUID

from django.conf import settings

from executions.domain import messages
from executions.domain.messages import Message
from executions.models import NoticeRule
from executions.notices import mail, outgoing, sealing

Channel = NoticeRule.Channel
_LATER = (408, 425, 429)
"""Answers between 400 and 499 that mean: another time."""


class End(Enum):
    SENT = auto()
    AGAIN = auto()
    NEVER = auto()
    UNSURE = auto()


@dataclass(frozen=True)
class Outcome:
    """`words` is a sentence; `after`: the receiver wants to be asked again so many seconds later, at the earliest."""

    end: End
    words: str
    after: float = 0.0


def send(rule: NoticeRule, message: Message, key: UUID) -> Outcome:
    """Never raises for what a receiver does."""
    try:
        target = sealing.unseal(rule.target)
        secret = sealing.unseal(rule.secret) if rule.secret else ""
    except sealing.Unreadable as error:
        return Outcome(End.NEVER, str(error))
    if rule.channel == Channel.EMAIL:
        return _by_mail(message, target.split(", "), key)
    if rule.channel == Channel.SLACK:
        return _posted(target, _json(messages.slack(message)), {}, repeatable=False)
    body = _json(messages.body(message))
    return _posted(target, body, signed(body, secret, key, message.now), repeatable=True)


def signed(body: bytes, secret: str, key: UUID, now: dt.datetime) -> dict[str, str]:
    """The headers by which a receiver knows who sent this, when, and whether it is new (Standard Webhooks)."""
    stamp = str(int(now.timestamp()))
    raw = base64.b64decode(secret.removeprefix(sealing.SECRET_PREFIX))
    digest = hmac.new(raw, f"{key}.{stamp}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": str(key),
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


def _by_mail(message: Message, to: list[str], key: UUID) -> Outcome:
    if not settings.EMAIL_READY:
        return Outcome(End.NEVER, "No e-mail is sent from here: EMAIL_URL is not set.")
    try:
        mail.send(subject=messages.subject(message), text=messages.mail(message), to=to, key=key)
    except mail.Rejected as error:
        return Outcome(End.NEVER if error.for_good else End.AGAIN, str(error))
    except mail.NotReached as error:
        return Outcome(End.AGAIN, str(error))
    except mail.Lost as error:
        return Outcome(End.UNSURE, f"{error} It may have arrived.")
    return Outcome(End.SENT, "The mail server took it.")


def _posted(url: str, body: bytes, headers: dict[str, str], *, repeatable: bool) -> Outcome:
    try:
        answer = outgoing.post(url, body, {"Content-Type": "application/json", **headers})
    except outgoing.Forbidden as error:
        return Outcome(End.NEVER, str(error))
    except outgoing.NotReached as error:
        return Outcome(End.AGAIN, str(error))
    except outgoing.Lost as error:
        return Outcome(End.AGAIN if repeatable else End.UNSURE, f"{error} It may have arrived.")
    return _judged(answer, repeatable=repeatable)


def _judged(answer: outgoing.Answer, *, repeatable: bool) -> Outcome:
    """What a receiver's status says."""
    status = answer.status
    if 200 <= status < 300:
        return Outcome(End.SENT, f"The receiver took it ({status}).")
    if 300 <= status < 400:
        return Outcome(End.NEVER, f"The receiver redirects ({status}), which is not followed: write where it leads.")
    if status >= 500 and not repeatable:
        return Outcome(End.UNSURE, f"The receiver broke over it ({status}). It may have arrived.")
    if status in _LATER or status >= 500:
        return Outcome(End.AGAIN, f"The receiver could not take it ({status}).", _seconds(answer.retry_after))
    return Outcome(End.NEVER, f"The receiver refused it ({status}): look at its address.")


def _seconds(retry_after: str) -> float:
    """A number of seconds or a date, an hour at the most; what cannot be read is nothing."""
    try:
        if retry_after.isascii() and retry_after.isdigit():
            wanted = float(retry_after[:6])
        else:
            at = email.utils.parsedate_to_datetime(retry_after)
            wanted = at.timestamp() - dt.datetime.now(tz=dt.UTC).timestamp()
    except (TypeError, ValueError, OverflowError):
        return 0.0
    return min(max(wanted, 0.0), 3600.0)


def _json(value: object) -> bytes:
    """Names may hold halves of surrogate pairs, which UTF-8 cannot say: JSON's escapes can."""
    return json.dumps(value, separators=(",", ":")).encode()
