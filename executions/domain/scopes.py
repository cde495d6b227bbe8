"""What a team may see: patterns of connections and functions, and whether its people may act there."""

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True)
class Rule:
    """Shell patterns (`*`, `?`, `[abc]`), case-sensitive as AWS's names are. Without `acts` people only look."""

    connections: str
    functions: str
    acts: bool = True

    def covers(self, connection: str, function: str) -> bool:
        return fnmatchcase(connection, self.connections) and self.covers_function(function)

    def covers_function(self, function: str) -> bool:
        """In some connection."""
        return fnmatchcase(function, self.functions)


@dataclass(frozen=True)
class Reach:
    """The functions that somebody sees, and those among them whose executions they may act on, by primary key.

    None: all of them, also those that are discovered later.
    """

    sees: frozenset[int] | None = None
    acts: frozenset[int] | None = None

    @property
    def is_limited(self) -> bool:
        return self.sees is not None

    def may_act(self, function_id: int) -> bool:
        return self.acts is None or function_id in self.acts


EVERYTHING = Reach()
NOTHING = Reach(frozenset(), frozenset())


def reach(rules: Iterable[Rule], functions: Iterable[tuple[int, str, str]]) -> Reach:
    """`functions`: (primary key, name of its connection, name)."""
    given = list(rules)
    sees: set[int] = set()
    acts: set[int] = set()
    for key, connection, name in functions:
        covering = [rule for rule in given if rule.covers(connection, name)]
        if covering:
            sees.add(key)
            if any(rule.acts for rule in covering):
                acts.add(key)
    return Reach(frozenset(sees), frozenset(acts))
