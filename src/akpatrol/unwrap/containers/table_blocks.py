"""Read the blocks of a LevelDB or RocksDB table: the entries, and the handles of other blocks.

LevelDB's doc/table_format.md; RocksDB's wiki "Rocksdb BlockBasedTable Format", table/format.cc and
table/block_based/block_builder.cc: from version 4 of the format, an index holds differences of handles.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from akpatrol.unwrap.containers import decompress, lz4_block, snappy
from akpatrol.unwrap.containers.member import Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from akpatrol.unwrap.budget import Level

TRAILER_BYTES = 5
_BLOCK_BYTES = 64 << 20
_STORED, _SNAPPY, _ZLIB, _BZIP2, _LZ4, _LZ4HC, _ZSTD = 0, 1, 2, 3, 4, 5, 7
_LEVELDB_ZSTD = 2
_HASHED = 1 << 31


class Handle(NamedTuple):
    """Where a block is; its trailer follows."""

    offset: int
    size: int


class Blocks:
    """Reads the blocks of one table through ``at``; ``version`` is that of RocksDB's format, -1 for LevelDB."""

    def __init__(self, at: Callable[[int, int], bytes], size: int, version: int, level: Level) -> None:
        self._at = at
        self._size = size
        self.version = version
        self._level = level

    def block(self, handle: Handle) -> bytes:
        """Return the expansion of a block. Raises Unreadable, OverLimit and OSError."""
        offset, size = handle
        if not (offset >= 0 and 0 <= size <= _BLOCK_BYTES and offset + size + TRAILER_BYTES <= self._size):
            raise Unreadable("damaged")
        data = self._at(offset, size + 1)
        if len(data) <= size:
            raise Unreadable("truncated")
        self._level.check()
        kind, data = data[size], data[:size]
        if kind == _STORED:
            self._level.spend(len(data))
            return data
        if kind == _SNAPPY:
            return self._spent(snappy.expanded(data, _BLOCK_BYTES))
        if self.version < 0:
            kind = _ZSTD if kind == _LEVELDB_ZSTD else -1
        elif self.version >= 2:  # noqa: PLR2004 - from then on the size comes first
            data = data[varint(data, 0)[1] :]
        if kind in (_LZ4, _LZ4HC):
            return self._spent(lz4_block.expanded(data, _BLOCK_BYTES))
        made = {_ZLIB: decompress.inflater, _BZIP2: decompress.bunzipper, _ZSTD: decompress.unzstder}.get(kind)
        if made is None:
            raise Unreadable("compressed by a method that is not read")
        return decompress.whole(data, self._level, made(), _BLOCK_BYTES)

    def _spent(self, data: bytes) -> bytes:
        self._level.spend(len(data))
        return data

    def entries(self, block: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Yield the keys and values of a block. Raises Unreadable where it is damaged, and OverLimit."""
        key, at, end = b"", 0, _end(block)
        while at < end:
            shared, at = varint(block, at)
            own, at = varint(block, at)
            size, at = varint(block, at)
            if shared > len(key) or at + own + size > end:
                raise Unreadable("damaged")
            key = key[:shared] + block[at : at + own]
            at += own + size
            if shared:
                self._level.spend(shared)
            yield key, block[at - size : at]

    def handles(self, block: bytes, *, differences: bool) -> Iterator[Handle]:
        """Yield the handles in an index. Raises Unreadable where it is damaged."""
        if not differences:
            for _, value in self.entries(block):
                yield handle(value, 0)[0]
            return
        at, end, last = 0, _end(block), Handle(0, 0)
        while at < end:
            shared, at = varint(block, at)
            own, at = varint(block, at)
            at += own
            if shared:
                size, at = varint(block, at)
                last = Handle(last.offset + last.size + TRAILER_BYTES, last.size + (size >> 1 ^ -(size & 1)))
            else:
                last, at = handle(block, at)
            yield last


def _end(block: bytes) -> int:
    """Return where the entries end: at the list of restarts, or that of the hashes after it."""
    count = int.from_bytes(block[-4:], "little")
    end = len(block) - 4
    if count & _HASHED:
        end -= 2 + int.from_bytes(block[-6:-4], "little")
        count &= ~_HASHED
    end -= 4 * count
    if end < 0:
        raise Unreadable("damaged")
    return end


def handle(data: bytes, at: int) -> tuple[Handle, int]:
    """Return a handle and its end. Raises Unreadable."""
    offset, at = varint(data, at)
    size, at = varint(data, at)
    return Handle(offset, size), at


def varint(data: bytes, at: int) -> tuple[int, int]:
    """Return a number and its end. Raises Unreadable."""
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            break
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:  # noqa: PLR2004 - the continuation bit
            return value, at
    raise Unreadable("damaged")
