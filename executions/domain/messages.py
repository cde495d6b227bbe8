"""What a notification says: as an e-mail, as a Slack message, as JSON. Pure text; every name in it is hostile."""

import datetime as dt
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from executions.domain.notices import Event
from executions.domain.words import count, duration

MOST_LINES = 50
"""As many things are told one by one; of more, how many there are."""
MOST_PAYLOAD = 2000
"""Characters of a payload."""
_SAID = {
    Event.OPENED: ("callback opened", "callbacks opened"),
    Event.HALF: ("callback at half of its time", "callbacks at half of their time"),
    Event.NEARLY: ("callback at 90 % of its time", "callbacks at 90 % of their time"),
    Event.CLAIMED: ("callback claimed for long", "callbacks claimed for long"),
    Event.FAILED: ("execution failed", "executions failed"),
    Event.SILENT: ("push queue silent", "push queues silent"),
}


@dataclass(frozen=True)
class Item:
    """One thing to be told. `url` leads to where something can be done about it, "" when that is not known here.

    `payloads`: (label, text), redacted, only where the rule allows it. `more`: what the event needs to be said besides.
    """

    event: Event
    at: dt.datetime
    connection: str
    url: str = ""
    function: str = ""
    execution: str = ""
    execution_arn: str = ""
    callback: str = ""
    opened_at: dt.datetime | None = None
    timeout_at: dt.datetime | None = None
    more: str = ""
    payloads: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Message:
    """`total`: how many things it is about, of which `items` are told one by one; `rule_url` leads to the rule."""

    key: str
    rule: str
    team: str
    rule_url: str
    items: Sequence[Item]
    total: int
    now: dt.datetime
    test: bool = False

    @property
    def left_out(self) -> int:
        return self.total - len(self.items)


def subject(message: Message) -> str:
    """One line: the one thing, or how many of each."""
    if message.test:
        return "[Durascope] Test: this is how a notification arrives"
    if message.total == 1:
        return f"[Durascope] {headline(message.items[0])}"[:200]
    return "[Durascope] " + _counts(message)


def headline(item: Item) -> str:
    what = _SAID[item.event][0].capitalize()
    about = [one_line(name) for name in (item.callback, item.function or item.connection) if name]
    return f"{what}: {' · '.join(about)}"


def mail(message: Message) -> str:
    """Plain text."""
    if message.test:
        blocks = ["Somebody has pressed the test button of a notification rule. Nothing has happened."]
    else:
        blocks = ["\n".join(_lines(item, message.now)) for item in message.items]
    if message.left_out:
        blocks.append(f"And {count(message.left_out, 'more', 'more')}.")
    about = f"The rule “{one_line(message.rule)}” of {one_line(message.team)} sent this."
    return "\n\n".join([*blocks, "-- \n" + "\n".join(filter(None, [about, message.rule_url]))]) + "\n"


def slack(message: Message) -> dict[str, Any]:
    """The body for an incoming webhook. Text, with links in Slack's notation, which its likes understand as well."""
    if message.test:
        text = "*Test*: this is how a notification from Durascope arrives. Nothing has happened."
    else:
        lines = [] if message.total == 1 else [f"*{_slack_text(_counts(message))}*"]
        for item in message.items:
            head, *facts = _lines(item, message.now, link=False)
            head = f"<{_slack_url(item.url)}|{_slack_text(head)}>" if item.url else _slack_text(head)
            lines.append("\n".join([f"*{head}*", *(_slack_text(fact) for fact in facts)]))
        text = "\n".join([*lines, *([f"And {message.left_out:,} more."] if message.left_out else [])])
    rule = _slack_text(one_line(f"{message.rule} ({message.team})"))
    return {"text": f"{text}\n_{rule}_" if not message.rule_url else f"{text}\n<{_slack_url(message.rule_url)}|{rule}>"}


def body(message: Message) -> dict[str, Any]:
    """What a signed webhook carries; docs/notifications.md describes it."""
    return {
        "type": "durascope.test" if message.test else "durascope.notification",
        "timestamp": _iso(message.now),
        "data": {
            "rule": message.rule,
            "team": message.team,
            "total": message.total,
            "events": [_as_json(item) for item in message.items],
        },
    }


def one_line(text: str, most: int = 300) -> str:
    """Without line ends and what else cannot be seen, such as characters that turn the direction of what follows."""
    unseen = ("Cc", "Cf", "Cs", "Zl", "Zp")
    return "".join(" " if unicodedata.category(char) in unseen else char for char in text[:most])


def _counts(message: Message) -> str:
    counts = Counter(item.event for item in message.items)
    said = [count(counts[event], *_SAID[event]) for event in Event if counts[event]]
    return ", ".join([*said, *([f"and {message.left_out:,} more"] if message.left_out else [])])


def _lines(item: Item, now: dt.datetime, *, link: bool = True) -> list[str]:
    lines = [headline(item)]
    if item.execution:
        lines.append(f"Execution {one_line(item.execution)}, connection {one_line(item.connection)}.")
    lines += [
        f"At {item.at:%Y-%m-%d %H:%M:%S} UTC.{_deadline(item, now)}",
        *([one_line(item.more)] if item.more else []),
    ]
    lines += [f"{label}: {one_line(text, MOST_PAYLOAD)}" for label, text in item.payloads]
    return [*lines, item.url] if link and item.url else lines


def _deadline(item: Item, now: dt.datetime) -> str:
    if not item.callback:
        return ""
    if item.timeout_at is None:
        return " It waits for ever."
    left = (item.timeout_at - now).total_seconds()
    return f" It times out in {duration(left)}, at {item.timeout_at:%Y-%m-%d %H:%M:%S} UTC."


def _as_json(item: Item) -> dict[str, Any]:
    told: dict[str, Any] = {"event": item.event, "at": _iso(item.at), "connection": item.connection, "url": item.url}
    if item.function:
        told["function"] = item.function
        told["execution"] = {"name": item.execution, "arn": item.execution_arn}
    if item.callback:
        told["callback"] = {
            "name": item.callback,
            "opened_at": _iso(item.opened_at) if item.opened_at else None,
            "timeout_at": _iso(item.timeout_at) if item.timeout_at else None,
        }
    if item.more:
        told["more"] = item.more
    if item.payloads:
        told["payloads"] = dict(item.payloads)
    return told


def _iso(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _slack_text(text: str) -> str:
    """Without Slack's control characters, with which a name could mention everybody or lead elsewhere."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _slack_url(url: str) -> str:
    return url.replace("|", "%7C").replace(">", "%3E").replace("<", "%3C")
