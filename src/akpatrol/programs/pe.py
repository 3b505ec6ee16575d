"""PE: Microsoft, "PE Format". Addresses in it are those at its preferred base."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.programs.image import Image, LoadedSegment, within

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.programs.image import ProgramBytes

MAGIC = b"MZ"
_HEADER_AT, _SIGNATURE = 0x3C, b"PE\0\0"
_COFF, _OPTIONAL, _SECTION = 4, 24, 40  # bytes from the signature; size of a section's header
_WIDE = 0x20B
_EXECUTABLE = 0x20000000
_MACHINES = {0x014C: "x86", 0x8664: "x86-64", 0xAA64: "arm64"}
_MOST_SECTIONS = 4096


def images(data: ProgramBytes) -> Iterator[Image]:
    """Yield the image of a program or library."""
    header = data.number(_HEADER_AT, 4)
    if data.at(header, 4) != _SIGNATURE:
        return
    optional = header + _OPTIONAL
    is_wide = data.number(optional, 2) == _WIDE
    base = data.number(optional + 24, 8) if is_wide else data.number(optional + 28, 4)
    table = optional + data.number(header + 20, 2)
    segments = []
    for section in range(table, table + _SECTION * min(data.number(header + 6, 2), _MOST_SECTIONS), _SECTION):
        size, address, stored, offset = (data.number(section + field, 4) for field in (8, 12, 16, 20))
        is_code = bool(data.number(section + 36, 4) & _EXECUTABLE)
        segments.append(LoadedSegment(offset, min(size or stored, stored), base + address, is_code))
    machine = _MACHINES.get(data.number(header + _COFF, 2), "")
    yield Image(within(segments, 0, data.size), 8 if is_wide else 4, machine=machine)
