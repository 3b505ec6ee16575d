"""Blocks and positions."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import pytest

from akpatrol.model.chunks import advance, blocks, content_of
from akpatrol.model.scan import REACH_AFTER, REACH_BEFORE, Chunk, Origin

if TYPE_CHECKING:
    from collections.abc import Iterator

_ORIGIN = Origin("0")


def _chunks(stream: BytesIO, block: int) -> Iterator[Chunk]:
    return blocks(content_of(stream.read, _ORIGIN, block=block), block, REACH_BEFORE, REACH_AFTER)


@pytest.mark.parametrize(
    ("passed", "wanted"),
    [
        (b"", (3, 5)),
        (b"abc", (3, 8)),
        ("é€😀".encode(), (3, 8)),
        (b"\xff\x80", (3, 7)),
        (b"\xe2\x82", (3, 7)),
        (b"\n", (4, 1)),
        (b"a\r\nb\n\ncd", (6, 3)),
        (b"\r\x0b\x0c\x85", (3, 9)),
        (b"\xed\xa0\x80", (3, 8)),
    ],
)
def test_advance(passed: bytes, wanted: tuple[int, int]) -> None:
    assert advance(3, 5, passed) == wanted


@pytest.mark.parametrize("size", [0, 1, 9, 10])
def test_little_is_one_chunk_or_none(size: int) -> None:
    chunks = [chunk for chunk in _chunks(BytesIO(b"x" * size), 10) if chunk.data]
    assert b"".join(chunk.data for chunk in chunks) == b"x" * size
    assert len(chunks) <= (size > 0)


def test_memory_does_not_grow() -> None:
    """A chunk is a block and the engine's reach."""
    block = 10_000
    sizes = [len(chunk.data) for chunk in _chunks(BytesIO(b"x" * 500_000), block)]
    assert max(sizes) <= block + REACH_BEFORE + REACH_AFTER + 4


def test_nothing_is_read_ahead_of_a_chunk() -> None:
    """A stream's first block is scanned before its last has come."""
    stream = BytesIO(b"x" * 100_000)
    next(_chunks(stream, 10_000))
    assert stream.tell() == 10_000
