"""Open Avro's container files (specification 1.12, "Object Container Files"): the texts of a record together."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from akpatrol.unwrap.containers import decompress, snappy
from akpatrol.unwrap.containers.avro_schema import RecordTexts, number, reader
from akpatrol.unwrap.containers.member import Flaw, Unreadable
from akpatrol.unwrap.containers.value_lines import member_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from akpatrol.unwrap.budget import Level
    from akpatrol.unwrap.containers.avro_schema import Read
    from akpatrol.unwrap.containers.container_bytes import ContainerBytes
    from akpatrol.unwrap.containers.member import Member

_MAGIC_BYTES, _SYNC_BYTES, _LONGEST = 4, 16, 10
_HEADER_BYTES, _BLOCK_BYTES, _MEMBER_BYTES = 4 << 20, 64 << 20, 1 << 20
# How many fields a byte may stand for, and any block.
_FIELDS, _LEAST_FIELDS = 16, 1 << 20
# A longer name could hide half a secret from the mask when it is cut.
_NAME_LENGTH = 100
_CODECS: dict[str, Callable[[], decompress.Decompressor]] = {
    "deflate": decompress.inflater,
    "bzip2": decompress.bunzipper,
    "xz": decompress.unxzer,
    "zstandard": decompress.unzstder,
}


def members(source: ContainerBytes, level: Level) -> Iterator[Member | Flaw]:
    """Yield the records, about 1 MiB in a member. Raises OverLimit, Unreadable and OSError; damage is a flaw."""
    try:
        metadata = _metadata(source)
    except IndexError:
        yield Flaw("Avro: damaged, its header is not whole")
        return
    level.member()
    yield member_of("avro", [part for entry in metadata.items() for part in entry], lambda _: "metadata")
    sync = source.read(_SYNC_BYTES)
    codec = metadata.get(b"avro.codec", b"null").decode("latin-1")
    if codec not in ("null", "snappy", *_CODECS):
        yield Flaw(f"Avro: its blocks are compressed by {codec[:_NAME_LENGTH] or 'something'}, which is not read")
        return
    try:
        read = reader(json.loads(metadata.get(b"avro.schema", b"")))
    except (ValueError, RecursionError):
        yield Flaw("Avro: damaged, its schema is not JSON")
        return
    yield from _blocks(source, level, sync, codec, read)


def _blocks(source: ContainerBytes, level: Level, sync: bytes, codec: str, read: Read) -> Iterator[Member | Flaw]:
    texts = RecordTexts(level.check)
    while source.peek(1):
        start = source.offset
        try:
            count, size = _number(source), _number(source)
            if count < 0 or not 0 <= size <= _BLOCK_BYTES or len(data := source.read(size)) < size:
                raise IndexError  # noqa: TRY301 - one way of damage
            for member in _records(_expanded(data, codec, level), count, read, texts):
                level.member()
                yield member
        except (IndexError, Unreadable, RecursionError):
            texts.depth = 0
            yield Flaw(f"Avro: damaged in the block at byte {start}")
        if source.peek(_SYNC_BYTES) != sync:
            yield Flaw(f"Avro: damaged near byte {source.offset}")
            if not source.find(sync):
                break
        source.read(_SYNC_BYTES)
    if texts.values:
        level.member()
        yield _member(texts)


def _records(data: bytes, count: int, read: Read, texts: RecordTexts) -> Iterator[Member]:
    """Yield members of the records in a block. Raises IndexError where it is damaged."""
    at = 0
    texts.left = _LEAST_FIELDS + _FIELDS * len(data)
    for _ in range(count):
        before, at = at, read(data, at, texts)
        texts.record += 1
        if texts.size >= _MEMBER_BYTES:
            yield _member(texts)
            texts.emptied()
        if at > len(data):
            raise IndexError
        if at == before:
            return  # nor have the others any bytes


def _member(texts: RecordTexts) -> Member:
    values, paths, records = texts.values, texts.paths, texts.records

    def label(index: int) -> str:
        name = paths[index]
        return f"{name if 0 < len(name) <= _NAME_LENGTH else 'value'}[record {records[index]}]"

    return member_of("avro", values, label)


def _metadata(source: ContainerBytes) -> dict[bytes, bytes]:
    """Return the map after the magic. Raises IndexError where it is damaged."""
    source.read(_MAGIC_BYTES)
    found: dict[bytes, bytes] = {}
    while count := _number(source):
        if count < 0:
            count, _ = -count, _number(source)
        for _ in range(count):
            key = _text(source)
            found[key] = _text(source)
    return found


def _text(source: ContainerBytes) -> bytes:
    size = _number(source)
    if not 0 <= size <= _HEADER_BYTES - source.offset or len(data := source.read(size)) < size:
        raise IndexError
    return data


def _number(source: ContainerBytes) -> int:
    value, end = number(source.peek(_LONGEST), 0)
    source.read(end)
    return value


def _expanded(data: bytes, codec: str, level: Level) -> bytes:
    if codec == "null":
        return data
    if codec == "snappy":
        expanded = snappy.expanded(data[:-4], _BLOCK_BYTES)  # a checksum follows
        level.spend(len(expanded))
        return expanded
    return decompress.whole(data, level, _CODECS[codec](), _BLOCK_BYTES)
