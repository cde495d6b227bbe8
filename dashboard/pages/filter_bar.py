"""The bar of filters above the list of executions: what each chip says, and where its choices lead."""

from dataclasses import dataclass, field

from dashboard.pages.filters import FAILURES, PRESETS, WAITING, Filters
from dashboard.templatetags.durascope import status_word
from executions.domain.statuses import ExecutionStatus

MANY_FUNCTIONS = 40
"""From here on a function's name is typed, with suggestions, rather than picked from a menu."""
SUGGESTED = 200


@dataclass(frozen=True)
class Choice:
    """One entry of a chip's menu: a link."""

    label: str
    url: str
    chosen: bool


@dataclass(frozen=True)
class Input:
    """A text, or a moment (`kind` is "search" or "datetime-local"), with what is wrong with it."""

    name: str
    label: str
    kind: str
    value: str
    hint: str
    wrong: str
    suggestions: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Chip:
    """`others`: the filters that its form keeps, hidden, as (name, value). `wrong`: on what cannot be used."""

    name: str
    label: str
    value: str
    narrows: bool
    choices: list[Choice]
    inputs: list[Input]
    others: list[tuple[str, str]]
    wrong: list[str]


def bar(filters: Filters, functions: list[str], connections: list[str]) -> list[Chip]:
    """`connections`: the names to choose from; without any the filter is there only where the address has it."""
    where = [_connection(filters, connections)] if connections or "connection" in filters.values else []
    return [
        _function(filters, functions),
        *where,
        _status(filters),
        _name(filters),
        _moments(filters, "started", "Started"),
        _moments(filters, "ended", "Ended"),
    ]


def _chip(
    filters: Filters, name: str, label: str, value: str, choices: list[Choice], inputs: list[Input], names: list[str]
) -> Chip:
    wrong = [filters.wrong[one] for one in names if one in filters.wrong]
    narrows = any(one in filters.values for one in names)
    shown = value if narrows else "any"
    return Chip(name, label, shown, narrows, choices, inputs, filters.others(*names), wrong)


def _choices(filters: Filters, name: str, labels: dict[str, str], *, clears: tuple[str, ...] = ()) -> list[Choice]:
    """ "Any" first; choosing one takes the filters in `clears` away, which it stands for."""
    current = filters.values.get(name, "")
    cleared = dict.fromkeys(clears, "")
    return [
        Choice(label, filters.url(**{name: value, **cleared}), chosen=value == current)
        for value, label in {"": "any", **labels}.items()
    ]


def _function(filters: Filters, functions: list[str]) -> Chip:
    value = filters.values.get("function", "")
    many = len(functions) > MANY_FUNCTIONS
    wrong = filters.wrong.get("function", "")
    inputs = []
    if many or wrong:
        hint = "The function's whole name"
        inputs = [Input("function", "Function", "search", value, hint, wrong, functions[:SUGGESTED] if many else [])]
    labels = {} if many else {name: name for name in functions}
    return _chip(filters, "function", "Function", value, _choices(filters, "function", labels), inputs, ["function"])


def _connection(filters: Filters, names: list[str]) -> Chip:
    choices = _choices(filters, "connection", {name: name for name in names})
    value = filters.values.get("connection", "")
    return _chip(filters, "connection", "Connection", value, choices, [], ["connection"])


def _status(filters: Filters) -> Chip:
    labels = {str(status): status_word(status) for status in ExecutionStatus}
    labels = {"RUNNING": labels.pop("RUNNING"), WAITING: "Waiting for a callback", **labels}
    labels[FAILURES] = "Failed or timed out"
    value = filters.values.get("status", "")
    choices = _choices(filters, "status", labels)
    return _chip(filters, "status", "Status", labels.get(value, value).lower(), choices, [], ["status"])


def _name(filters: Filters) -> Chip:
    value = filters.values.get("name", "")
    wrong = filters.wrong.get("name", "")
    inputs = [Input("name", "Name", "search", value, "Part of the name, or an ARN", wrong)]
    return _chip(filters, "name", "Name", value, [], inputs, ["name"])


def _moments(filters: Filters, which: str, label: str) -> Chip:
    ends = [f"{which}_from", f"{which}_to"]
    preset = filters.values.get(which, "")
    choices = _choices(filters, which, {key: words for key, (words, _) in PRESETS.items()}, clears=tuple(ends))
    inputs = [_moment(filters, name, words) for name, words in zip(ends, ("From (UTC)", "To (UTC)"), strict=True)]
    start, end = (filters.values.get(name, "") for name in ends)
    between = " – ".join(filter(None, [f"from {start}" if start else "", f"to {end}" if end else ""]))
    words = PRESETS[preset][0] if preset in PRESETS else preset
    value = ", ".join(filter(None, [words, between.replace("T", " ")]))
    return _chip(filters, which, label, value, choices, inputs, [which, *ends])


def _moment(filters: Filters, name: str, label: str) -> Input:
    """Browsers take no zone in such an input, and show nothing at all for a value that is no moment."""
    text, wrong = filters.values.get(name, ""), filters.wrong.get(name, "")
    if wrong:
        return Input(name, label, "text", text, "2026-11-23T14:05", wrong)
    return Input(name, label, "datetime-local", text.removesuffix("Z").removesuffix("+00:00"), "", "")
