"""Read the central directory at a zip's end: find it, check that it is sound, and list its entries."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.unwrap.containers.member import Unreadable
from akpatrol.unwrap.containers.zip_entry import ZipEntry, wide

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from akpatrol.model.scan import Content
    from akpatrol.unwrap.budget import Level
    from akpatrol.unwrap.containers.container_bytes import ContainerBytes

    At = Callable[[int, int], bytes]

# PKWARE APPNOTE 4.3.12, 4.3.13, 4.3.16, 4.3.14 and 4.3.15.
CENTRAL = b"PK\1\2"
SIGNATURE = b"PK\5\5"
END = b"PK\5\6"
END64 = b"PK\6\6"
LOCATOR = b"PK\6\7"
_CENTRAL_HEADER = struct.Struct("<4s4x2H4x3L3H8xL")
CENTRAL_BYTES = _CENTRAL_HEADER.size
_END_RECORD = struct.Struct("<4s4H2LH")
_LOCATOR_RECORD = struct.Struct("<4sLQL")
_END64_RECORD = struct.Struct("<4sQ2H2L4Q")
END_BYTES = _END_RECORD.size
# The number of fixed bytes of each record, and where the lengths of its other parts are.
_LENGTHS = (
    (CENTRAL, CENTRAL_BYTES, 28, struct.Struct("<3H")),
    (END64, 12, 4, struct.Struct("<Q")),
    (LOCATOR, _LOCATOR_RECORD.size, 0, struct.Struct("")),
    (SIGNATURE, 6, 4, struct.Struct("<H")),
    (END, END_BYTES, 20, struct.Struct("<H")),
)
_COMMENT_BYTES = 0xFFFF
_SATURATED = 0xFFFFFFFF
# Data that looks like an end may follow the end, for example in a comment. 64 kB have no room for more.
_TRIES = 4096


class Directory(NamedTuple):
    """The location of the directory and the facts of its end; ``base`` bytes of other data precede the zip.

    ``followed`` says that the true end is not the last: one that lists nothing follows it.
    """

    start: int
    size: int
    entries: int
    base: int
    split: bool
    truncated: bool
    followed: bool = False


def has_directory(content: Content) -> bool:
    """Return whether ``content``, all in memory or with ``at`` and ``size``, ends with a directory with entries.

    An end record without entries counts too, where a directory precedes it.
    """
    if content.read is None:
        data = content.data
        directory = find(lambda offset, number: data[offset : offset + number], len(data))
    else:
        directory = find(content.at, content.size) if content.at and content.size is not None else None
    return directory is not None and (directory.entries > 0 or directory.size > 0)


def find(at: At, size: int) -> Directory | None:
    """Return the directory of a zip of ``size`` bytes, None where its end is missing or points nowhere.

    An end without entries counts only where neither another end nor a directory precedes it. For a directory that the
    end does not list, ``entries`` is 0, and ``size`` is that of the part that was found.
    """
    begin = max(0, size - END_BYTES - _COMMENT_BYTES)
    tail = at(begin, size - begin)
    position, empty = len(tail), None
    for _ in range(_TRIES):
        position = tail.rfind(END, 0, position + len(END) - 1)
        if position < 0:
            break
        record = tail[position : position + END_BYTES]
        directory = _described_directory(at, begin + position, record, size) if len(record) == END_BYTES else None
        if directory and (directory.entries or directory.size):
            comment = int.from_bytes(record[-2:], "little")
            in_comment = empty is None or begin + position + END_BYTES + comment >= size
            return directory if in_comment else directory._replace(followed=True)
        if empty is None and len(record) == END_BYTES:
            empty = _unlisted_directory(tail, position, begin) or directory
    return empty


def _unlisted_directory(tail: bytes, position: int, begin: int) -> Directory | None:
    """Return the directory that ends at an end record that does not list it, as far as the tail holds it."""
    start = end = position
    while (start := tail.rfind(CENTRAL, 0, start)) >= 0 and (size := length(tail[start : start + CENTRAL_BYTES])):
        if start + size != end:
            break
        end = start
    if end == position:
        return None
    return Directory(begin + end, position - end, entries=0, base=0, split=False, truncated=False)


def _described_directory(at: At, position: int, record: bytes, total: int) -> Directory | None:
    """Return the directory that the end record at ``position`` describes, if it is there."""
    _, disk, _, _, entries, size, offset, comment = _END_RECORD.unpack(record)
    end, truncated = position, position + END_BYTES + comment > total
    locator = at(position - _LOCATOR_RECORD.size, _LOCATOR_RECORD.size) if position >= _LOCATOR_RECORD.size else b""
    if locator.startswith(LOCATOR):
        _, _, end64_offset, _ = _LOCATOR_RECORD.unpack(locator)
        # Data before the zip shifts the record; then it directly precedes the locator, without optional data.
        for end64 in (end64_offset, position - _LOCATOR_RECORD.size - _END64_RECORD.size):
            wide_record = at(end64, _END64_RECORD.size) if 0 <= end64 < position else b""
            if len(wide_record) == _END64_RECORD.size and wide_record.startswith(END64):
                _, _, _, _, disk, _, _, entries, size, offset = _END64_RECORD.unpack(wide_record)
                end = end64
                break
    for start in (end - size, offset):
        if start == end and not entries:
            return Directory(start, 0, 0, 0, bool(disk), truncated)
        if offset <= start < end and at(start, 4) == CENTRAL:
            return Directory(start, size, entries, start - offset, bool(disk), truncated)
    return None


def is_sound(source: ContainerBytes, level: Level, directory: Directory) -> bool:
    """Return whether the directory can be read up to the most members allowed. Raises OverLimit and OSError."""
    count = 0
    try:
        for _ in listed(source, directory):
            count += 1
            level.check()
            if count > level.most_members:
                return True  # no more members are opened
    except Unreadable:
        return False
    # The old end record has 16 bits for the number of entries, and some writers let it overflow.
    return count & 0xFFFF == directory.entries & 0xFFFF


def listed(source: ContainerBytes, directory: Directory) -> Iterator[ZipEntry]:
    """Yield the directory's entries in its order. Raises Unreadable where it is damaged."""
    source.seek(directory.start)
    end = directory.start + directory.size
    while source.offset < end:
        header = source.read(CENTRAL_BYTES)
        if header.startswith(SIGNATURE):
            return
        if len(header) < CENTRAL_BYTES or not header.startswith(CENTRAL):
            raise Unreadable(f"damaged at byte {source.offset - len(header)}")
        _, flags, method, crc, compressed, size, name_bytes, extra_bytes, comment_bytes, offset = (
            _CENTRAL_HEADER.unpack(header)
        )
        rest = source.read(name_bytes + extra_bytes + comment_bytes)
        if len(rest) < name_bytes + extra_bytes + comment_bytes:
            raise Unreadable(f"truncated at byte {source.offset}")
        entry = ZipEntry(rest[:name_bytes], flags, method, crc, compressed, size, offset)
        if _SATURATED in (compressed, size, offset):
            entry = wide(entry, rest[name_bytes : name_bytes + extra_bytes])
        yield entry._replace(offset=entry.offset + directory.base) if directory.base else entry


def length(record: bytes) -> int | None:
    """Return the length of a directory's record in bytes, from its first 46; None if it is not a record."""
    for magic, fixed, at, lengths in _LENGTHS:
        if record.startswith(magic) and len(record) >= fixed:
            return fixed + sum(map(int, lengths.unpack_from(record, at)))
    return None
