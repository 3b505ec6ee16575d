"""Mach-O: Apple's mach-o/loader.h, fat.h and fixup-chains.h.

Since macOS 12, pointers are links of chains: the lowest 36 bits are the target, as an address or from the image's
start, depending on the chain's format. A fat file holds an image for each architecture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.programs.image import Image, LoadedSegment, within

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.programs.image import Order, ProgramBytes

MAGICS = (b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"\xfe\xed\xfa\xcf", b"\xfe\xed\xfa\xce")
FAT_MAGICS = (b"\xca\xfe\xba\xbe", b"\xca\xfe\xba\xbf")
_WIDE_FAT = 0xCAFEBABF
_SEGMENT, _SEGMENT_64, _CHAINS = 0x1, 0x19, 0x80000034
_EXECUTABLE = 4
_MACHINES = {0x01000007: "x86-64", 0x0100000C: "arm64"}
_MOST_IMAGES, _MOST_COMMANDS = 32, 4096  # a class file of Java has the same magic, and at least as many "images"
_TARGET = (1 << 36) - 1
_FROM_START = 6  # DYLD_CHAINED_PTR_64_OFFSET


def images(data: ProgramBytes) -> Iterator[Image]:
    """Yield the image of each architecture."""
    if data.at(0, 4) not in FAT_MAGICS:
        yield from _image(data, 0, data.size)
        return
    number = data.number(4, 4, "big")
    width, size = (8, 32) if data.number(0, 4, "big") == _WIDE_FAT else (4, 20)
    end = 0
    for entry in range(8, 8 + size * number, size) if number < _MOST_IMAGES else ():
        first, length = data.number(entry + 8, width, "big"), data.number(entry + 8 + width, width, "big")
        if first >= end and data.at(first, 4) in MAGICS:  # in order, so that all of them are read once
            end = min(first + length, data.size)
            yield from _image(data, first, end)


def _image(data: ProgramBytes, first: int, end: int) -> Iterator[Image]:
    order: Order = "little" if data.at(first, 4) in MAGICS[:2] else "big"
    is_wide = data.number(first, 4, order) == 0xFEEDFACF  # noqa: PLR2004 - MH_MAGIC_64
    width = 8 if is_wide else 4
    command = first + (32 if is_wide else 28)
    segments: list[LoadedSegment] = []
    base, chains = None, 0
    for _ in range(min(data.number(first + 16, 4, order), _MOST_COMMANDS)):
        kind, size = data.number(command, 4, order), data.number(command + 4, 4, order)
        if kind in (_SEGMENT, _SEGMENT_64):
            at = command + 24
            address, _, offset, stored = (data.number(at + width * n, width, order) for n in range(4))
            is_code = bool(data.number(at + 4 * width + 4, 4, order) & _EXECUTABLE)
            segments.append(LoadedSegment(first + offset, stored, address, is_code))
            base = address if not offset and stored else base
        elif kind == _CHAINS:
            chains = _format(data, first + data.number(command + 8, 4, order), order)
        command += max(size, 8)
    image = Image(
        within(segments, first, end), width, order, machine=_MACHINES.get(data.number(first + 4, 4, order), "")
    )
    if chains:
        image = image._replace(mask=_TARGET, bias=(base or 0) if chains == _FROM_START else 0)
    if image.segments:
        yield image


def _format(data: ProgramBytes, header: int, order: Order) -> int:
    """Return the format of the pointers in the first segment that has any."""
    starts = header + data.number(header + 4, 4, order)
    for number in range(min(data.number(starts, 4, order), _MOST_IMAGES)):
        offset = data.number(starts + 4 + 4 * number, 4, order)
        if offset:
            return data.number(starts + offset + 6, 2, order)
    return 0
