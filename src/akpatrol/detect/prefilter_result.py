"""The result of the prefilter, and what both of its engines share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from array import array
    from collections.abc import Sequence

    from akpatrol.model.fired_triggers import TriggerEnds
    from akpatrol.model.trigger import Trigger
    from akpatrol.rules.rule_file import Rule

_LITTLE_BYTES = 128 << 10  # of which each match is reported
# Of more than so many, and one in so many bytes, not each is reported.
_MOST, _MOST_IN_BYTES = 1024, 64
GAP_BYTES = 256  # the engine's reach is by far more than this and the longest match


class PatternStore(Protocol):
    """Where what takes a while to compile is kept from run to run, by a text that says what it is."""

    def holds(self, key: str) -> bool:
        """Say quickly whether anything is kept; it may still be of no use."""

    def get(self, key: str) -> bytes | None:
        """Return what was kept, None without it."""

    def put(self, key: str, value: bytes) -> None:
        """Keep it, if that is possible."""


class PrefilterResult:
    """Where to look: ``ends`` of anchors (byte offsets), ``rules`` to run over everything.

    ``alarms`` has, for each alarm that rings, where its matches end. Where it is ``flooded``, there are so many anchors
    or alarms that not each is told: then of anchors one in ``GAP_BYTES``.
    """

    __slots__ = ("alarms", "ends", "flooded", "rules")

    def __init__(self, rules: set[int]) -> None:
        self.ends: list[int] = []
        self.rules = rules
        self.alarms: dict[int, TriggerEnds | array[int]] = {}
        self.flooded = False

    def __bool__(self) -> bool:
        return bool(self.ends or self.rules or self.alarms)


def has_anchor(rule: Rule) -> bool:
    """Tell whether only the surroundings of a rule's anchors are looked at; a user's could hide what they miss."""
    return bool(rule.anchor) and rule.shipped


def pattern_key(rules: Sequence[Rule], alarms: Sequence[Trigger]) -> str:
    """Return the text by which the compiled patterns of these rules and alarms are kept."""
    return repr(([(rule.anchor, rule.regex, has_anchor(rule)) for rule in rules], alarms))


def most_of(data: bytes) -> int:
    """Return how many rings in ``data`` are told one by one."""
    return len(data) if len(data) <= _LITTLE_BYTES else _MOST + len(data) // _MOST_IN_BYTES
