"""Choose which of several rules names a finding: ours first, then the most specific one."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.rules.literals import specificity

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from akpatrol.rules.rule import Rule


class Precedence(NamedTuple):
    """The rank of a rule among others; the lowest names a finding."""

    foreign: bool
    unspecific: tuple[bool, ...]
    place: int


def precedence(rules: Sequence[Rule]) -> Callable[[str], Precedence]:
    """Return a function that gives the rank of a rule id; unknown rules come last."""
    by_id = {rule.id: (place, rule) for place, rule in enumerate(rules)}

    @cache
    def of(rule_id: str) -> Precedence:
        place, rule = by_id.get(rule_id, (len(by_id), None))
        if rule is None:
            return Precedence(foreign=True, unspecific=(True,) * 3, place=place)
        limits = specificity(rule)
        return Precedence(rule.kind.is_custom, tuple(not limit for limit in limits), place)

    return of
