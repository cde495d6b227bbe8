"""What an identity provider says of somebody, and the groups that this means here."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

EVERYBODY = "*"
"""Stands for whoever the provider lets in, whatever their claims."""


class BadMapping(ValueError):
    """A mapping that cannot be used; its text says why, in words that follow the name of what holds it."""


@dataclass(frozen=True)
class GroupMap:
    """Which value of the claim gives which groups."""

    groups: Mapping[str, tuple[str, ...]]

    @property
    def managed(self) -> frozenset[str]:
        """Every group that the provider gives, and hence takes away."""
        return frozenset(name for names in self.groups.values() for name in names)

    def groups_for(self, values: set[str]) -> frozenset[str]:
        given = {EVERYBODY, *values}
        return frozenset(name for value, names in self.groups.items() if value in given for name in names)


def parse_mapping(text: str) -> GroupMap:
    """Of "VALUE=GROUP; VALUE=GROUP"; a value may come repeatedly, and may hold "=" and "," itself, as a DN does."""
    found: dict[str, tuple[str, ...]] = {}
    for pair in filter(None, (part.strip() for part in text.split(";"))):
        value, mark, group = (part.strip() for part in pair.rpartition("="))
        if not mark or not value or not group:
            raise BadMapping(f"must list VALUE=GROUP, with semicolons between, not {pair!r}")
        found[value] = (*found.get(value, ()), group)
    return GroupMap(found)


def values_of(claims: Mapping[str, Any], name: str) -> set[str]:
    """The values of a claim, which is a text or a list of them. `name` may be a path: realm_access.roles."""
    found: Any = claims.get(name)
    if found is None:
        found = claims
        for part in name.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
    if isinstance(found, str):
        return {found}
    return {value for value in found if isinstance(value, str)} if isinstance(found, list) else set()


def text_of(claims: Mapping[str, Any], name: str) -> str:
    """A claim that is a text; "" where it is missing or something else."""
    found = claims.get(name)
    return found.strip() if isinstance(found, str) else ""
