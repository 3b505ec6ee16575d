"""Open systemd's journals: each field of each entry once, decompressed, a line each.

The format: https://systemd.io/JOURNAL_FILE_FORMAT/, with systemd's src/libsystemd/sd-journal/journal-def.h. A value
that several entries share is stored once.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from akpatrol.unwrap.containers import decompress, lz4_block
from akpatrol.unwrap.containers.member import Flaw, Unreadable
from akpatrol.unwrap.containers.value_lines import member_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from akpatrol.unwrap.budget import Level
    from akpatrol.unwrap.containers.container_bytes import ContainerBytes
    from akpatrol.unwrap.containers.member import Member

_TITLE = "journal"
# The header: its incompatible flags, its size, and that of all objects together.
_HEADER_BYTES, _FLAGS, _HEADER_SIZE, _ARENA_SIZE = 208, slice(12, 16), slice(88, 96), slice(96, 104)
_COMPACT, _KNOWN_FLAGS = 16, 1 | 2 | 4 | 8 | 16
# The header of an object: its type, its flags, and its size from the eighth byte on.
_OBJECT_BYTES, _DATA = 16, 1
_PAYLOAD, _COMPACT_PAYLOAD = 64, 72
_FIRST_ENTRY = slice(40, 48)
_XZ, _LZ4, _ZSTD = 1, 2, 4
_VALUE_BYTES, _MEMBER_BYTES = 64 << 20, 1 << 20
_FIELD_LENGTH = 64  # of the name of a field


def members(source: ContainerBytes, level: Level) -> Iterator[Member | Flaw]:
    """Yield the fields, about 1 MiB in a member. Raises OverLimit and OSError; damage is a flaw."""
    header = source.read(_HEADER_BYTES)
    flags = int.from_bytes(header[_FLAGS], "little")
    if flags & ~_KNOWN_FLAGS:
        yield Flaw(f"{_TITLE}: it is not read, it is of a newer version")
        return
    start = int.from_bytes(header[_HEADER_SIZE], "little")
    if len(header) < _HEADER_BYTES or start < _HEADER_BYTES:
        yield Flaw(f"{_TITLE}: damaged, its header is not read")
        return
    end = start + int.from_bytes(header[_ARENA_SIZE], "little")
    source.skip(start - _HEADER_BYTES)
    fields = _Fields(_COMPACT_PAYLOAD if flags & _COMPACT else _PAYLOAD, source.at)
    for problem in _objects(source, level, end, fields):
        if problem:
            yield Flaw(f"{_TITLE}: {problem}")
        elif fields.size >= _MEMBER_BYTES:
            level.member()
            yield fields.member()
    if fields.values:
        level.member()
        yield fields.member()


class _Fields:
    """Gathers fields; ``at`` returns any part of the journal, if that is possible."""

    def __init__(self, payload: int, at: Callable[[int, int], bytes] | None) -> None:
        self._payload = payload
        self._at = at
        self.values: list[bytes] = []
        self._entries: list[int] = []
        self.size = 0

    def add(self, data: bytes, level: Level) -> None:
        """Add a data object. Raises Unreadable and OverLimit."""
        value = _expanded(data[1], data[self._payload :], level)
        self.values.append(value)
        self._entries.append(int.from_bytes(data[_FIRST_ENTRY], "little"))
        self.size += len(value) + 1

    def member(self) -> Member:
        """Return the fields so far, and forget them."""
        values, entries, at = self.values, self._entries, self._at
        self.values, self._entries, self.size = [], [], 0

        def label(number: int) -> str:
            name = values[number].partition(b"=")[0]
            shown = name.decode() if name.isascii() and len(name) <= _FIELD_LENGTH else "field"
            return shown + _entry(at, entries[number])

        return member_of("journal", values, label)


def _objects(source: ContainerBytes, level: Level, end: int, fields: _Fields) -> Iterator[str]:
    """Add the data of each object; yield why one cannot be read, or nothing after each that was."""
    while source.offset < end:
        level.check()
        header = source.peek(_OBJECT_BYTES)
        kind, size = header[:1], int.from_bytes(header[8:16], "little")
        if len(header) < _OBJECT_BYTES:
            yield f"truncated at byte {source.offset}"
            return
        # The rest is allocated in advance, and not written yet.
        if not size and not kind[0]:
            return
        if size < _OBJECT_BYTES or source.offset + size > end:
            yield f"damaged near byte {source.offset}, the rest is not read"
            return
        if kind[0] != _DATA or size > _VALUE_BYTES:
            if kind[0] == _DATA:
                yield f"a field at byte {source.offset} is too long"
            source.skip(size + -size % 8)
            continue
        data = source.read(size)
        if len(data) < size:
            yield f"truncated at byte {source.offset}"
            return
        source.skip(-size % 8)
        try:
            fields.add(data, level)
        except Unreadable as error:
            yield f"a field at byte {source.offset - size} is not read: {error}"
        else:
            yield ""


def _expanded(flags: int, payload: bytes, level: Level) -> bytes:
    """Return the value of a data object. Raises Unreadable and OverLimit."""
    if flags & _XZ:
        return decompress.whole(payload, level, decompress.unxzer(), _VALUE_BYTES)
    if flags & _ZSTD:
        return decompress.whole(payload, level, decompress.unzstder(), _VALUE_BYTES)
    if flags & _LZ4:
        size = int.from_bytes(payload[:8], "little")
        payload = lz4_block.expanded(payload[8:], min(size, _VALUE_BYTES))
    level.spend(len(payload))
    return payload


def _entry(at: Callable[[int, int], bytes] | None, offset: int) -> str:
    """Return the number and the time of the first entry with a value; nothing where that is not known."""
    if not at or not offset:
        return ""
    try:
        data = at(offset, _OBJECT_BYTES + 16)
        number, time = int.from_bytes(data[16:24], "little"), int.from_bytes(data[24:32], "little")
        when = datetime.fromtimestamp(time // 1_000_000, UTC)
    except (OSError, ValueError, OverflowError):
        return ""
    return f"[entry {number}, {when:%Y-%m-%dT%H:%M:%SZ}]"
