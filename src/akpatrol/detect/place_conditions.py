"""The conditions of rules on the paths and commits of their matches.

Those of an object are known only once its findings are placed. A match that they refuse must not have hidden another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from akpatrol.rules.rule import Rule


class PlaceConditions:
    """The conditions of each rule of a set; the shipped rules have none."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._by_rule = {
            rule.id: {rule.path, *(entry for entry in rule.allowlists if entry.paths or entry.commits)} - {""}
            for rule in rules
            if rule.is_foreign
        }

    def are_more(self, rule_id: str, other: str) -> bool:
        """Return whether a rule may be refused at a place where another one is not."""
        return not self._by_rule.get(rule_id, set()) <= self._by_rule.get(other, set())
