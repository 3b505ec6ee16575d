"""Open cpio archives from front to back: newc and crc, odc, and the old binary form in either byte order.

The forms are described in cpio(5) of libarchive and, for newc, in Linux, Documentation/driver-api/early-userspace/
buffer-format.rst, which also allows archives, plain and compressed, one after another: an initramfs is made so.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final, NamedTuple

from akpatrol.unwrap.containers.member import AFTER_END, Flaw, Member, text
from akpatrol.unwrap.encodings.lazy_pattern import lazy

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from akpatrol.unwrap.budget import Level
    from akpatrol.unwrap.containers.container_bytes import ContainerBytes

_NEWC, _ODC, _BINARY = (b"070701", b"070702"), b"070707", {b"\xc7\x71": "<", b"\x71\xc7": ">"}
_NEWC_BYTES, _ODC_BYTES, _BINARY_BYTES = 110, 76, 26
_TRAILER = b"TRAILER!!!"
# Names and the targets of links are paths: at most 4096 bytes on Linux. A longer one is hostile.
_NAME_BYTES = 64 << 10
_TYPE, _LINK = 0o170000, 0o120000
# FIFO, device, directory, device, file, link, socket (inode(7)); the trailer has none.
_TYPES = (0, 0o010000, 0o020000, 0o040000, 0o060000, 0o100000, _LINK, 0o140000)
_MARK = lazy(rb"0707(?:0[12]|07)")
_SEARCHED, _OVERLAP = 256 << 10, _NEWC_BYTES + _NAME_BYTES
# As much as shows every form (recognise.kind_of).
_BEGINNING: Final = 70_000


class _Header(NamedTuple):
    """The facts of a header of ``length`` bytes; name and data are each filled up to a multiple of ``aligned``."""

    length: int
    aligned: int
    mode: int
    name_size: int
    size: int


def is_cpio(data: bytes) -> bool:
    """Return whether a header begins ``data``, and a name that ends where the header says."""
    header = _parse(data)
    if header is None:
        return False
    name, last = data[header.length : header.length + header.name_size], header.name_size - 1
    # The two bytes of the old form are not enough without the whole name, which a truncated archive does not have.
    return name.find(b"\0") == (last if len(name) > last or header.length == _BINARY_BYTES else -1) and last > 0


def members(source: ContainerBytes, level: Level) -> Iterator[Member | Flaw]:
    """Yield the members of the archive and of those that follow it. Raises OverLimit and OSError; damage is a flaw."""
    while True:
        level.member()
        start = source.offset
        header = _parse(source.peek(_NEWC_BYTES))
        if header is None:
            at_end = len(source.peek(_BINARY_BYTES)) < _BINARY_BYTES
            yield Flaw(f"truncated at byte {start}" if at_end else f"damaged at byte {start}")
            if not _next_header(source, level):
                return
            continue
        source.skip(header.length)
        name = source.read(header.name_size).partition(b"\0")[0]
        source.skip(-(header.length + header.name_size) % header.aligned)
        if name == _TRAILER and not header.size:
            if (yield from _after(source)):
                continue
            return
        yield from _member(source, header, name)


def _member(source: ContainerBytes, header: _Header, name: bytes) -> Iterator[Member | Flaw]:
    """Yield the member, and advance to the next header."""
    start, size = source.offset, header.size
    label = f"cpio:{text(name)}"
    if header.mode & _TYPE == _LINK and size <= _NAME_BYTES:
        yield Member(label, (name, source.read(size)))
    elif size:
        yield Member(label, (name,), source.pieces(size), at=source.part(start, size), size=size)
    else:
        yield Member(label, (name,))
    source.skip(start + size - source.offset)
    if source.offset < start + size:
        yield Flaw(f"truncated at byte {source.offset}: a member of {size:,} bytes begins at byte {start}")
    source.skip(-size % header.aligned)


def _after(source: ContainerBytes) -> Generator[Member | Flaw, None, bool]:
    """Yield what follows an archive's end, other than zeros; return whether that is another such archive."""
    from akpatrol.unwrap.containers.recognise import kind_of  # noqa: PLC0415 - it imports this module's table

    if source.skip_zeros():
        return False
    beginning, start = source.peek(_BEGINNING), source.offset
    if _parse(beginning):
        return True
    if kind_of(beginning) is None:
        yield Flaw(f"{AFTER_END} at byte {start} is not cpio")
        return False
    size = None if source.size is None else source.size - start
    at = None if size is None else source.part(start, size)
    yield Member("cpio:after the end", (), source.rest(), at=at, size=size)
    return False


def _next_header(source: ContainerBytes, level: Level) -> bool:
    """Advance to the next place that is certainly a header; return whether there is one."""
    source.skip(1)
    while data := source.read(_SEARCHED):
        level.check()
        at_end = len(data) < _SEARCHED
        for mark in _MARK.finditer(data, 0, len(data) if at_end else _SEARCHED - _OVERLAP):
            place = mark.start()
            header = _parse(data[place : place + _NEWC_BYTES])
            if header and is_cpio(data[place : place + header.length + header.name_size]):
                source.unread(len(data) - place)
                return True
        if at_end:
            return False
        # A mark may be cut at the end of what was searched.
        source.unread(_OVERLAP + 5)
    return False


def _parse(data: bytes) -> _Header | None:
    """Parse the header that begins ``data``; None unless it is one."""
    if data[:6] in _NEWC:
        header = _newc(data)
    elif data[:6] == _ODC:
        header = _odc(data)
    elif (order := _BINARY.get(data[:2])) and len(data) >= _BINARY_BYTES:
        fields = struct.unpack(f"{order}13H", data[:_BINARY_BYTES])
        # Of a number in two words, the first is the greater one, whatever the order of the bytes.
        header = _Header(_BINARY_BYTES, 2, fields[3], fields[10], fields[11] << 16 | fields[12])
    else:
        return None
    sound = header and 0 < header.name_size <= _NAME_BYTES and header.mode & _TYPE in _TYPES
    return header if sound else None


def _newc(data: bytes) -> _Header | None:
    try:
        fields = struct.unpack(">13I", bytes.fromhex(data[6:_NEWC_BYTES].decode("ascii")))
    except (ValueError, struct.error):
        return None
    return _Header(_NEWC_BYTES, 4, fields[1], fields[11], fields[6])


def _odc(data: bytes) -> _Header | None:
    digits = data[:_ODC_BYTES]
    if len(digits) < _ODC_BYTES or not digits.isdigit() or b"8" in digits or b"9" in digits:
        return None
    return _Header(_ODC_BYTES, 1, int(digits[18:24], 8), int(digits[59:65], 8), int(digits[65:], 8))
