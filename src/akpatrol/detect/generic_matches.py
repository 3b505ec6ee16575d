"""Drop matches of generic rules beside those of specific ones, as gitleaks does (``filter`` in its detect/utils.go).

A generic rule's match goes where a specific rule, on the same line, finds a secret that holds it. Lines are those where
the patterns' matches begin. Anyreach's own rules count for nothing here: gitleaks does not have them.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING

from akpatrol.rules.literals import is_generic

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from akpatrol.detect.place_conditions import PlaceConditions
    from akpatrol.model.scan import Chunk, Match
    from akpatrol.rules.rule import Rule

# Among more secrets than a few, one is found by so many bytes; longer ones are few.
_FEW, _PART_BYTES, _LONGEST_BYTES = 32, 8, 256


class GenericRules:
    """The generic ones among the foreign rules of a set."""

    def __init__(self, rules: Iterable[Rule], conditions: PlaceConditions) -> None:
        foreign = [rule for rule in rules if rule.is_foreign]
        self._generic = {rule.id for rule in foreign if is_generic(rule.id)}
        self._specific = {rule.id for rule in foreign} - self._generic
        self._conditions = conditions

    def without(self, chunk: Chunk, matches: list[Match]) -> list[Match]:
        """Return the matches in a chunk, given and returned in order, without those that are dropped.

        Without a path, one stays where the other rule may not apply, with the names of such rules.
        """
        if not any(match.rule_id in self._generic for match in matches):
            return matches
        specific: dict[int, SecretsOfLine] = defaultdict(SecretsOfLine)
        lines = list(_lines(chunk, matches))
        for match, line in zip(matches, lines, strict=True):
            if match.rule_id in self._specific:
                specific[line].add(match)
        kept = []
        for match, line in zip(matches, lines, strict=True):
            over = specific[line].over(match) if match.rule_id in self._generic else ()
            if not over:
                kept.append(match)
            elif chunk.origin.path is None and all(self._conditions.are_more(name, match.rule_id) for name in over):
                kept.append(match._replace(superseded=((match.rule_id, over),)))
        return kept


class SecretsOfLine:
    """The secrets of specific rules on one line; of the thousands on a long one, by each few bytes in them."""

    def __init__(self) -> None:
        self._all: list[tuple[bytes, str]] = []

    def add(self, match: Match) -> None:
        """Take in a match, before any is asked for."""
        self._all.append((match.secret.reveal(), match.rule_id))

    def over(self, match: Match) -> tuple[str, ...]:
        """Return the rules whose secrets hold that of a match."""
        secret = match.secret.reveal()
        near: Iterable[tuple[bytes, str]] = self._all
        if len(self._all) > _FEW and len(secret) >= _PART_BYTES:
            # The end of a secret is random where its beginning is not.
            near = chain(self._by_part.get(secret[-_PART_BYTES:], ()), self._long)
        return tuple(dict.fromkeys(rule_id for other, rule_id in near if secret in other))

    @cached_property
    def _long(self) -> list[tuple[bytes, str]]:
        return [found for found in self._all if len(found[0]) > _LONGEST_BYTES]

    @cached_property
    def _by_part(self) -> dict[bytes, list[tuple[bytes, str]]]:
        parts: dict[bytes, list[tuple[bytes, str]]] = defaultdict(list)
        for found in self._all:
            secret = found[0] if len(found[0]) <= _LONGEST_BYTES else b""
            for part in {secret[place : place + _PART_BYTES] for place in range(len(secret) - _PART_BYTES + 1)}:
                parts[part].append(found)
        return parts


def _lines(chunk: Chunk, matches: Sequence[Match]) -> Iterable[int]:
    """Yield the number of the line, or of the name, where each match begins."""
    line = position = 0
    for match in matches:
        line += chunk.data.count(b"\0" if chunk.names else b"\n", position, match.start)
        position = match.start
        yield line - match.lines_before
