"""Expand files that zisofs compressed: each block is a zlib stream of its own (Linux, fs/isofs/compress.c)."""

from __future__ import annotations

import struct
from itertools import pairwise
from typing import TYPE_CHECKING

from akpatrol.unwrap.containers import decompress
from akpatrol.unwrap.containers.member import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.unwrap.budget import Level
    from akpatrol.unwrap.containers.container_bytes import ContainerBytes

_MAGIC = b"\x37\xe4\x53\x96\xc9\xdb\xd6\x07"
_HEADER = struct.Struct("<8sI2B2x")
_LOGS = range(15, 18)  # of a block's size
_MOST_BLOCKS = 1 << 17  # of a file of 4 GiB


def pieces(source: ContainerBytes, level: Level) -> Iterator[bytes]:
    """Yield the expanded file that begins at the next byte. Raises Unreadable, OverLimit and OSError."""
    start = source.offset
    header = source.read(_HEADER.size)
    magic, size, words, log = _HEADER.unpack(header) if len(header) == _HEADER.size else (b"", 0, 0, 0)
    if magic != _MAGIC or log not in _LOGS:
        raise Unreadable("ISO 9660 image: this file is not compressed in the known version of zisofs")
    count = -(-size >> log)
    source.skip(4 * words - len(header))
    table = source.read(4 * (count + 1)) if count <= _MOST_BLOCKS else b""
    if len(table) != 4 * (count + 1):
        raise Unreadable(f"damaged near byte {start}")
    pointers = struct.unpack(f"<{count + 1}I", table)
    for number, (begin, end) in enumerate(pairwise(pointers)):
        most = min(1 << log, size - (number << log))
        piece = bytes(most)  # a block without data is a hole
        if end != begin:
            if not 0 < end - begin <= 2 << log or start + begin < source.offset:
                raise Unreadable(f"damaged near byte {source.offset}")
            source.skip(start + begin - source.offset)
            piece = _block(source.read(end - begin), most, source.offset)
        level.spend(len(piece))
        yield piece


def _block(data: bytes, most: int, offset: int) -> bytes:
    decompressor = decompress.unzlibber()
    try:
        piece = decompressor.decompress(data, most)
    except Exception:  # noqa: BLE001 - each library raises its own, and only the data can be wrong
        piece = b""
    if len(piece) != most:
        raise Unreadable(f"damaged near byte {offset}")
    return piece
