"""Invented data for the style guide: every partial in every state."""

import math
import time
from typing import Any

from django import template

register = template.Library()

JSON = """{
  "orderId": "o-1042",
  "items": [
    {"sku": "flat-white", "count": 2},
    {"sku": "croissant", "count": 1, "note": "no \\"butter\\", please <b>thanks</b>"}
  ],
  "total": 9.80,
  "authorisation": 12345678901234567890,
  "paid": true,
  "voucher": null,
  "empty": {}
}"""


@register.simple_tag
def samples() -> dict[str, Any]:
    """The contexts of the partials, as their comments list them."""
    now = time.time()
    return {
        "now": now,
        "minutes_ago": now - 190,
        "hours_ago": now - 15_300,
        "months_ago": now - 90 * 86_400,
        "soon": now + 180,
        "in_45_minutes": now + 2_700,
        "tomorrow": now + 90_000,
        "statuses": [
            "RUNNING",
            "WAITING",
            "WAITING_FOR_CALLBACK",
            "SUCCEEDED",
            "FAILED",
            "TIMED_OUT",
            "STOPPED",
            "PENDING",
            "READY",
            "STARTED",
            "CANCELLED",
            "SLEEPING",
            "RETRYING",
            "PAUSED",
            "NEVER_RAN",
            "QUARANTINED",
        ],
        "crumbs": [
            _link("Executions", "/executions/"),
            _link("coffee-order", "/functions/1/"),
            _link("order-1042", ""),
        ],
        "facts": [
            _fact("Started", at=now - 15_300),
            _fact("Code ran", "3.2 s", "of 4 h 15 m"),
            _fact("Operations", "14", "/ 3,000", share=0.005),
            _fact("Stored", "82 MB", "/ 100 MB", share=0.82),
            _fact("Execution timeout", "in 1 h 2 m", share=0.95),
            _fact("AWS deletes history", "7 days after end", note="kept here"),
        ],
        "tabs": [
            {**_link("Timeline", "#timeline"), "active": True, "count": None},
            {**_link("History", "#history"), "active": False, "count": 61},
            {**_link("Checkpoints", "#checkpoints"), "active": False, "count": 1204},
            {**_link("Input and result", "#payloads"), "active": False, "count": None},
        ],
        "filters": [
            _filter("function", "Function", "any", kind="text", hint="part of a name"),
            _filter(
                "status",
                "Status",
                "failed, stopped",
                on=True,
                options=[
                    _option("RUNNING", "Running", 311),
                    _option("SUCCEEDED", "Succeeded", 17_702),
                    _option("FAILED", "Failed", 158, checked=True),
                    _option("STOPPED", "Stopped", 33, checked=True),
                ],
            ),
            _filter("started", "Started", "last 7 days", kind="range", on=True),
            _filter(
                "connection",
                "Connection",
                "any",
                kind="choice",
                options=[
                    _option("", "any", None, checked=True),
                    _option("1", "retail, us-east-1", 12),
                    _option("2", "roastery, eu-central-1", 4),
                ],
            ),
        ],
        "keep": [{"name": "sort", "value": "started"}],
        "pairs": [
            _pair("Opened", at=now - 8_040),
            _pair("Timeout", "3 h"),
            _pair("Heartbeat", "every 5 m, last by operator"),
            _pair("Callback id", "eyJhcm4iOiJhcm46YXdz…", mono=True, copy="eyJhcm4iOiJhcm46YXdzOmxhbWJkYQ"),
            _pair("Logs", "Insights query", url="/functions/1/"),
        ],
        "payload": {
            "element_id": "payload-1",
            "title": "Asked with",
            "kind": "json",
            "text": JSON,
            "size": 240,
            "url": "/download",
            "notes": ["Type tags of the SDK are decoded."],
        },
        "text_payload": {
            "element_id": "payload-2",
            "title": "Error",
            "kind": "text",
            "size": None,
            "url": "",
            "notes": [],
            "text": 'Traceback (most recent call last):\n  File "h.py", line 4, in charge\nPaymentError: declined',
        },
        "diff": [
            _line(" ", "{"),
            _line(" ", '  "orderId": "o-1042",'),
            _line("-", '  "payment": {"state": "declined", "attempt": 2},'),
            _line("+", '  "payment": {"state": "captured", "attempt": 3,'),
            _line("+", '              "authorisation": 12345678901234567890},'),
            _line("@", "  12 lines unchanged"),
            _line("~", '  "receipt": "r-77120",'),
            _line(" ", '  "total": 9.80'),
            _line(" ", "}"),
        ],
        "confirm": {
            "title": "Stop order-1042?",
            "label": "Stop execution",
            "explain": [
                "Lambda ends it at the next checkpoint. It cannot be resumed.",
                "1 open callback will never be answered.",
            ],
            "fields": [
                _field(
                    "reason",
                    "Reason",
                    "textarea",
                    required=True,
                    hint="Kept in the audit log.",
                    error="Say why, in a few words.",
                ),
                _field("type", "Error type", "text", value="StoppedByOperator"),
                _field(
                    "after",
                    "Then",
                    "select",
                    value="none",
                    required=True,
                    options=[
                        {"value": "none", "label": "do nothing"},
                        {"value": "restart", "label": "start it again with the same input"},
                    ],
                ),
                _field("sure", "I know that payments may be left open", "checkbox", value=False, required=True),
            ],
        },
        "starts": _starts(),
        "activity": _activity(),
        "rows": [
            ("order-1042", "coffee-order", "WAITING", 15_300, "barista accepts · 45 m left"),
            ("batch-771", "batch-roast", "RUNNING", 12, "map 14 / 20"),
            ("order-1041", "coffee-order", "SUCCEEDED", 240, ""),
            ("refund-88", "refund", "FAILED", 360, "charge card: PaymentError: card declined"),
            ("daily-2026-11-23", "daily-report", "TIMED_OUT", 3_120, "execution timed out after 60 s"),
            ("tab-table-4", "open-tab", "STOPPED", 7_200, "stopped by operator: table left"),
            ("kyc-20391", "kyc-review", "QUARANTINED", 260_000, "a status that this version does not know"),
        ],
    }


def _link(label: str, url: str) -> dict[str, Any]:
    return {"label": label, "url": url}


def _fact(
    label: str, value: str = "", rest: str = "", note: str = "", at: float | None = None, share: float | None = None
) -> dict[str, Any]:
    return {"label": label, "value": value, "rest": rest, "note": note, "at": at, "share": share}


def _option(value: str, label: str, count: int | None, checked: bool = False) -> dict[str, Any]:
    return {"value": value, "label": label, "count": count, "checked": checked}


def _filter(name: str, label: str, value: str, **changes: Any) -> dict[str, Any]:
    plain = {"kind": "choices", "on": False, "options": [], "text": "", "hint": "", "start": "", "end": ""}
    return {"name": name, "label": label, "value": value, **plain, **changes}


def _pair(label: str, value: str = "", **changes: Any) -> dict[str, Any]:
    return {"label": label, "value": value, "at": None, "mono": False, "url": "", "copy": "", **changes}


def _line(sign: str, text: str) -> dict[str, str]:
    return {"sign": sign, "text": text}


def _field(name: str, label: str, kind: str, **changes: Any) -> dict[str, Any]:
    plain = {"value": "", "required": False, "hint": "", "error": "", "options": []}
    return {"name": name, "label": label, "kind": kind, **plain, **changes}


def _starts() -> dict[str, Any]:
    """A histogram of starts: failed ones below, the others above."""
    hours = list(range(48))
    good = [20 + round(14 * abs(math.sin(hour * 1.7))) for hour in hours]
    bad = [hour % 9 // 8 * 6 for hour in hours]
    return {
        "data": [
            {"type": "bar", "x": hours, "y": bad, "name": "failed", "meta": {"tone": "bad"}},
            {"type": "bar", "x": hours, "y": good, "name": "succeeded", "meta": {"tone": "ok"}},
        ],
        "layout": {
            "barmode": "stack",
            "margin": {"l": 2, "r": 2, "t": 2, "b": 2},
            "xaxis": {"visible": False},
            "yaxis": {"visible": False},
        },
    }


def _activity() -> dict[str, Any]:
    """How much was going on, for the brush over a timeline."""
    high = [0, 8, 9, 8, 9, 10, 9, 8, 1, 1, 1, 1, 1, 1, 1, 1, 1, 8, 9, 8, 9, 8, 7, 2, 2, 2, 2, 2, 2, 2]
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "lines",
                "fill": "tozeroy",
                "x": list(range(len(high))),
                "y": high,
                "meta": {"tone": "info"},
            }
        ],
        "layout": {
            "margin": {"l": 0, "r": 0, "t": 2, "b": 2},
            "dragmode": "select",
            "selectdirection": "h",
            "xaxis": {"visible": False, "fixedrange": True},
            "yaxis": {"visible": False, "fixedrange": True},
        },
    }
