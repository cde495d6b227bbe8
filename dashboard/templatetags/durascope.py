"""Template tags: statuses, times, durations and numbers, looking the same on every page.

The tags are built into every template (settings list this module among the engine's builtins), and fast: a list page
renders hundreds of them. Words must read the same here and in static/js/time.js, which keeps them fresh in the browser.
"""

import json
import time as clock
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias

from django import template
from django.core.serializers.json import DjangoJSONEncoder
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from dashboard.env import ROOT
from executions.domain import words
from executions.domain.sentences import Part, parts_of

register = template.Library()

When: TypeAlias = datetime | float | int | None

MINUTE: Final = 60
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
MONTH: Final = 30 * DAY


class Look(NamedTuple):
    """How a status is shown. The tone is one of ok, info, warn, bad, grey."""

    tone: str
    icon: str
    word: str


# Lambda's execution and operation statuses, then what this dashboard says itself. Any other is shown in grey as it is.
LOOKS: Final = {
    "RUNNING": Look("info", "running", "Running"),
    "SUCCEEDED": Look("ok", "succeeded", "Succeeded"),
    "FAILED": Look("bad", "failed", "Failed"),
    "TIMED_OUT": Look("bad", "timed-out", "Timed out"),
    "STOPPED": Look("grey", "stopped", "Stopped"),
    "STARTED": Look("info", "running", "Started"),
    "PAUSING": Look("grey", "paused", "Pausing"),
    "DELETING": Look("grey", "cancelled", "Deleting"),
    "PENDING": Look("info", "pending", "Pending"),
    "READY": Look("info", "pending", "Ready"),
    "CANCELLED": Look("grey", "cancelled", "Cancelled"),
    "WAITING": Look("warn", "callback", "Waiting"),
    "WAITING_FOR_CALLBACK": Look("warn", "callback", "Waiting for a callback"),
    "SLEEPING": Look("info", "wait", "Sleeping"),
    "RETRYING": Look("warn", "refresh", "Retrying"),
    "OPEN": Look("warn", "callback", "Open"),
    "PAUSED": Look("grey", "paused", "Paused"),
    "NEVER_RAN": Look("grey", "minus", "Never ran"),
    "GONE": Look("grey", "minus", "Gone at AWS"),
    "CONNECTION_REMOVED": Look("grey", "minus", "Connection removed"),
}


ICONS: Final[dict[str, str]] = json.loads((ROOT / "static/icons.json").read_text())
"""The path of each icon in a square of 24; static/vendor.mjs makes them."""


@lru_cache(maxsize=512)
def _icon(name: str, label: str) -> SafeString:
    voice = f'role="img" aria-label="{escape(label)}"' if label else 'aria-hidden="true"'
    shape = ICONS.get(name, ICONS["unknown"])
    return mark_safe(f'<svg class="icon" {voice} viewBox="0 0 24 24"><path d="{shape}"/></svg>')  # noqa: S308


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """`{% icon "copy" %}`, decoration; with a label it is read aloud. Names: the list in static/vendor.mjs."""
    return _icon(name, label)


@lru_cache(maxsize=1024)
def _badge(tone: str, icon_name: str, text: str) -> SafeString:
    return mark_safe(f'<span class="st st-{escape(tone)}">{_icon(icon_name, "")}{escape(text)}</span>')  # noqa: S308


@register.simple_tag
def badge(tone: str, icon_name: str, text: object) -> SafeString:
    """`{% badge "warn" "wait" "45 m left" %}`; the tone is one of ok, info, warn, bad, grey."""
    return _badge(tone, icon_name, str(text))


@register.simple_tag
def status_badge(status: str | None, text: str = "") -> SafeString:
    """`{% status_badge execution.status %}`, or with words of your own after it. Unknown statuses keep their text."""
    if not status:
        return _badge("grey", "unknown", text or "Unknown")
    look = LOOKS.get(status)
    if look is None:
        return _badge("grey", "unknown", text or status)
    return _badge(look.tone, look.icon, text or look.word)


@register.filter
def status_tone(status: str) -> str:
    """ok, info, warn, bad or grey: for classes such as `dot-{{ status|status_tone }}`."""
    look = LOOKS.get(status)
    return look.tone if look else "grey"


@register.filter
def status_word(status: str) -> str:
    """The status in words, without colour or icon: for sentences, titles and options of a select."""
    look = LOOKS.get(status)
    return look.word if look else str(status)


def relative(epoch: float, now: float) -> str:
    """In words: "12 s ago", "4 h 15 m ago", "in 3 d", "now"; a date when it is more than 30 days away."""
    seconds = now - epoch
    size = abs(seconds)
    if size < 1:
        return "now"
    if size >= MONTH:
        return f"{datetime.fromtimestamp(epoch, UTC):%Y-%m-%d}"
    text = _coarse(int(size))
    return f"{text} ago" if seconds > 0 else f"in {text}"


def _coarse(size: int) -> str:
    """Whole seconds as at most two units, the second only where the first is small."""
    if size < MINUTE:
        return f"{size} s"
    if size < HOUR:
        return f"{size // MINUTE} m"
    if size < DAY:
        hours, minutes = size // HOUR, size % HOUR // MINUTE
        return f"{hours} h {minutes} m" if minutes and hours < 10 else f"{hours} h"
    days, hours = size // DAY, size % DAY // HOUR
    return f"{days} d {hours} h" if hours and days < 3 else f"{days} d"


def _moment(value: datetime | float) -> tuple[float, datetime]:
    if isinstance(value, datetime):
        return value.timestamp(), value if value.tzinfo is UTC else value.astimezone(UTC)
    return float(value), datetime.fromtimestamp(value, UTC)


def _absolute(moment: datetime, between: str = " ") -> str:
    """`moment` is in UTC. strftime takes four times as long, and a page has a hundred moments."""
    return moment.isoformat(between, "seconds")[:19]


@register.simple_tag(name="time")
def time_tag(value: When, mode: str = "auto", none: str = "not known") -> SafeString:
    """A moment as `<time>`: an aware datetime, epoch seconds, or None (a dash whose title is `none`).

    Modes: "auto" follows the page's switch between relative, local and UTC; "clock" shows hours to milliseconds and
    "full" date to milliseconds, both local or UTC by the switch and never relative.
    """
    if value is None:
        return mark_safe(f'<span class="t none" title="{escape(none)}">–</span>')  # noqa: S308
    epoch, moment = _moment(value)
    if mode == "clock":
        text = f"{moment:%H:%M:%S}.{moment.microsecond // 1000:03d}"
    elif mode == "full":
        text = f"{_absolute(moment)}.{moment.microsecond // 1000:03d}"
    else:
        text = relative(epoch, clock.time())
    iso = f"{_absolute(moment, 'T')}.{moment.microsecond // 1000:03d}Z"
    # Cut to the millisecond, as the text is: static/js/time.js writes the same again.
    cut = f"{moment.replace(microsecond=0).timestamp():.0f}.{moment.microsecond // 1000:03d}"
    return mark_safe(  # noqa: S308 - digits and letters of our own
        f'<time class="t" datetime="{iso}" data-epoch="{cut}" data-mode="{escape(mode)}"'
        f' title="{_absolute(moment)} UTC">{text}</time>'
    )


@register.simple_tag
def utc(value: float) -> str:
    """Epoch seconds as plain text to the millisecond, for what is read without our scripts."""
    moment = datetime.fromtimestamp(value, UTC)
    return f"{_absolute(moment)}.{moment.microsecond // 1000:03d}"


@register.simple_tag
def countdown(value: When, none: str = "no deadline") -> SafeString:
    """What is left until a deadline: "45 m left", "overdue by 3 m"; kept fresh by static/js/time.js.

    Under an hour it turns amber, under five minutes red.
    """
    if value is None:
        return mark_safe(f'<span class="left none">{escape(none)}</span>')  # noqa: S308
    epoch, moment = _moment(value)
    left = epoch - clock.time()
    tone = "bad" if left < 5 * MINUTE else "warn" if left < HOUR else "grey"
    text = f"{_coarse(int(left))} left" if left > 0 else f"overdue by {_coarse(int(-left))}"
    return mark_safe(  # noqa: S308
        f'<time class="left left-{tone}" datetime="{_absolute(moment, "T")}Z" data-epoch="{epoch:.3f}"'
        f' data-mode="left" title="{_absolute(moment)} UTC">{text}</time>'
    )


@register.simple_tag
def duration(seconds: float | None, none: str = "not known") -> SafeString:
    """`{% duration 192.4 %}`: "3 m 12 s", the exact seconds in the title; None is a dash."""
    if seconds is None:
        return mark_safe(f'<span class="num none" title="{escape(none)}">–</span>')  # noqa: S308
    return mark_safe(f'<span class="num" title="{seconds:,.3f} s">{escape(words.duration(seconds))}</span>')  # noqa: S308


@register.simple_tag
def elapsed(since: When) -> SafeString:
    """How long something has been going on, counting up in the browser: "2 h 14 m"."""
    if since is None:
        return mark_safe('<span class="num none" title="not known">–</span>')
    epoch, moment = _moment(since)
    text = _coarse(max(0, int(clock.time() - epoch)))
    return mark_safe(  # noqa: S308
        f'<time class="num" datetime="{_absolute(moment, "T")}Z" data-epoch="{epoch:.3f}" data-mode="elapsed"'
        f' title="since {_absolute(moment)} UTC">{text}</time>'
    )


@register.simple_tag
def sentence(text: str, url: str = "") -> SafeString:
    """A sentence with its names in bold, as links to `url`, and its clocks running."""
    return mark_safe("".join(_part(part, url) for part in parts_of(text)))  # noqa: S308 - escaped below


def _part(part: Part, url: str) -> str:
    if part.kind == "name":
        words = f"<strong><bdi>{escape(part.text)}</bdi></strong>"
        return f'<a class="plain" href="{escape(url)}">{words}</a>' if url else words
    if part.kind == "text":
        return str(escape(part.text))
    now = clock.time()
    mode, far = ("elapsed", now - part.at) if part.kind == "since" else ("until", part.at - now)
    when = min(max(part.at, 0.0), 253_402_300_799.0)
    return (
        f'<time class="num" data-epoch="{when:.3f}" data-mode="{mode}"'
        f' title="{datetime.fromtimestamp(when, UTC):%Y-%m-%d %H:%M:%S} UTC">{_coarse(max(0, int(far)))}</time>'
    )


@register.filter
def number(value: float | None) -> str:
    """18204 -> "18,204"; None -> a dash."""
    return "–" if value is None else f"{value:,}"


@register.filter
def size(value: int | None) -> str:
    """Bytes in words: 38912 -> "38 KB"; None -> a dash."""
    return "–" if value is None else words.size(value)


@register.simple_tag
def plural(count: int, singular: str, many: str = "") -> str:
    """`{% plural 3 "operation" %}`: "3 operations"."""
    return words.count(count, singular, many or None)


@register.simple_tag
def copy_button(text: str, label: str) -> SafeString:
    """A small button that puts `text` on the clipboard; `label` says what it is, such as "execution ARN"."""
    return mark_safe(  # noqa: S308 - both are escaped
        f'<button type="button" class="copy" data-copy="{escape(text)}" aria-label="Copy {escape(label)}"'
        f' title="Copy {escape(label)}">{_icon("copy", "")}</button>'
    )


@register.simple_tag
def copy_link(path: str, label: str) -> SafeString:
    """The same for an address on this server: what is copied begins with where the page came from."""
    return mark_safe(  # noqa: S308 - both are escaped
        f'<button type="button" class="copy" data-copy-link="{escape(path)}" aria-label="Copy {escape(label)}"'
        f' title="Copy {escape(label)}">{_icon("share", "")}</button>'
    )


@register.filter
def as_json(value: object) -> str:
    """For an attribute that a script reads; escaped as any other text is."""
    return json.dumps(value, cls=DjangoJSONEncoder)
