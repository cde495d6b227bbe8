"""What a schema's form is made of, as templates/answer/part.html draws it."""

from dataclasses import dataclass, field
from typing import Any, TypeAlias

from django.forms import BoundField


@dataclass
class Leaf:
    """One control. `fixed`: the value that cannot be chosen, in a list of one; then there is no control."""

    name: str
    required: bool
    nullable: bool
    bound: BoundField | None = None
    fixed: tuple[Any, ...] = ()
    kind: str = "leaf"


@dataclass
class Group:
    """An object; the keys are its properties. `legend` is "" at the top."""

    name: str
    required: bool
    nullable: bool
    legend: str
    help: str
    children: list[tuple[str, "Part"]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    kind: str = "group"

    @property
    def parts(self) -> "list[Part]":
        return [part for _, part in self.children]


@dataclass
class Rows:
    """A list. `count_name` is the hidden field that says how many rows there are."""

    name: str
    required: bool
    nullable: bool
    legend: str
    help: str
    count_name: str
    items: "list[Part]" = field(default_factory=list)
    may_add: bool = True
    may_remove: bool = True
    errors: list[str] = field(default_factory=list)
    kind: str = "rows"


Part: TypeAlias = Leaf | Group | Rows
