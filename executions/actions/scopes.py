"""Which functions somebody sees and acts on: those of their groups' scopes.

Somebody none of whose groups has a scope sees everything, or nothing with PEOPLE_WITHOUT_SCOPE=nothing. An admin
(superuser) is never limited. Decided once for each user object, that is once a request.
"""

from fnmatch import fnmatchcase
from typing import Any

from django.conf import settings

from executions.domain import scopes
from executions.domain.scopes import EVERYTHING, NOTHING, Reach, Rule
from executions.models import Function, Scope

_KEPT = "_durascope_reach"
_RULES = "_durascope_rules"
_NAMES = "_durascope_names"


def reach_of(user: Any) -> Reach:
    """What this person sees and acts on."""
    kept: Reach | None = getattr(user, _KEPT, None)
    if kept is None:
        kept = _reach(user)
        setattr(user, _KEPT, kept)
    return kept


def may_ask_for(user: Any, function_name: str) -> bool:
    """Whether AWS may be asked about a function that is not mirrored yet: in some connection this person sees it."""
    rules = _rules(user)
    return rules is None or any(rule.covers_function(function_name) for rule in rules)


def may_act_on(user: Any, connection: str, function_name: str) -> bool:
    """The same of acting, in one connection, on a function that may not be there yet."""
    rules = _rules(user)
    return rules is None or any(rule.acts and rule.covers(connection, function_name) for rule in rules)


def may_see_each(user: Any, covers: str) -> bool:
    """`covers`: lines CONNECTION/FUNCTION, of functions that may be gone, or */PATTERN. Whether this person sees what
    each names: that function, or some function of the pattern.
    """
    rules = _rules(user)
    return rules is None or all(_sees(user, rules, *line.partition("/")[::2]) for line in covers.split("\n"))


def _sees(user: Any, rules: list[Rule], connection: str, function: str) -> bool:
    if connection != "*":
        return any(rule.covers(connection, function) for rule in rules)
    names: set[str] | None = getattr(user, _NAMES, None)
    if names is None:
        names = set(Function.objects.filter(pk__in=reach_of(user).sees or ()).values_list("name", flat=True))
        setattr(user, _NAMES, names)
    return any(fnmatchcase(name, function) for name in names)


def _reach(user: Any) -> Reach:
    rules = _rules(user)
    if rules is None:
        return EVERYTHING
    if not rules:
        return NOTHING
    return scopes.reach(rules, Function.objects.values_list("pk", "connection__name", "name"))


def _rules(user: Any) -> list[Rule] | None:
    """None: not limited."""
    if user.is_superuser:
        return None
    kept: list[Rule] | None = getattr(user, _RULES, None)
    if kept is None:
        rows = Scope.objects.filter(group__user=user).values_list("connections", "functions", "acts")
        kept = [Rule(*row) for row in rows]
        setattr(user, _RULES, kept)
    if not kept and settings.PEOPLE_WITHOUT_SCOPE == "everything":
        return None
    return kept
