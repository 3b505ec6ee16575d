"""Find encoded runs: text in one alphabet, on one line or wrapped over several, with the offset of each character."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.scan.work import FIRED, IN_RUN
from akpatrol.unwrap.encodings.lazy_pattern import lazy
from akpatrol.unwrap.encodings.run_memory import Lines, RunExtent

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Container, Iterable, Iterator, Sequence

    from akpatrol.model.fired_triggers import FiredTriggers
    from akpatrol.scan.work import Work
    from akpatrol.unwrap.encodings.run_memory import KnownRun, RunMemory

_SHORTEST = 24  # bytes; in base64 or hex, credentials and compressed data take more
_LEFT = 1024  # bytes read before a trigger: text before a credential says only whether it begins there
_LINE = lazy(rb"[^ \t\r\n]++")
_BLANKS = b" \t\r\n"
_LEAST_WIDTH = 4  # bytes, line end included; shorter lines are rare
_MOST_FIRED = 32  # triggers examined in one run
_MARGIN = 40  # bytes that may come before a line's characters
_BREAK = lazy(rb"(?:\n[ \t>#*\"']*+|\\)\Z")
_BREAKS = frozenset(bytes([code]) for code in b"\n \t>#*\"'\\")  # the last byte of a line break


class RunPatterns(NamedTuple):
    """The patterns of an encoding: of a run, of a separator in it, and of a run that only white space separates."""

    run: re.Pattern[bytes]
    separator: re.Pattern[bytes]
    plain: re.Pattern[bytes]


class Beginning(NamedTuple):
    """The pattern of a run's beginning, and the length of the trigger's match that begins with it."""

    pattern: re.Pattern[bytes]
    length: int


class EncodedRun:
    """``data[start:end]``: characters of an alphabet, with separators between them; ``known`` is what is remembered."""

    def __init__(self, data: bytes, start: int, end: int, form: RunPatterns, known: KnownRun | None = None) -> None:
        self.known = known
        self.start = start
        self.end = end
        self._data = data
        self._form = form
        # No cached properties, which take a lock: there may be millions of runs.
        self._known_lines = known.lines if known else None
        if self._known_lines is None and (text := data[start:end]).isalnum():
            self._known_lines = Lines(text, (0,), (0,))  # most are one line
        self._known_key = known.key if known else None

    @property
    def characters(self) -> bytes:
        """The run without its separators."""
        return self._lines.characters

    @property
    def key(self) -> int:
        """A key that equal texts of this form share, in which the same triggers fire."""
        if self._known_key is None:
            self._known_key = hash((id(self._form), self._data[self.start : self.end]))
            if self.known:
                self.known.key = self._known_key
        return self._known_key

    def index(self, offset: int) -> int:
        """Return how many characters of the run come before ``offset`` in the data."""
        characters, firsts, indexes = self._lines
        offset -= self.start
        if len(firsts) == 1:
            return min(offset - firsts[0], len(characters))
        line = max(0, bisect_right(firsts, offset) - 1)
        return min(indexes[line] + offset - firsts[line], self._line_end(line))

    def offset(self, index: int) -> int:
        """Return the offset in the data of the character ``index``."""
        _, firsts, indexes = self._lines
        if len(firsts) == 1:
            return self.start + firsts[0] + index
        line = bisect_right(indexes, index) - 1
        return self.start + firsts[line] + index - indexes[line]

    def line_start(self, index: int) -> int:
        """Return the index of the first character in the line of the character ``index``."""
        return self._lines.indexes[self._line(index)]

    def is_wrapped(self, index: int, group: int) -> bool:
        """Return whether the line of the character ``index`` continues a line that was full."""
        line = self._line(index)
        if not line:
            return True
        before, start, end = self._lines.indexes[line - 1], self._lines.indexes[line], self._line_end(line)
        width, length = start - before, end - start
        return not width % group and (length == width or (length < width and end == len(self.characters)))

    def span(self, first: int, last: int) -> tuple[int, int]:
        """Return the span in the data of the characters ``[first, last)``, separators between them included."""
        if self._known_lines and len(self._known_lines.firsts) == 1:
            return self.start + first, self.start + last
        return self.offset(first), self.offset(last - 1) + 1

    def _line(self, index: int) -> int:
        return bisect_right(self._lines.indexes, index) - 1

    def _line_end(self, line: int) -> int:
        indexes = self._lines.indexes
        return indexes[line + 1] if line + 1 < len(indexes) else len(self.characters)

    @property
    def _lines(self) -> Lines:
        if self._known_lines is None:
            self._known_lines = self._read_lines()
            if self.known:
                self.known.lines = self._known_lines
        return self._known_lines

    def _read_lines(self) -> Lines:
        # No object for each line: there may be millions.
        if (plain := self._form.plain.match(self._data, self.start, self.end)) and plain.end() == self.end:
            return self._plain_lines()
        characters, firsts, indexes = bytearray(), array("Q", [0]), array("Q", [0])
        first = self.start
        for match in self._form.separator.finditer(self._data, self.start, self.end):
            characters += self._data[first : match.start()]
            first = match.end()
            firsts.append(first - self.start)
            indexes.append(len(characters))
        characters += self._data[first : self.end]
        return Lines(bytes(characters), firsts, indexes)

    def _plain_lines(self) -> Lines:
        # Most have no other separators than blanks and line ends, and searching for these is a hundred times as fast.
        if even := self._even_lines():
            return even
        characters, firsts, indexes = bytearray(), array("Q"), array("Q")
        for line in _LINE.finditer(self._data, self.start, self.end):
            firsts.append(line.start() - self.start)
            indexes.append(len(characters))
            characters += line[0]
        return Lines(bytes(characters), firsts, indexes)

    def _even_lines(self) -> Lines | None:
        """Return the lines if all are equally long, and the last no longer; it looks at no single line."""
        text = self._data[self.start : self.end]
        if (width := text.find(b"\n") + 1) < _LEAST_WIDTH:
            return None
        number, characters = text.count(b"\n"), text.translate(None, _BLANKS)
        line_end = len(b"\r\n" if text.startswith(b"\r", width - 2) else b"\n")
        if (
            len(characters) + number * line_end != len(text)
            or text[width - 1 :: width] != b"\n" * number
            or text[width - line_end :: width][:number] != text[width - line_end : width - line_end + 1] * number
        ):
            return None
        firsts, indexes = range(0, len(text), width), range(0, len(characters), width - line_end)
        return Lines(characters, firsts, indexes) if len(firsts) == len(indexes) == number + 1 else None


class RunFinder:
    """Finds the runs of a form around places, which come in order, while there is ``work`` left."""

    def __init__(
        self, data: bytes, form: RunPatterns, work: Work | None = None, memory: RunMemory | None = None
    ) -> None:
        self._work = work
        self._memory = memory
        self._data = data
        self._form = form
        self._end = 0
        self._starts = array("Q")
        self._ends = array("Q")

    def around_triggers(
        self,
        fired: FiredTriggers,
        begin: Callable[[int], int | None],
        alignment_of: Callable[[EncodedRun, int, int], int | None],
        alignments: range,
        known: Container[int],
    ) -> Iterator[tuple[EncodedRun, int]]:
        """Yield each run around a trigger that is not ``known``, once for each alignment that a trigger asks for.

        ``begin`` returns where a trigger's match certainly begins, ``alignment_of`` the alignment that it asks for,
        None for a coincidence. A run in which many triggers fire is yielded at every alignment.
        """
        run: EncodedRun | None = None
        seen: set[int] = set()
        number = 0
        while fired:
            end, trigger = fired.first
            if run is None or end > run.end:
                run, seen, number = self.run_at(end, begin(end)), set(), 0
                if run and run.key in known:
                    self.mark_used(run)
                    number = _MOST_FIRED
            number += 1
            done = run is not None and (len(seen) == len(alignments) or number > _MOST_FIRED)
            fired.advance(run.end if run and done else end)
            if run is None or done:
                continue
            if self._work:
                self._work.left -= IN_RUN
            for alignment in alignments if number == _MOST_FIRED else (alignment_of(run, end, trigger),):
                if alignment is not None and alignment not in seen:
                    if not seen:
                        self.mark_used(run)
                    seen.add(alignment)
                    yield run, alignment

    def mark_used(self, run: EncodedRun) -> None:
        """Record that a run was yielded."""
        self._starts.append(run.start)
        self._ends.append(run.end)

    def from_beginnings(self, ends: Iterable[int], beginning: Beginning) -> Iterator[EncodedRun]:
        """Yield the run at the start of each match that ends at one of ``ends``, if it starts with the pattern."""
        finder = RunFinder(self._data, self._form, memory=self._memory)
        for end in ends:
            if self._work:
                if self._work.is_done():
                    return
                self._work.left -= FIRED
            begin = end - beginning.length
            if not beginning.pattern.match(self._data, begin):
                continue
            if run := finder.run_at(begin + 1, begin):
                self.mark_used(run)
                yield run

    def from_shapes(
        self, ends: Sequence[int], shaped: Callable[[int], tuple[int, int] | None]
    ) -> Iterator[tuple[EncodedRun, int]]:
        """Yield an encoded run for each long run that ends at one of ``ends`` and has the shape of encoded text.

        ``shaped`` returns where the long run begins and where its shape begins, which is yielded too. Long runs inside
        an encoded run that was yielded before are left out.
        """
        finder = RunFinder(self._data, self._form, memory=self._memory)
        number = 0
        while number < len(ends):
            if self._work:
                if self._work.is_done():
                    return
                self._work.left -= IN_RUN
            end = ends[number]
            place = bisect_right(self._starts, end - 1) - 1
            passed = max(finder._end, self._ends[place] if place >= 0 else 0)
            if end <= passed:
                number = bisect_right(ends, passed, number)
                continue
            number += 1
            if not (shape := shaped(end)):
                continue
            begin, shape_start = shape
            wrapped = self._data[begin - 1 : begin] in _BREAKS and _BREAK.search(
                self._data, max(0, begin - _MARGIN), begin
            )
            if run := finder.run_at(shape_start + 1, None if wrapped else begin):
                yield run, shape_start

    def run_at(self, end: int, begin: int | None = None) -> EncodedRun | None:
        """Return the run that holds the byte before ``end``; it begins at ``begin`` where that is known.

        It does not overlap the run before, because reading the same bytes again and again would take quadratic time.
        None where no run is long enough.
        """
        position = max(self._end, end - _LEFT if begin is None else begin)
        known = self._memory.find(self._data, position, end) if self._memory else None
        if known:
            start, self._end = position + known.extent.start, position + known.extent.end
            return EncodedRun(self._data, start, self._end, self._form, known)
        match = self._form.run.match(self._data, position)
        if match and match.end() >= end > position and match.end() - position >= _SHORTEST:
            return self._found(match, position, end)
        for match in self._form.run.finditer(self._data, position):
            if match.end() >= end:
                self._end = match.end() if match.start() < end else end
                if match.start() >= end or match.end() - match.start() < _SHORTEST:
                    return None
                return self._found(match, position, end)
        return None

    def _found(self, match: re.Match[bytes], position: int, end: int) -> EncodedRun:
        """Return the run that the search from ``position`` came to, and remember it."""
        self._end = match.end()
        extent = RunExtent(match.start() - position, self._end - position)
        known = self._memory.add(self._data, position, end, extent) if self._memory else None
        return EncodedRun(self._data, match.start(), self._end, self._form, known)
