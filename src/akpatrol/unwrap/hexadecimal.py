"""Hex (RFC 4648 section 8): digits in a row, pairs apart as in arrays, and the dumps of xxd and hexdump."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from akpatrol.rings import Rings, exact
from akpatrol.unwrap import cores
from akpatrol.unwrap.encoding import Alarm, Decoded
from akpatrol.unwrap.lazy import lazy
from akpatrol.unwrap.stretch import Finder, Form

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence

    from akpatrol.rings import Ends
    from akpatrol.unwrap.stretch import Stretch

# The pairs of a prefix; only "b" and "f" can be of either case.
_PREFIXES = ((b"61", b"6[bB]", b"5[fF]"), (b"70", b"61", b"74", b"5[fF]"))
_BETWEEN_PAIRS = (b"[ :,-]", b",? ?0[xX]")
_APART = tuple(Alarm(between.join(pairs), needs=pairs[0]) for between in _BETWEEN_PAIRS for pairs in _PREFIXES)
# In dumps: pairs of pairs, and the gap in the middle of hexdump's rows.
_GROUPED = tuple(
    Alarm(pattern, needs=pattern.split(b"[")[0])
    for pattern in (
        *(rb"616[bB] 5[fF]", rb"61 6[bB]5[fF]", rb"7061 745[fF]", rb"70 6174 5[fF]"),
        *(rb"61  6[bB] 5[fF]", rb"61 6[bB]  5[fF]"),
        *(rb"70  61 74 5[fF]", rb"70 61  74 5[fF]", rb"70 61 74  5[fF]"),
    )
)
# UTF-16, as registry files and dumps write it; of either order, for only the first or the last zeros differ.
_WIDE = tuple(Alarm(zero.join(pairs), needs=pairs[0] + zero) for zero in (b",00,", b" 00 ") for pairs in _PREFIXES)
# The second row of a dump: xxd's, hexdump's and od's. Of a prefix that is parted by the end of a row or between groups
# nothing else shows.
_ROWS = (Alarm(rb"000000[12]0(?:: |  )", needs=b"000000"), Alarm(rb"\n00000[12]0 ", needs=b"\n00000"))
_CORES = (*cores.HEXADECIMAL, *_APART, *_GROUPED, *_WIDE, *_ROWS)

_DIGIT = rb"[0-9A-Fa-f]"
_BEGINS = rb"(?:" + b"|".join(alarm.pattern for alarm in cores.HEXADECIMAL + cores.HEXADECIMAL_MAGICS) + rb")"
_OFFSET = rb"[0-9A-Fa-f]{6,8}+(?::[ \t]++|[ \t]{1,2}(?=(?:[0-9A-Fa-f]{2}){1,2}+[ \r\n]))"
_JOINT = (
    rb"(?:(?:[ ]{2,}+[ -~]{1,34})?+[ \t]*+[,:-]?+[ \t]*+\\?+\r?+\n[ \t>#*]*+(?:" + _OFFSET + rb")?+"
    rb"|[\"'][ \t]*+[+.&\\]?+[ \t]*+\r?+\n[ \t]*+[+.&]?+[ \t]*+b?+[\"']"
    rb"|(?:\\++r)?+\\++n[ \t]*+"
    rb"|(?<![0-9A-Fa-f]{17})(?:[:-]|,?[ \t]{1,2}|,))(?:0[xX])?+"
)
_STRETCH = lazy(
    rb"(?m:^)"
    + _OFFSET
    + rb"|"
    + _DIGIT
    + rb"++(?:"
    + _JOINT
    + rb"(?!"
    + _BEGINS
    + rb")"
    + _DIGIT
    + rb"++(?![G-Zg-z_]))*+"
)
_FORM = Form(_STRETCH, lazy(_JOINT), lazy(rb"[0-9A-Fa-f\r\n]*+"))  # behind a blank there may be an offset
_BEGIN = lazy(rb"(?:(?<![0-9A-Za-z])|(?<=\\[nrt])|(?<=0[xX])|(?<=%[0-9A-F]{2}))" + _BEGINS)
_BEGIN_LENGTH = 12
# Pairs of text, or of the zeros and ends of lines in it: a part of what the alarm hears.
_SHAPE = lazy(rb"(?:[2-7][0-9A-Fa-f]|0[09AaDd]){12}")
_PAIR = 2  # digits, for a byte
_MAGIC, _TAR, _CORE, _SHAPED = range(4)


class Hexadecimal:
    """The encoding ``hex``."""

    alarms = (
        *cores.HEXADECIMAL_MAGICS,
        cores.HEXADECIMAL_TAR,
        *_CORES,
        cores.LONG_HEXADECIMAL,
    )
    _kinds = (
        *(_MAGIC for _ in cores.HEXADECIMAL_MAGICS),
        _TAR,
        *(_CORE for _ in _CORES),
    )

    def find(self, data: bytes, ends: Sequence[Ends | Sequence[int]], known: Container[int] = ()) -> Iterator[Decoded]:
        """Yield each stretch round an alarm, read from its first digit or its second as the alarm wants it."""
        finder = Finder(data, _FORM)

        def wanted(stretch: Stretch, end: int, alarm: int) -> int | None:
            return _phase(stretch, end, self._kinds[alarm])

        rings = Rings(ends[: len(self._kinds)])
        for stretch, phase in finder.rung(rings, partial(_begin, data), wanted, range(_PAIR), known):
            yield _decoded(stretch, phase)
        for stretch, shown in finder.others(exact(ends[-1]), lambda end: cores.shaped_run(data, end, _SHAPE)):
            if stretch.key not in known:
                yield _decoded(stretch, stretch.index(shown) % _PAIR)


def _begin(data: bytes, end: int) -> int | None:
    """Return where what rang surely begins."""
    found = _BEGIN.search(data, max(0, end - _BEGIN_LENGTH), end)
    return found.start() if found else None


def _phase(stretch: Stretch, end: int, kind: int) -> int | None:
    """Return how many digits stand before the first pair, as what rang wants it; None if it was chance."""
    if kind == _MAGIC and not _BEGIN.match(stretch.characters):
        return None
    index = stretch.index(end)
    if kind == _TAR:
        phase = index - cores.HEXADECIMAL_TAR_END
        return phase if 0 <= phase <= _PAIR else None
    return index % _PAIR


def _decoded(stretch: Stretch, phase: int) -> Decoded:
    characters = stretch.characters
    data = bytes.fromhex(characters[phase : len(characters) - (len(characters) - phase) % 2].decode())

    def span(first: int, last: int) -> tuple[int, int]:
        return stretch.span(phase + 2 * first, phase + 2 * last)

    start, end = span(0, len(data))
    return Decoded("hex", data, start, end, span, stretch.key)
