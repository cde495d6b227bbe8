"""Inputs as a coffee shop's tills would send them; the same seed gives the same sequence."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

DRINKS = ("espresso", "flat white", "latte", "cortado", "抹茶ラテ")
# Names that a page must survive: every script, markup, quotes.
CUSTOMERS = (
    "Zoë Müller",
    "<script>alert('latte')</script>",
    "李小龍",
    "Amélie O'Brien",
    "مريم",
    '"><img src=x onerror=alert(1)>',
    "Søren 🥐",
    "Nguyễn Thị Hoa",
    "Ana",
    "Bob; DROP TABLE orders;--",
)
NOTES = ("", "extra hot", "oat milk, please 🌾", "no lid\nno straw", "Ünïcödé & <b>bold</b>", "for here")
# Card numbers beyond 2^53, where doubles start to skip integers.
FIRST_CARD = 9_007_199_254_740_993
FORGOTTEN_SECONDS = 60
# What the last orders before the cap wait: a demo left running still has callbacks to answer.
LONG_WAIT_SECONDS = 6 * 3600


@dataclass(frozen=True)
class Start:
    """One execution to start."""

    function: str
    name: str
    payload: dict[str, Any]
    qualifier: str | None = None


class Till:
    """Makes up what happens next in the shop."""

    def __init__(self, seed: int | None) -> None:
        self._random = random.Random(seed)
        self._number = 0

    def opening(self) -> list[Start]:
        """The first minute: each function once, each ending once, and some orders for a person to accept."""

        def order(failures: int, customer: str | None = None) -> Start:
            fixed = {"stepSeconds": 0.05, "paymentFailures": failures, "callbackTimeout": 900}
            return self.order(customer=customer, fixed=fixed)

        return [
            order(0, "<script>alert('latte')</script>"),
            Start("loyalty-points", self._name("points"), {"card": FIRST_CARD, "points": 42, "orderId": "gift"}),
            Start("refund", self._name("refund"), {"orderId": "order-0000", "amount": 13.37}),
            self._large_refund(),
            Start("slow-brew", self._name("cold-brew"), {"litres": 5, "note": "for the weekend"}),
            order(1),
            order(0),
            Start("open-tab", self._name("tab"), {"guest": "Søren 🥐", "table": 4, "roundSeconds": 20}),
            Start("open-tab", self._name("tab"), {"guest": "李小龍", "table": 9, "roundSeconds": 2}),
            Start("batch-roast", self._name("roast"), {"burnt": [3, 11]}),
            Start("daily-report", self._name("report"), {"date": "2026-01-31", "polls": 4}),
            order(0),
            order(2),
        ]

    def next(self, *, long_wait: bool = False) -> Start:
        """The next customer, or whatever else happens in a shop."""
        roll = self._random.random()
        if long_wait or roll < 0.58:
            return self.order(long_wait=long_wait)
        if roll < 0.61:
            return self._large_refund()
        if roll < 0.68:
            return Start("refund", self._name("refund"), {"orderId": f"order-{self._number:04d}", "amount": 4.2})
        if roll < 0.76:
            day = f"2026-01-{self._random.randint(1, 31):02d}"
            return Start("daily-report", self._name("report"), {"date": day, "polls": self._random.randint(2, 6)})
        if roll < 0.84:
            return self._roast()
        if roll < 0.91:
            return Start("slow-brew", self._name("cold-brew"), {"litres": self._random.randint(1, 9)})
        if roll < 0.97:
            card = FIRST_CARD + self._random.randrange(10**6)
            return Start("loyalty-points", self._name("points"), {"card": card, "points": 5, "orderId": "gift"})
        return Start("open-tab", self._name("tab"), {"guest": self._random.choice(CUSTOMERS), "roundSeconds": 15})

    def order(
        self, *, customer: str | None = None, long_wait: bool = False, fixed: Mapping[str, Any] | None = None
    ) -> Start:
        """One coffee order; ``fixed`` overrides fields of the payload."""
        pick = self._random
        name = self._name("order")
        payload: dict[str, Any] = {
            "orderId": name,
            "customer": {
                "name": customer or pick.choice(CUSTOMERS),
                "card": FIRST_CARD + 2 * pick.randrange(10**9),
                "contact": {"email": f"guest{self._number}@example.com", "push": pick.random() < 0.5},
            },
            "items": [self._item() for _ in range(pick.randint(1, 3))],
            "payment": {"method": "card", "token": f"tok_{pick.getrandbits(64):016x}", "tip": None},
            "note": pick.choice(NOTES),
            # Most cards need one or two attempts; one in fifty fails for good.
            "paymentFailures": pick.choices((0, 1, 2, 3, 4), (48, 26, 16, 8, 2))[0],
            "retryDelay": 1,
            "brewSeconds": pick.randint(3, 10),
            # One in twelve is forgotten: nobody answers within the minute it waits.
            "callbackTimeout": FORGOTTEN_SECONDS if pick.random() < 0.08 else 900,
            "heartbeatTimeout": pick.choice((300, 420, 600)),
        }
        if long_wait:
            payload |= {"callbackTimeout": LONG_WAIT_SECONDS, "heartbeatTimeout": LONG_WAIT_SECONDS}
        return Start(
            "coffee-order", name, payload | dict(fixed or {}), qualifier="live" if pick.random() < 0.3 else None
        )

    def _item(self) -> dict[str, Any]:
        extras = self._random.sample(("oat milk", "vanilla", "double shot", "décaf"), self._random.randint(0, 2))
        return {"drink": self._random.choice(DRINKS), "qty": self._random.randint(1, 3), "extras": extras}

    def _large_refund(self) -> Start:
        """One that only people can approve."""
        pick = self._random
        payload = {
            "orderId": f"order-{self._number:04d}",
            "amount": pick.choice((120.5, 240.0, 480.0)),
            "customer": 7000 + pick.randrange(1000),
            "reason": pick.choice(("arrived cold", "the wrong order", "never <b>arrived</b>")),
            "callbackTimeout": LONG_WAIT_SECONDS,
        }
        return Start("refund", self._name("refund"), payload)

    def _roast(self) -> Start:
        # Sometimes more lots burn than are tolerated: then the batch ends early.
        burnt = sorted(self._random.sample(range(20), self._random.choice((0, 1, 2, 2, 4, 7))))
        return Start("batch-roast", self._name("roast"), {"burnt": burnt, "jammed": [6, 13], "tolerated": 5})

    def _name(self, kind: str) -> str:
        self._number += 1
        return f"{kind}-{self._number:04d}"
