"""WebAssembly: Core Specification 1.0, 5.5 (modules) and 5.5.14 (data section), and 5.2.2 for its integers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.programs.image import Image, LoadedSegment, within

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.programs.image import ProgramBytes

MAGIC = b"\0asm\1\0\0\0"
_CODE, _DATA = 10, 11
_CONSTANT, _END = 0x41, 0x0B
_PASSIVE = 1
_MOST_SECTIONS, _MOST_DATA = 4096, 1 << 16
_LONGEST = 5  # bytes of an integer of 32 bits


def images(data: ProgramBytes) -> Iterator[Image]:
    """Yield the image of a module: its memory as its data section fills it, and its code, which has no address."""
    segments: list[LoadedSegment] = []
    place = len(MAGIC)
    for _ in range(_MOST_SECTIONS):
        kind = data.number(place, 1)
        size, first = unsigned(data.at(place + 1, _LONGEST), place + 1)
        if first >= data.size:
            break
        if kind == _CODE:
            segments.append(LoadedSegment(first, size, 1 << 32, is_code=True))
        elif kind == _DATA:
            segments += _data(data, first)
        place = first + size
    yield Image(within(segments, 0, data.size), 4, machine="wasm")


def unsigned(field: bytes, place: int = 0) -> tuple[int, int]:
    """Return the number in LEB128 that a field begins with, and the place after it, given that of the field."""
    value = 0
    for index, byte in enumerate(field):
        value |= (byte & 0x7F) << 7 * index
        if byte < 0x80:  # noqa: PLR2004 - the last one
            return value, place + index + 1
    return value, place + len(field)


def _data(data: ProgramBytes, place: int) -> Iterator[LoadedSegment]:
    number, place = unsigned(data.at(place, _LONGEST), place)
    for _ in range(min(number, _MOST_DATA)):
        flags, place = unsigned(data.at(place, _LONGEST), place)
        address = None
        if not flags & _PASSIVE:
            if flags:
                _, place = unsigned(data.at(place, _LONGEST), place)  # the memory's number
            if data.number(place, 1) == _CONSTANT:
                address, place = unsigned(data.at(place + 1, _LONGEST), place + 1)
                address &= 0xFFFFFFFF
            if address is None or data.number(place, 1) != _END:
                return
            place += 1
        size, place = unsigned(data.at(place, _LONGEST), place)
        if place > data.size:
            return
        if address is not None:
            yield LoadedSegment(place, size, address)
        place += size
