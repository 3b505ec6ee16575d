"""Triggers: patterns that the prefilter searches for on behalf of encodings and containers."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

_WINDOW_BYTES = 256
# Most contents hold no NUL and few of these characters, and most patterns need one of them.
_RARE = b"\0%&\\=#;{}"


class CharacterRun(NamedTuple):
    """At least ``length`` of these ``characters`` in a row, as many as there are."""

    characters: bytes
    length: int

    def start(self, data: bytes, end: int) -> int:
        """Return the start of the run that ends at ``end``."""
        while True:
            first = max(0, end - _WINDOW_BYTES)
            end = first + len(data[first:end].rstrip(self.characters))
            if end > first or not first:
                return end

    def is_in(self, data: bytes) -> bool:
        """Return whether ``data`` has such a run."""
        return b"\1" * self.length in data.translate(_is_one_of(self.characters))


# Bytes that each match holds; several strings, of which each match holds at least one; or a run in the data.
Needs = bytes | tuple[bytes, ...] | CharacterRun


class HeldBytes:
    """Check whether a content holds the bytes that a pattern needs; without them it has no match."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        # Python finds one byte ten times as fast as several.
        self._absent = frozenset(byte for byte in _RARE if byte not in data)
        self._known: dict[bytes | CharacterRun, bool] = {}

    def __call__(self, needs: Needs) -> bool:
        """Return whether the content holds those bytes, one of several strings of them, or such a run."""
        if isinstance(needs, CharacterRun):
            if needs not in self._known:
                self._known[needs] = needs.is_in(self._data)
            return self._known[needs]
        return self._holds(needs) if isinstance(needs, bytes) else any(map(self._holds, needs))

    def _holds(self, needed: bytes) -> bool:
        known = self._known.get(needed)
        if known is None:
            known = self._known[needed] = self._absent.isdisjoint(needed) and needed in self._data
        return known


class Trigger(NamedTuple):
    """A pattern that the prefilter searches for an encoding, in the syntax that ``re`` and hyperscan share.

    With ``each`` every end of a match is reported; otherwise one report, with an arbitrary place, says that there is a
    match. Every match holds ``needs``, or one of them; where they are a run, no match counts in data without it. A slow
    pattern is searched for only within each ``run``, and fires once at its end. A pattern of alternatives may have them
    as ``parts``, each with its own needs.
    """

    pattern: bytes
    each: bool = True
    needs: Needs = b""
    run: CharacterRun | None = None
    parts: tuple[tuple[bytes, Needs], ...] = ()


@cache
def _is_one_of(characters: bytes) -> bytes:
    """Return a table that turns these characters into ones, and all others into zeros."""
    return bytes(byte in characters for byte in range(256))
