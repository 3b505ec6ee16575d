"""Check whether tables in blocks are compressed; those that are not are scanned as they are."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Literal

from akpatrol.unwrap.containers.member import Flaw

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.unwrap.budget import Level
    from akpatrol.unwrap.containers.container_bytes import ContainerBytes
    from akpatrol.unwrap.containers.member import Member

_MATLAB_HEADER, _COMPRESSED_ELEMENT = 128, 15
# Of an Arrow file (format/File.fbs, Message.fbs): the length of its magic, a message's mark, and its tables' fields.
_ARROW_MAGIC = 8
_CONTINUATION = b"\xff\xff\xff\xff"
_HEADER_TYPE, _HEADER, _BODY_LENGTH = 1, 2, 3
_DICTIONARY_BATCH, _RECORD_BATCH = 2, 3
_BATCH_IN_DICTIONARY, _COMPRESSION = 1, 3
_METADATA_BYTES = 16 << 20


def matlab(source: ContainerBytes, level: Level) -> Iterator[Member | Flaw]:
    """Yield a flaw where an element of a MAT-file (MAT-File Format, "Level 5") is compressed."""
    level.member()
    order: Literal["little", "big"] = "little" if source.read(_MATLAB_HEADER)[126:128] == b"IM" else "big"
    while len(tag := source.read(8)) == 8:  # noqa: PLR2004 - the type and the size
        level.check()
        if int.from_bytes(tag[:4], order) == _COMPRESSED_ELEMENT:
            yield Flaw("MATLAB data: its elements are compressed, and are not expanded")
            return
        source.skip(int.from_bytes(tag[4:], order))


def arrow(source: ContainerBytes, level: Level) -> Iterator[Member | Flaw]:
    """Yield a flaw where a batch of an Arrow or Feather file is compressed."""
    level.member()
    source.skip(_ARROW_MAGIC)
    try:
        while source.peek(4) == _CONTINUATION:
            level.check()
            size = int.from_bytes(source.read(8)[4:], "little")
            if not size:
                return
            message = source.read(min(size, _METADATA_BYTES))
            compressed, body = _message(message)
            if compressed:
                yield Flaw("Arrow: its columns are compressed, and are not expanded: install akpatrol[columns]")
                return
            source.skip(body + -body % 8)
    except (struct.error, ValueError):
        yield Flaw(f"Arrow: damaged near byte {source.offset}")


def _message(data: bytes) -> tuple[bool, int]:
    """Return whether a message's batch is compressed, and how many bytes of body follow it."""
    root = _uint(data, 0)
    body_at, kind_at, header_at = (_field(data, root, field) for field in (_BODY_LENGTH, _HEADER_TYPE, _HEADER))
    body = struct.unpack_from("<q", data, body_at)[0] if body_at else 0
    if body < 0:
        raise ValueError(body)
    kind = data[kind_at] if kind_at else 0
    if kind not in (_DICTIONARY_BATCH, _RECORD_BATCH) or not header_at:
        return False, body
    batch = header_at + _uint(data, header_at)
    if kind == _DICTIONARY_BATCH:
        inner = _field(data, batch, _BATCH_IN_DICTIONARY)
        if not inner:
            return False, body
        batch = inner + _uint(data, inner)
    return _field(data, batch, _COMPRESSION) != 0, body


def _field(data: bytes, table: int, number: int) -> int:
    """Return the offset of a field in a flatbuffer's table, 0 where it is absent."""
    vtable = table - struct.unpack_from("<i", data, table)[0]
    if vtable < 0:
        raise ValueError(vtable)
    if 4 + 2 * number >= struct.unpack_from("<H", data, vtable)[0]:
        return 0
    offset: int = struct.unpack_from("<H", data, vtable + 4 + 2 * number)[0]
    return table + offset if offset else 0


def _uint(data: bytes, at: int) -> int:
    value: int = struct.unpack_from("<I", data, at)[0]
    return value
