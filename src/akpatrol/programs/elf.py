"""ELF: System V ABI, "Object Files" and "Program Loading".

The compact table of relative relocations (RELR) has its addends in the words themselves, so it is not needed.
An object file, which is not linked, has a section of its own for each constant where a compiler puts each datum in one,
as Rust's does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from akpatrol.programs.image import AddressMap, Image, LoadedSegment, within

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.programs.image import Order, ProgramBytes

MAGIC = b"\x7fELF"
_CLASS, _DATA = 4, 5
_WIDE, _BIG = 2, 2
_LOAD, _DYNAMIC, _EXECUTABLE = 1, 2, 1
_RELA, _RELA_SIZE = 7, 8
_RELOCATABLE = 1
_CONTENTS, _ALLOCATED, _CODE = 1, 2, 4  # a section's type, and its flags
_MACHINES = {3: "x86", 62: "x86-64", 183: "arm64"}
_MOST_TAGS, _MOST_HEADERS = 4096, 1 << 16


class _Layout(NamedTuple):
    """Offsets of fields in the headers of a class, in bytes."""

    width: int
    programs: int
    sections: int
    counts: int  # of the sizes and numbers of program headers and sections
    flags: int  # and the rest of a program header, in its order
    fields: tuple[int, int, int]  # offset, address, size in the file


_NARROW_LAYOUT = _Layout(4, 28, 32, 42, 24, (4, 8, 16))
_WIDE_LAYOUT = _Layout(8, 32, 40, 54, 4, (8, 16, 32))


def images(data: ProgramBytes) -> Iterator[Image]:
    """Yield the image of a linked program or library."""
    layout, order = _layout(data), _order(data)
    segments, dynamic = [], (0, 0)
    for header in _headers(data, layout, order, layout.programs, layout.counts):
        kind = data.number(header, 4, order)
        offset, address, size = (data.number(header + field, layout.width, order) for field in layout.fields)
        if kind == _LOAD:
            is_code = bool(data.number(header + layout.flags, 4, order) & _EXECUTABLE)
            segments.append(LoadedSegment(offset, size, address, is_code))
        elif kind == _DYNAMIC:
            dynamic = offset, size
    machine = _MACHINES.get(data.number(18, 2, order), "")
    image = Image(within(segments, 0, data.size), layout.width, order, machine=machine)
    if image.segments:
        yield image._replace(addends=_addends(data, image, dynamic))


def sections(data: ProgramBytes) -> Iterator[tuple[int, int]]:
    """Yield the offset and size of each section with data, of an object file that is not linked."""
    layout, order = _layout(data), _order(data)
    if data.number(16, 2, order) != _RELOCATABLE:
        return
    width = layout.width
    for header in _headers(data, layout, order, layout.sections, layout.counts + 4):
        kind, flags = data.number(header + 4, 4, order), data.number(header + 8, width, order)
        if kind == _CONTENTS and flags & _ALLOCATED and not flags & _CODE:
            first = header + 8 + 2 * width
            yield data.number(first, width, order), data.number(first + width, width, order)


def _layout(data: ProgramBytes) -> _Layout:
    return _WIDE_LAYOUT if data.number(_CLASS, 1) == _WIDE else _NARROW_LAYOUT


def _order(data: ProgramBytes) -> Order:
    return "big" if data.number(_DATA, 1) == _BIG else "little"


def _headers(data: ProgramBytes, layout: _Layout, order: Order, table: int, counts: int) -> range:
    """Return the offsets of a table's headers."""
    first = data.number(table, layout.width, order)
    size, number = data.number(counts, 2, order), data.number(counts + 2, 2, order)
    if not number and table == layout.sections:  # more than fit: the first section's size says how many
        number = data.number(first + 8 + 3 * layout.width, layout.width, order)
    number = min(number, _MOST_HEADERS, data.size)
    return range(first, first + size * number, size) if size >= layout.width else range(0)


def _addends(data: ProgramBytes, image: Image, dynamic: tuple[int, int]) -> tuple[tuple[int, int], ...]:
    width, (first, size) = image.width, dynamic
    last = min(first + size, data.size, first + 2 * width * _MOST_TAGS)
    tags = {
        data.number(tag, width, image.order): data.number(tag + width, width, image.order)
        for tag in range(first, last, 2 * width)
    }
    offset = AddressMap(image).offset(tags.get(_RELA, 0)) if tags.get(_RELA) else None
    return ((offset, min(tags.get(_RELA_SIZE, 0), data.size - offset)),) if offset is not None else ()
