"""The result of the prefilter, and the functions that both of its engines share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from array import array
    from collections.abc import Sequence

    from akpatrol.model.fired_triggers import TriggerEnds
    from akpatrol.model.trigger import Trigger
    from akpatrol.rules.rule import Rule

_LITTLE_BYTES = 128 << 10  # of which each match is reported
# Beyond so many, plus one in so many bytes, not every match is reported.
_MOST, _MOST_IN_BYTES = 1024, 64
# How rules and triggers become patterns; another number for another way.
_FORM = 6
GAP_BYTES = 256  # the engine's reach is much more than this and the longest match together


class PatternStore(Protocol):
    """A cache of compiled patterns from run to run; a key describes the patterns."""

    def holds(self, key: str) -> bool:
        """Return quickly whether there is a value under this key; it may still be unusable."""

    def get(self, key: str, /) -> bytes | None:
        """Return the value under this key, None without one."""

    def put(self, key: str, value: bytes) -> None:
        """Store a value under this key, if possible."""


class PrefilterResult:
    """The places to examine: ``ends`` of anchors as byte offsets, and the ``rules`` to run over everything.

    ``fired`` has, for each trigger that fires, where its matches end. When it is ``flooded``, there are too many
    anchors or triggers to report each: then one anchor is reported in every ``GAP_BYTES``.

    For some of the rules it is known where in the data they match: ``rule_ends`` has where each possible match ends, in
    order; ``touched`` has places in the text that a match requires, be it only a keyword.
    """

    __slots__ = ("ends", "fired", "flooded", "rule_ends", "rules", "touched")

    def __init__(self, rules: set[int]) -> None:
        self.ends: list[int] = []
        self.rules = rules
        self.fired: dict[int, TriggerEnds | array[int]] = {}
        self.flooded = False
        self.rule_ends: dict[int, list[int]] = {}
        self.touched: dict[int, list[int]] = {}

    def __bool__(self) -> bool:
        return bool(self.ends or self.rules or self.fired)


def has_anchor(rule: Rule) -> bool:
    """Return whether only the text around a rule's anchors is scanned; the anchor of a user's rule could miss some."""
    return bool(rule.anchor) and rule.shipped


def counts_characters(rule: Rule) -> bool:
    """Return whether a rule may match text beyond ASCII whose bytes its pattern does not match."""
    if rule.shipped:
        return False
    from akpatrol.rules.wide_patterns import is_counted  # noqa: PLC0415 - the shipped rules do without

    return is_counted(rule.regex)


def pattern_key(rules: Sequence[Rule], triggers: Sequence[Trigger]) -> str:
    """Return the key under which the compiled patterns of these rules and triggers are stored."""
    searched = [(rule.anchor, rule.regex, has_anchor(rule), () if rule.shipped else rule.keywords) for rule in rules]
    return repr((_FORM, searched, triggers))


def most_of(data: bytes) -> int:
    """Return how many matches in ``data`` are reported one by one."""
    return len(data) if len(data) <= _LITTLE_BYTES else _MOST + len(data) // _MOST_IN_BYTES
