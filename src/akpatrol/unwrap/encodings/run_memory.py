"""Remember where long encoded runs end and what they decode to: histories repeat them from version to version.

A run is known again by its exact bytes and by those around it on which the pattern of a run depends, so what is
remembered is what would be found. Nothing else is: whether a text holds a match is decided each time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import re
    from collections.abc import Sequence

_LEAST_BYTES = 512  # less is searched as fast
_MOST_BYTES = 16 << 20
_TIMES_HELD = 2  # as text and as characters
_MOST_BEYOND = 4096  # bytes looked at behind a run
_LEFT_BYTES = 80  # more than any pattern looks behind: a line of base64 and what comes before
_PROBE_BYTES = 48
_ALIKE = 4  # runs that begin alike

# How far after the place its search begins a run must reach, the bytes before that place, and those behind it.
_Probe = tuple[int, int, bytes]


class RunExtent(NamedTuple):
    """Where a run starts and ends, counted from the place where its search begins."""

    start: int
    end: int


class Lines(NamedTuple):
    """The ``characters`` of all lines; for each line, the offset of its first one and how many come before it."""

    characters: bytes
    firsts: Sequence[int]
    indexes: Sequence[int]


class DecodedPart(NamedTuple):
    """What a run decodes to from its character ``first`` on: bytes, and the offsets in the run that they come from."""

    encoding: str
    first: int
    data: bytes
    start: int
    end: int


class KnownRun:
    """A run with the ``text`` that its search looked at, its key and lines, and what it decodes to by the alignment."""

    __slots__ = ("decoded", "extent", "is_at_end", "key", "lines", "probe", "text")

    def __init__(self, probe: _Probe, text: bytes, extent: RunExtent, *, is_at_end: bool) -> None:
        self.probe = probe
        self.text = text
        self.extent = extent
        self.is_at_end = is_at_end
        self.key: int | None = None
        self.lines: Lines | None = None
        self.decoded: dict[int, list[DecodedPart]] = {}


class RunMemory:
    """The runs that were found last; ``beyond`` matches all bytes that the search for a run may pass behind its end."""

    def __init__(self, beyond: re.Pattern[bytes]) -> None:
        self._beyond = beyond
        self._by_probe: dict[_Probe, list[KnownRun]] = {}
        self._order: dict[KnownRun, int] = {}
        self._bytes = 0

    def find(self, data: bytes, position: int, end: int) -> KnownRun | None:
        """Return the run that the search from ``position`` for one that holds the byte before ``end`` comes to."""
        left = min(position, _LEFT_BYTES)
        for known in self._by_probe.get(_probe(data, position, end), ()):
            stop = position - left + len(known.text)
            if data.startswith(known.text, position - left) and (stop == len(data) or not known.is_at_end):
                return known
        return None

    def add(self, data: bytes, position: int, end: int, extent: RunExtent) -> KnownRun | None:
        """Remember the run that such a search came to, unless it is short."""
        last = position + extent.end
        if last - position < _LEAST_BYTES:
            return None
        passed = self._beyond.match(data, last, last + _MOST_BEYOND)
        stop = (passed.end() if passed else last) + 1
        if stop > last + _MOST_BEYOND:
            return None
        probe, first = _probe(data, position, end), position - min(position, _LEFT_BYTES)
        known = KnownRun(probe, data[first:stop], extent, is_at_end=stop >= len(data))
        alike = self._by_probe.setdefault(probe, [])
        if len(alike) >= _ALIKE:
            self._forget(alike[-1])
            alike = self._by_probe.setdefault(probe, [])
        alike.insert(0, known)
        self._order[known] = 0
        self._count(known, _TIMES_HELD * len(known.text))
        return known

    def keep(self, known: KnownRun, alignment: int, decoded: list[DecodedPart]) -> None:
        """Remember what a run decodes to; nothing where the run itself is forgotten."""
        if known in self._order:
            known.decoded[alignment] = decoded
            self._count(known, sum(len(part.data) for part in decoded))

    def _count(self, known: KnownRun, size: int) -> None:
        self._order[known] += size
        self._bytes += size
        while self._bytes > _MOST_BYTES:
            self._forget(next(iter(self._order)))

    def _forget(self, known: KnownRun) -> None:
        self._bytes -= self._order.pop(known)
        alike = self._by_probe[known.probe]
        alike.remove(known)
        if not alike:
            del self._by_probe[known.probe]


def _probe(data: bytes, position: int, end: int) -> _Probe:
    return end - position, min(position, _LEFT_BYTES), data[position : position + _PROBE_BYTES]
