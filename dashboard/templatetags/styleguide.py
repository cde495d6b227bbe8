"""Invented data for the style guide: every partial in every state."""

import datetime as dt
import math
import time
import uuid
from typing import Any

from django import template

from dashboard.forms.actions import StopForm
from dashboard.pages import filter_bar
from dashboard.pages.confirm import Confirm
from dashboard.pages.filters import Filters
from dashboard.pages.gauges import Fact
from executions.actions.permissions import YES
from executions.models import Execution, Function
from executions.queries import ListFilter

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
            _fact("Runs for", since=now - 15_300),
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
        "chips": filter_bar.bar(_filters(), ["coffee-order", "refund"], ["retail", "roastery"]),
        "wrong": [("Started", "Choose one of 1h, 24h, 7d, 30d.")],
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
        "confirm": _question(),
        "starts": _starts(),
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
    label: str,
    value: str = "",
    rest: str = "",
    note: str = "",
    at: float | None = None,
    since: float | None = None,
    share: float | None = None,
) -> Fact:
    started, begun = (None if one is None else dt.datetime.fromtimestamp(one, dt.UTC) for one in (at, since))
    return Fact(label, value, rest, note, started, begun, share)


def _filters() -> Filters:
    values = {"function": "coffee-order", "status": "FAILED", "started": "7d"}
    return Filters(ListFilter(), None, values)


def _question() -> Confirm:
    """With an error at a field: somebody has sent a reason that is too long."""
    order = Execution(pk=1, name="order-1042", function=Function(name="coffee-order"))
    form = StopForm({"reason": "x" * 2000, "token": str(uuid.UUID(int=1))})
    return Confirm.of(form, order, None, YES, asked="#stop")


def _pair(label: str, value: str = "", **changes: Any) -> dict[str, Any]:
    return {"label": label, "value": value, "at": None, "mono": False, "url": "", "copy": "", **changes}


def _line(sign: str, text: str) -> dict[str, str]:
    return {"sign": sign, "text": text}


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
