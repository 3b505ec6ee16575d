"""Open tables of LevelDB (.ldb) and RocksDB (.sst): each key, and its value on the next line.

The footers are those of LevelDB's doc/table_format.md and RocksDB's table/format.cc, up to version 6 of its format.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from akpatrol.unwrap.containers.container_bytes import STREAM_BYTES
from akpatrol.unwrap.containers.member import Flaw, Unreadable
from akpatrol.unwrap.containers.table_blocks import TRAILER_BYTES, Blocks, Handle, handle
from akpatrol.unwrap.containers.value_lines import member_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.unwrap.budget import Level
    from akpatrol.unwrap.containers.container_bytes import ContainerBytes
    from akpatrol.unwrap.containers.member import Member

_TITLE = "LevelDB and RocksDB table"
_LEVELDB_MAGIC = b"\x57\xfb\x80\x8b\x24\x75\x47\xdb"
_LEVELDB_FOOTER, _ROCKSDB_FOOTER = 48, 53
_INDEX_IN_METADATA, _NEWEST = 6, 6
_TWO_LEVELS = 2
# A key ends with its number and kind.
_KEY_TAIL = 8
_MEMBER_BYTES = 1 << 20


class _Index(NamedTuple):
    """The block of the index: whether it holds differences, and whether its blocks are indexes."""

    block: Handle
    differences: bool = False
    levels: int = 1


def members(source: ContainerBytes, level: Level) -> Iterator[Member | Flaw]:
    """Yield the entries, about 1 MiB in a member. Raises OverLimit and OSError; damage is a flaw."""
    at, size = source.anywhere()
    if at is None:
        yield Flaw(f"{_TITLE}: its blocks are not expanded in a stream of more than {STREAM_BYTES >> 20} MiB")
        return
    footer = at(max(0, size - _ROCKSDB_FOOTER), min(size, _ROCKSDB_FOOTER))
    version = -1 if footer.endswith(_LEVELDB_MAGIC) else int.from_bytes(footer[-12:-8], "little")
    if version > _NEWEST:
        yield Flaw(f"{_TITLE}: its blocks are not expanded, it has version {version} of the format")
        return
    blocks = Blocks(at, size, version, level)
    try:
        index = _index(blocks, footer, size)
    except Unreadable as error:
        yield Flaw(f"{_TITLE}: {error}, its index is not read")
        return
    yield from _entries(blocks, index, level)


def _index(blocks: Blocks, footer: bytes, size: int) -> _Index:
    """Return the index that the footer leads to. Raises Unreadable."""
    if len(footer) < _LEVELDB_FOOTER:
        raise Unreadable("truncated")
    if blocks.version < 0:
        return _Index(handle(footer, handle(footer, len(footer) - _LEVELDB_FOOTER)[1])[0])
    if len(footer) < _ROCKSDB_FOOTER:
        raise Unreadable("truncated")
    if blocks.version >= _INDEX_IN_METADATA:
        length = int.from_bytes(footer[13:17], "little")
        metadata, block = Handle(size - _ROCKSDB_FOOTER - TRAILER_BYTES - length, length), None
    else:
        metadata, end = handle(footer, 1)
        block = handle(footer, end)[0]
    names = {name: handle(value, 0)[0] for name, value in blocks.entries(blocks.block(metadata)) if value}
    properties: dict[bytes, bytes] = {}
    if b"rocksdb.properties" in names:
        properties = dict(blocks.entries(blocks.block(names[b"rocksdb.properties"])))
    block = block or names.get(b"rocksdb.index")
    if block is None:
        raise Unreadable("damaged")
    kind = int.from_bytes(properties.get(b"rocksdb.block.based.table.index.type", b""), "little")
    differences = properties.get(b"rocksdb.index.value.is.delta.encoded", b"\0") == b"\1"
    return _Index(block, differences, 2 if kind == _TWO_LEVELS else 1)


def _entries(blocks: Blocks, index: _Index, level: Level) -> Iterator[Member | Flaw]:
    values: list[bytes] = []
    places: list[tuple[int, int]] = []
    size = 0
    for number, found in enumerate(_data_blocks(blocks, index, index.block, index.levels)):
        if isinstance(found, Flaw):
            yield found
            continue
        try:
            for entry, (key, value) in enumerate(blocks.entries(blocks.block(found))):
                values += (key[:-_KEY_TAIL], value)
                places.append((number, entry))
                size += len(key) + len(value)
                if size >= _MEMBER_BYTES:
                    level.member()
                    yield _member(values, places)
                    values, places, size = [], [], 0
        except Unreadable as error:
            yield Flaw(f"{_TITLE}: {error}, block {number} is not read in full")
    if values:
        level.member()
        yield _member(values, places)


def _data_blocks(blocks: Blocks, index: _Index, block: Handle, levels: int) -> Iterator[Handle | Flaw]:
    """Yield the handles of the blocks with entries, in order."""
    try:
        for found in blocks.handles(blocks.block(block), differences=index.differences):
            if levels > 1:
                yield from _data_blocks(blocks, index, found, levels - 1)
            else:
                yield found
    except Unreadable as error:
        yield Flaw(f"{_TITLE}: {error}, its index is not read in full")


def _member(values: list[bytes], places: list[tuple[int, int]]) -> Member:
    def label(index: int) -> str:
        block, entry = places[index // 2]
        return f"{'value' if index % 2 else 'key'}[block {block}, entry {entry}]"

    return member_of("leveldb", values, label)
