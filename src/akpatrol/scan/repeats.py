"""Shorten repetitions in data: a short text that is repeated over and over takes time and adds no finding."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_STEP = 32 << 10  # bytes; shorter repetitions are scanned unchanged
_KEPT = 4608  # bytes kept at either end of a repetition, more than the engine reads around a credential
_PROBE, _LONGEST = 64, 4096  # bytes: the length that must repeat, and the longest period
_ALIGNED = 4  # the text after a repetition keeps its alignment for wide characters and base64 groups


class _Repeat(NamedTuple):
    """``data[start:stop]`` is a repetition, of which ``data[cut:behind]`` is left out."""

    start: int
    cut: int
    behind: int
    stop: int


class Shortened:
    """The shortened ``data``, and a map of its offsets to those in all of the data."""

    def __init__(self, data: bytes, repeats: list[_Repeat]) -> None:
        self._repeats = repeats
        parts, position = [], 0
        for repeat in repeats:
            parts.append(data[position : repeat.cut])
            position = repeat.behind
        self.data = b"".join([*parts, data[position:]])

    def offset(self, offset: int, size: int) -> int | None:
        """Return the offset in all of the data of ``size`` bytes at an offset; None inside a repetition."""
        for repeat in self._repeats:
            if offset + size <= repeat.start:
                return offset
            offset += repeat.behind - repeat.cut
            if offset < repeat.stop:
                return None
        return offset


def shorten(data: bytes) -> Shortened | None:
    """Return the data with repetitions shortened; None without a long repetition."""
    repeats = list(_repeats(data))
    return Shortened(data, repeats) if repeats else None


def _repeats(data: bytes) -> Iterator[_Repeat]:
    start = 0
    while start + 2 * _STEP <= len(data):
        again = data.find(data[start : start + _PROBE], start + 1, start + _LONGEST + _PROBE)
        period = again - start
        if again < 0 or data[start : start + _STEP] != data[again : again + _STEP]:
            start += _STEP
            continue
        stop = _alike(data, start, again) + period
        cut = start + _KEPT
        left_out = (stop - _KEPT - cut) // (_ALIGNED * period) * _ALIGNED * period
        if left_out > 0:
            yield _Repeat(start, cut, cut + left_out, stop)
        start = stop


def _alike(data: bytes, first: int, second: int) -> int:
    """Return the end of the longest text at ``first`` that equals the text at ``second``."""
    period, size, grows = second - first, _STEP, True
    while size:
        there = first + period
        if there + size <= len(data) and data[first : first + size] == data[there : there + size]:
            first, size = first + size, 2 * size if grows else size
        else:
            size, grows = size // 2, False
    return first
