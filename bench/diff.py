"""The difference of two payloads of about a megabyte, as the checkpoints' page makes it, against reading both.

floor    read both without loss of digits: executions.domain.jsontext.parse, which any comparison has to do
ours     dashboard.pages.diff_box: compared, type tags decoded, secrets hidden, lines cut to what is shown
json     the standard library's json.loads of both, which loses digits: to see what the floor itself costs

The times are the processor's own, so that other work on the machine counts little.
"""

import copy
import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

from bench import report

ROUNDS = int(os.environ.get("BENCH_DIFF_ROUNDS", "15"))
GOAL = 3.0
FLOOR, OURS, PLAIN = "read both (floor)", "their difference", "json.loads of both"


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
    import django

    django.setup()
    print(f"machine: {report.machine()}")
    missed = [name for name, pair in pairs().items() if not _measure(name, *pair)]
    for name in missed:
        print(f"{name}: more than {GOAL:g} x reading both")
    return 1 if missed else 0


def pairs() -> dict[str, tuple[str, str]]:
    """Payloads before and after, of about a megabyte each."""
    rows = [_row(number) for number in range(8_000)]
    tagged = [{"t": "m", "v": {key: _tag(value) for key, value in row.items()}} for row in rows[:3_500]]
    changed = [{**row, "price": row["price"] + 1} for row in rows]
    texts = {f"page-{number}": f"{number} " + "a paragraph about coffee " * 40 for number in range(1_000)}
    return {
        "a list of 8,000 orders, 5 edits": (json.dumps({"rows": rows}), json.dumps({"rows": _edited(rows)})),
        "the same with the SDK's type tags": (_tagged(tagged), _tagged(_edited(tagged))),
        "1,000 long texts, one changed": (json.dumps(texts), json.dumps({**texts, "page-500": "empty"})),
        "a list of 8,000 orders, all changed": (json.dumps({"rows": rows}), json.dumps({"rows": changed})),
    }


def _row(number: int) -> dict[str, Any]:
    return {
        "id": number,
        "sku": f"bean-{number:05d}",
        "name": f"roast number {number}",
        "price": 9.5 + number / 100,
        "sizes": ["s", "m", "l"],
        "organic": number % 2 == 0,
        "note": None,
        "token": f"t-{number}",
    }


def _tag(value: Any) -> dict[str, Any]:
    if isinstance(value, list):
        return {"t": "l", "v": [_tag(item) for item in value]}
    for kind, tag in ((bool, "b"), (int, "i"), (float, "f"), (str, "s")):
        if isinstance(value, kind):
            return {"t": tag, "v": value}
    return {"t": "n", "v": None}


def _tagged(items: list[Any]) -> str:
    return json.dumps({"t": "m", "v": {"rows": {"t": "l", "v": items}}})


def _edited(rows: list[Any]) -> list[Any]:
    """Three rows changed, one put in, one taken out."""
    made = copy.deepcopy(rows)
    for number in (7, len(made) // 2, len(made) - 9):
        made[number] = copy.deepcopy(rows[number - 1])
    made.insert(100, copy.deepcopy(rows[50]))
    del made[len(made) // 3]
    return made


def _measure(name: str, before: str, after: str) -> bool:
    from dashboard.pages.diff_box import DiffBox, DiffView
    from executions.domain.events import Payload
    from executions.domain.jsontext import parse

    old, new = Payload("result", before, False), Payload("result", after, False)
    ways: dict[str, Callable[[], object]] = {
        FLOOR: lambda: (parse(before), parse(after)),
        OURS: lambda: DiffBox.between(old, new, DiffView(), title="", left="A", right="B"),
        PLAIN: lambda: (json.loads(before), json.loads(after)),
    }
    timings: dict[str, list[float]] = {way: [] for way in ways}
    for round_number in range(ROUNDS + 1):
        for way, run in ways.items():
            began = time.process_time()
            run()
            if round_number:
                timings[way].append(time.process_time() - began)
    title = f"{name}: {len(before) / 1e6:.2f} and {len(after) / 1e6:.2f} MB, {ROUNDS} rounds in turn"
    return report.rows(title, timings, FLOOR)[OURS] <= GOAL


if __name__ == "__main__":
    sys.exit(main())
