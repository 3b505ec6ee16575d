"""Open the logs of LevelDB (``*.log`` of browsers' storage): each key, and its value on the next line.

A record that does not fit into a block of 32 KiB is split, also within a value (LevelDB's doc/log_format.md,
db/write_batch.cc). Checksums tell that a file is a log; after that, what is in it is read in any case.
"""

from __future__ import annotations

from functools import cache
from struct import Struct
from typing import TYPE_CHECKING

from akpatrol.unwrap.containers.member import Flaw, Unreadable
from akpatrol.unwrap.containers.table_blocks import varint
from akpatrol.unwrap.containers.value_lines import member_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.unwrap.budget import Level
    from akpatrol.unwrap.containers.container_bytes import ContainerBytes
    from akpatrol.unwrap.containers.member import Member

_TITLE = "LevelDB log"
_BLOCK = 32 << 10
_HEADER = Struct("<IHB")
_FULL, _FIRST, _MIDDLE, _LAST = range(1, 5)
_BATCH = 12  # bytes of a batch before its entries: its number, and how many there are
_MOST_BYTES = 64 << 20
_MEMBER_BYTES = 1 << 20
_CASTAGNOLI, _MASK = 0x82F63B78, 0xA282EAD8


def is_log(data: bytes) -> bool:
    """Return whether a log's first record begins ``data``, with the checksum of LevelDB."""
    if len(data) < _HEADER.size + _BATCH:
        return False
    checksum, length, kind = _HEADER.unpack_from(data)
    record = data[_HEADER.size - 1 : _HEADER.size + length]
    if kind not in (_FULL, _FIRST) or not _BATCH <= length == len(record) - 1 <= _BLOCK - _HEADER.size:
        return False
    value = _crc32c(record)
    return bool((((value >> 15) | (value << 17)) + _MASK) & 0xFFFFFFFF == checksum)


def members(source: ContainerBytes, level: Level) -> Iterator[Member | Flaw]:
    """Yield the entries, about 1 MiB in a member. Raises OverLimit and OSError; damage is a flaw."""
    values: list[bytes] = []
    places: list[tuple[int, int]] = []
    size = 0
    for number, record in enumerate(_records(source, level)):
        if isinstance(record, Flaw):
            yield record
            continue
        try:
            for entry, pair in enumerate(_entries(record)):
                values += pair
                places.append((number, entry))
                size += sum(map(len, pair))
                if size >= _MEMBER_BYTES:
                    level.member()
                    yield _member(values, places)
                    values, places, size = [], [], 0
        except Unreadable as error:
            yield Flaw(f"{_TITLE}: {error}, record {number} is not read in full")
    if values:
        level.member()
        yield _member(values, places)


def _records(source: ContainerBytes, level: Level) -> Iterator[bytes | Flaw]:
    """Yield the records, put together from their parts."""
    parts: list[bytes] = []
    size = 0
    while block := source.read(_BLOCK):
        level.check()
        at = 0
        while at + _HEADER.size <= len(block):
            _, length, kind = _HEADER.unpack_from(block, at)
            if not length and not kind:  # room that is not used yet
                break
            at += _HEADER.size
            part = block[at : at + length]
            at += length
            if len(part) < length or not _FULL <= kind <= _LAST or bool(parts) != (kind in (_MIDDLE, _LAST)):
                yield Flaw(f"{_TITLE}: {'truncated' if at > len(block) else 'damaged'}, a record is not read in full")
                parts, size = [], 0
                break
            parts.append(part)
            size += length
            if size > _MOST_BYTES:
                yield Flaw(f"{_TITLE}: a record of more than {_MOST_BYTES >> 20} MiB is not read")
                return
            if kind in (_FULL, _LAST):
                yield b"".join(parts)
                parts, size = [], 0
        else:
            if len(block) < _BLOCK and block[at:].strip(b"\0"):
                yield Flaw(f"{_TITLE}: truncated, a record is not read in full")
    if parts:
        yield Flaw(f"{_TITLE}: truncated, a record is not read in full")


def _entries(record: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the keys and values of a batch; what was deleted has no value. Raises Unreadable."""
    at = _BATCH
    while at < len(record):
        kind = record[at]
        key, at = _text(record, at + 1)
        value = b""
        if kind:
            value, at = _text(record, at)
        yield key, value


def _text(record: bytes, at: int) -> tuple[bytes, int]:
    length, at = varint(record, at)
    if at + length > len(record):
        raise Unreadable("damaged")
    return record[at : at + length], at + length


def _member(values: list[bytes], places: list[tuple[int, int]]) -> Member:
    def label(index: int) -> str:
        record, entry = places[index // 2]
        return f"{'value' if index % 2 else 'key'}[record {record}, entry {entry}]"

    return member_of("leveldb", values, label)


def _crc32c(data: bytes) -> int:
    table, value = _table(), 0xFFFFFFFF
    for byte in data:
        value = value >> 8 ^ table[(value ^ byte) & 0xFF]
    return value ^ 0xFFFFFFFF


@cache
def _table() -> tuple[int, ...]:
    values = []
    for number in range(256):
        value = number
        for _ in range(8):
            value = value >> 1 ^ (_CASTAGNOLI if value & 1 else 0)
        values.append(value)
    return tuple(values)
