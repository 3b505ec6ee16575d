"""Open the archive that is appended to a script or a program: installers that extract themselves, AppImages.

A script's begins on a line of its own, as makeself and ``sed -e '1,/^EXIT$/d' "$0"`` expect. A program's begins behind
the program's last section and its tables (System V ABI, "Object Files", for ELF; PE Format, "Section Table").
"""

from __future__ import annotations

import struct
import zlib
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.unwrap.containers.member import Flaw, Member
from akpatrol.unwrap.containers.recognise import kind_of
from akpatrol.unwrap.encodings.lazy_pattern import lazy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from akpatrol.unwrap.budget import Level
    from akpatrol.unwrap.containers.container_bytes import ContainerBytes

    At = Callable[[int, int], bytes]

# How far in an archive may begin: in a script, and behind a program, where the settings of 7-Zip's installers stand.
_FURTHEST = 64 << 10
_BEGINNING = 70_000  # as much as shows every form
_KINDS = frozenset(
    ("7z", "rar", "cab", "gzip", "bzip2", "xz", "zstd", "lzip", "lz4", "tar", "cpio", "image", "iso", "openssl")
)
_LINES = lazy(rb"\n(?=\x1f\x8b\x08|BZh|\xfd7zXZ|\x28\xb5\x2f\xfd|LZIP|7z\xbc\xaf|Rar!|\x04\x22\x4d\x18|0707|Salted__)")
_USTAR, _USTAR_AT = b"ustar", 257
_SEVEN_ZIPS, _SEVEN_ZIP_BYTES = lazy(rb"7z\xbc\xaf\x27\x1c"), 32
# NSIS, Source/exehead/fileform.h: FH_SIG and three numbers.
_NSIS = b"\xef\xbe\xad\xdeNullsoftInst"
# That begin like an archive.
_MOST_PLACES = 100
# More sections than a program that is linked has.
_MOST_ENTRIES = 4096
_NO_BYTES = 8  # SHT_NOBITS: a section that the file does not hold


class Appended(NamedTuple):
    """Where an archive begins; with a ``reason``, one that is not opened."""

    offset: int
    reason: str = ""


def is_script(data: bytes) -> bool:
    """Return whether an archive is appended to the script that ``data`` begins with."""
    return _in_script(data) is not None


def in_program(at: At, size: int) -> Appended | None:
    """Return the archive that is appended to a program; None for most. Raises OSError as ``at`` does."""
    try:
        end = _end_of_elf(at, size) if at(0, 4) == b"\x7fELF" else _end_of_pe(at, size)
    except struct.error:
        return None
    if not 0 < end < size:
        return None
    beginning = at(end, _BEGINNING)
    if kind_of(beginning) in _KINDS:
        return Appended(end)
    padding = len(beginning) - len(beginning.lstrip(b"\0"))
    if padding and kind_of(beginning[padding:]) in _KINDS:
        return Appended(end + padding)
    if _NSIS in beginning:
        return Appended(end, "NSIS installer: it is not opened")
    places = (found.start() for found in islice(_SEVEN_ZIPS.finditer(beginning, 0, _FURTHEST), _MOST_PLACES))
    return next((Appended(end + place) for place in places if _is_seven_zip(beginning[place:])), None)


def members(source: ContainerBytes, level: Level) -> Iterator[Member | Flaw]:
    """Yield the archive. Raises OverLimit and OSError."""
    found = _in_script(source.peek(_BEGINNING)) if source.kind == "script" else _behind(source)
    if found is None or found.reason:
        if found:
            yield Flaw(found.reason)
        return
    level.member()
    source.skip(found.offset - source.offset)
    left = None if source.size is None else source.size - found.offset
    at = None if left is None else source.part(found.offset, left)
    yield Member(f"{source.kind}:archive", pieces=source.rest(), at=at, size=left)


def _behind(source: ContainerBytes) -> Appended | None:
    return in_program(source.at, source.size) if source.at and source.size is not None else None


def _in_script(data: bytes) -> Appended | None:
    head = data[:_FURTHEST]
    if head.isascii() and b"\0" not in head:
        return None
    starts = [found.end() for found in islice(_LINES.finditer(head), _MOST_PLACES)]
    tar = head.find(_USTAR) - _USTAR_AT
    if tar > 0 and data[tar - 1 : tar] == b"\n":
        starts.append(tar)
    return next(
        (Appended(start) for start in sorted(starts) if kind_of(data[start : start + _BEGINNING]) in _KINDS), None
    )


def _is_seven_zip(data: bytes) -> bool:
    """Return whether the sum of the first header is right: programs that read 7z hold its first bytes too."""
    return data[8:12] == struct.pack("<I", zlib.crc32(data[12:_SEVEN_ZIP_BYTES]))


def _end_of_elf(at: At, size: int) -> int:
    """Return where an ELF file ends by its tables, 0 where they do not say. Raises struct.error."""
    head = at(0, 64)
    order = ">" if head[5:6] == b"\2" else "<"
    if head[4:5] == b"\2":
        segments, sections, *numbers = struct.unpack_from(f"{order}QQ6x4H", head, 32)
        segment, section = "8xQ16xQ", "4xI16xQQ"
    else:
        segments, sections, *numbers = struct.unpack_from(f"{order}II6x4H", head, 28)
        segment, section = "4xI8xI", "4xI8xII"
    segment_bytes, segment_count, section_bytes, section_count = numbers
    end = int(max(segments + segment_bytes * segment_count, sections + section_bytes * section_count))
    if end >= size or max(segment_count, section_count) > _MOST_ENTRIES:
        return 0
    for offset, length in _entries(at, segments, segment_bytes, segment_count, order + segment):
        end = max(end, offset + length)
    for kind, offset, length in _entries(at, sections, section_bytes, section_count, order + section):
        end = max(end, 0 if kind == _NO_BYTES else offset + length)
    return end


def _end_of_pe(at: At, size: int) -> int:
    """Return where the sections of a PE file end, 0 where there are none. Raises struct.error."""
    (start,) = struct.unpack("<I", at(60, 4))
    head = at(start, 24)
    if not head.startswith(b"PE\0\0") or start >= size:
        return 0
    count, optional_bytes = struct.unpack_from("<H12xH", head, 6)
    sections = _entries(at, start + 24 + optional_bytes, 40, min(count, _MOST_ENTRIES), "<16xII")
    return max((offset + length for length, offset in sections), default=0)


def _entries(at: At, start: int, width: int, count: int, form: str) -> Iterator[tuple[int, ...]]:
    table = at(start, width * count) if width >= struct.calcsize(form) else b""
    for place in range(0, len(table) - width + 1, width or 1):
        yield struct.unpack_from(form, table, place)
