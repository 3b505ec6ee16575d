"""A program as its loader sees it: which bytes of the file have which addresses."""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Order = Literal["little", "big"]

MOST_SEGMENTS = 4096


class ProgramBytes:
    """The bytes of a file of ``size`` bytes; ``at`` returns any part of them and raises OSError."""

    def __init__(self, at: Callable[[int, int], bytes], size: int) -> None:
        self.at = at
        self.size = size

    def number(self, offset: int, width: int, order: Order = "little") -> int:
        """Return the unsigned number at an offset, 0 beyond the end."""
        return int.from_bytes(self.at(offset, width), order) if 0 <= offset <= self.size - width else 0


class LoadedSegment(NamedTuple):
    """``size`` bytes at ``offset`` of the file, which are at ``address`` in memory."""

    offset: int
    size: int
    address: int
    is_code: bool = False


class Image(NamedTuple):
    """Segments in the order of their offsets, and how addresses are written in them: ``width`` bytes in an ``order``.

    A word is an address after ``mask`` and less ``bias``. ``addends`` are tables of relocations with addends, each an
    offset and a size in bytes. ``machine`` names the instructions, where they are read.
    """

    segments: tuple[LoadedSegment, ...]
    width: int
    order: Order = "little"
    addends: tuple[tuple[int, int], ...] = ()
    mask: int = -1
    bias: int = 0
    machine: str = ""


class AddressMap:
    """Converts between the addresses of an image and the offsets of its file."""

    def __init__(self, image: Image) -> None:
        self._segments = image.segments

    def address(self, offset: int) -> int | None:
        """Return the address of the byte at an offset."""
        number = bisect_right(self._segments, offset, key=lambda segment: segment.offset) - 1
        segment = self._segments[number] if number >= 0 else None
        if segment is None or offset >= segment.offset + segment.size:
            return None
        return segment.address + offset - segment.offset

    def offset(self, address: int) -> int | None:
        """Return the offset of the byte at an address; also of the end of a segment."""
        number = bisect_right(self._by_address, address, key=lambda segment: segment.address) - 1
        segment = self._by_address[number] if number >= 0 else None
        if segment is None or address > segment.address + segment.size:
            return None
        return segment.offset + address - segment.address

    @cached_property
    def _by_address(self) -> list[LoadedSegment]:
        return sorted(self._segments, key=lambda segment: segment.address)


def within(segments: Iterable[LoadedSegment], begin: int, end: int) -> tuple[LoadedSegment, ...]:
    """Return the segments, cut to ``[begin, end)`` and so that none overlaps another: then reading all is linear."""
    kept: list[LoadedSegment] = []
    for offset, size, address, is_code in sorted(segments)[:MOST_SEGMENTS]:
        first, last = max(begin, offset), min(end, offset + size)
        if kept:
            first = max(first, kept[-1].offset + kept[-1].size)
        if first < last:
            kept.append(LoadedSegment(first, last - first, address + first - offset, is_code))
    return tuple(kept)
