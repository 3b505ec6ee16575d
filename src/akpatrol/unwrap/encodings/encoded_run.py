"""A stretch of text in some alphabet, wrapped over lines or not, and where its characters stand."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.scan.work import RUNG, WANTED
from akpatrol.unwrap.encodings.lazy_pattern import lazy

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Container, Iterable, Iterator, Sequence

    from akpatrol.model.fired_triggers import FiredTriggers
    from akpatrol.scan.work import Work

_SHORTEST = 24  # bytes; in base64 or hex, credentials and compressed data take more
_LEFT = 1024  # bytes looked back from an alarm: text before a credential says only whether it begins there
_LINE = lazy(rb"[^ \t\r\n]++")
_MOST_RINGS = 32  # looked at in one stretch
_MARGIN = 40  # bytes that may stand before a line's characters
_BREAK = lazy(rb"(?:\n[ \t>#*\"']*+|\\)\Z")
_BREAKS = frozenset(bytes([one]) for one in b"\n \t>#*\"'\\")  # with which a break may end


class _Lines(NamedTuple):
    """The ``characters`` of all lines; with each line, its first one's offset and how many stand before it."""

    characters: bytes
    firsts: Sequence[int]
    indexes: Sequence[int]


class RunPatterns(NamedTuple):
    """The patterns of an encoding: of a stretch, of a joint in it, and of text that nothing but white space joins."""

    stretch: re.Pattern[bytes]
    joint: re.Pattern[bytes]
    plain: re.Pattern[bytes]


class Beginning(NamedTuple):
    """The pattern of what begins a stretch, and the length of the trigger's match that begins with it."""

    pattern: re.Pattern[bytes]
    length: int


class EncodedRun:
    """``data[start:end]``: characters of an alphabet, and joints that stand between them."""

    def __init__(self, data: bytes, start: int, end: int, form: RunPatterns) -> None:
        self.start = start
        self.end = end
        self._data = data
        self._form = form
        # No cached properties, which take a lock: there may be millions of stretches.
        text = data[start:end]
        # Most are one line.
        self._known_lines: _Lines | None = _Lines(text, (start,), (0,)) if text.isalnum() else None
        self._known_key: int | None = None

    @property
    def characters(self) -> bytes:
        """The stretch without what joins its lines."""
        return self._lines.characters

    @property
    def key(self) -> int:
        """What is equal for an equal text of this form, in which the same rings."""
        if self._known_key is None:
            self._known_key = hash((id(self._form), self._data[self.start : self.end]))
        return self._known_key

    def index(self, offset: int) -> int:
        """Return how many characters of the stretch stand before ``offset`` in the data."""
        characters, firsts, indexes = self._lines
        if len(firsts) == 1:
            return min(offset - firsts[0], len(characters))
        line = max(0, bisect_right(firsts, offset) - 1)
        return min(indexes[line] + offset - firsts[line], self._line_end(line))

    def offset(self, index: int) -> int:
        """Return where in the data the character ``index`` stands."""
        _, firsts, indexes = self._lines
        if len(firsts) == 1:
            return firsts[0] + index
        line = bisect_right(indexes, index) - 1
        return firsts[line] + index - indexes[line]

    def line_start(self, index: int) -> int:
        """Return the index of the first character in the line of the character ``index``."""
        return self._lines.indexes[self._line(index)]

    def is_wrapped(self, index: int, group: int) -> bool:
        """Tell whether the line of the character ``index`` goes on where the one before it was full."""
        line = self._line(index)
        if not line:
            return True
        before, start, end = self._lines.indexes[line - 1], self._lines.indexes[line], self._line_end(line)
        width, length = start - before, end - start
        return not width % group and (length == width or (length < width and end == len(self.characters)))

    def span(self, first: int, last: int) -> tuple[int, int]:
        """Return where the characters ``[first, last)`` stand, with what joins them."""
        if self._known_lines and len(self._known_lines.firsts) == 1:
            return self.start + first, self.start + last
        return self.offset(first), self.offset(last - 1) + 1

    def _line(self, index: int) -> int:
        return bisect_right(self._lines.indexes, index) - 1

    def _line_end(self, line: int) -> int:
        indexes = self._lines.indexes
        return indexes[line + 1] if line + 1 < len(indexes) else len(self.characters)

    @property
    def _lines(self) -> _Lines:
        if self._known_lines is None:
            self._known_lines = self._read_lines()
        return self._known_lines

    def _read_lines(self) -> _Lines:
        # No object for each line: there may be millions.
        if (plain := self._form.plain.match(self._data, self.start, self.end)) and plain.end() == self.end:
            return self._plain_lines()
        characters, firsts, indexes = bytearray(), array("Q", [self.start]), array("Q", [0])
        first = self.start
        for found in self._form.joint.finditer(self._data, self.start, self.end):
            characters += self._data[first : found.start()]
            first = found.end()
            firsts.append(first)
            indexes.append(len(characters))
        characters += self._data[first : self.end]
        return _Lines(bytes(characters), firsts, indexes)

    def _plain_lines(self) -> _Lines:
        # Most are joined by nothing but blanks and line ends, and to look for these alone is a hundred times as fast.
        characters, firsts, indexes = bytearray(), array("Q"), array("Q")
        for line in _LINE.finditer(self._data, self.start, self.end):
            firsts.append(line.start())
            indexes.append(len(characters))
            characters += line[0]
        return _Lines(bytes(characters), firsts, indexes)


class Finder:
    """Finds the stretches of a form round places that come in order, while there is ``work`` left."""

    def __init__(self, data: bytes, form: RunPatterns, work: Work | None = None) -> None:
        self._work = work
        self._data = data
        self._form = form
        self._end = 0
        self._starts = array("Q")
        self._ends = array("Q")

    def rung(
        self,
        rings: FiredTriggers,
        begin: Callable[[int], int | None],
        wanted: Callable[[EncodedRun, int, int], int | None],
        ways: range,
        known: Container[int],
    ) -> Iterator[tuple[EncodedRun, int]]:
        """Yield each stretch that is not ``known`` round a ring, once for each way to read it that is ``wanted``.

        ``begin`` returns where what rang surely begins, ``wanted`` what way an alarm wants. Where many ring in one
        stretch it is read in all ways.
        """
        stretch: EncodedRun | None = None
        seen: set[int] = set()
        number = 0
        while rings:
            end, alarm = rings.first
            if stretch is None or end > stretch.end:
                stretch, seen, number = self.around(end, begin(end)), set(), 0
                if stretch and stretch.key in known:
                    self.give(stretch)
                    number = _MOST_RINGS
            number += 1
            done = stretch is not None and (len(seen) == len(ways) or number > _MOST_RINGS)
            rings.leave(stretch.end if stretch and done else end)
            if stretch is None or done:
                continue
            if self._work:
                self._work.left -= WANTED
            for way in ways if number == _MOST_RINGS else (wanted(stretch, end, alarm),):
                if way is not None and way not in seen:
                    if not seen:
                        self.give(stretch)
                    seen.add(way)
                    yield stretch, way

    def give(self, stretch: EncodedRun) -> None:
        """Remember that a stretch was made use of."""
        self._starts.append(stretch.start)
        self._ends.append(stretch.end)

    def begun(self, ends: Iterable[int], beginning: Beginning) -> Iterator[EncodedRun]:
        """Yield the stretch that begins where a match does that ends at one of ``ends``, if it is such a beginning."""
        rest = Finder(self._data, self._form)
        for end in ends:
            if self._work:
                if self._work.is_done():
                    return
                self._work.left -= RUNG
            begin = end - beginning.length
            if not beginning.pattern.match(self._data, begin):
                continue
            if stretch := rest.around(begin + 1, begin):
                self.give(stretch)
                yield stretch

    def others(
        self, ends: Iterable[int], shaped: Callable[[int], tuple[int, int] | None]
    ) -> Iterator[tuple[EncodedRun, int]]:
        """Yield a stretch for each run that ends at one of ``ends`` and is ``shaped``, with where it shows that.

        ``shaped`` returns where the run begins, and where it shows. Those that lie in a stretch which was given already
        are left out.
        """
        rest = Finder(self._data, self._form)
        for end in ends:
            if self._work:
                if self._work.is_done():
                    return
                self._work.left -= WANTED
            place = bisect_right(self._starts, end - 1) - 1
            known = place >= 0 and end <= self._ends[place]
            run = None if known or end <= rest._end else shaped(end)
            if not run:
                continue
            begin, shown = run
            wrapped = self._data[begin - 1 : begin] in _BREAKS and _BREAK.search(
                self._data, max(0, begin - _MARGIN), begin
            )
            if stretch := rest.around(shown + 1, None if wrapped else begin):
                yield stretch, shown

    def around(self, end: int, begin: int | None = None) -> EncodedRun | None:
        """Return a stretch that holds the byte before ``end``, and begins at ``begin`` where that is known.

        It does not overlap the one before: what is looked at again and again would take quadratic time. None where
        there is none that is long enough.
        """
        position = max(self._end, end - _LEFT if begin is None else begin)
        found = self._form.stretch.match(self._data, position)
        if found and found.end() >= end > position and found.end() - position >= _SHORTEST:
            self._end = found.end()
            return EncodedRun(self._data, position, self._end, self._form)
        for found in self._form.stretch.finditer(self._data, position):
            if found.end() >= end:
                self._end = found.end() if found.start() < end else end
                if found.start() >= end or found.end() - found.start() < _SHORTEST:
                    return None
                return EncodedRun(self._data, found.start(), found.end(), self._form)
        return None
