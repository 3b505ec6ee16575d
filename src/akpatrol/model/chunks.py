"""Cut contents into overlapping chunks, and compute lines and columns in them."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

from akpatrol.model.scan import Chunk, Content

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from akpatrol.model.scan import Origin

BLOCK_BYTES = 4 << 20
# More than the engine's reach, because each level of encoding makes a credential longer.
OVERLAP_BEFORE = 32 << 10
OVERLAP_AFTER = 64 << 10
# The mark of UTF-32 begins with that of UTF-16.
_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def content_of(
    read: Callable[[int], bytes], origin: Origin, *, block: int = BLOCK_BYTES, named: bool = False
) -> Content:
    """Return a stream's content; ``read(n)`` returns fewer than ``n`` bytes only at the end."""
    data = read(block)
    return Content(origin, data, None if len(data) < block else read, named=named)


def blocks(
    content: Content, block: int = BLOCK_BYTES, before: int = OVERLAP_BEFORE, after: int = OVERLAP_AFTER
) -> Iterator[Chunk]:
    """Yield a content as chunks that overlap, in memory that does not grow with it.

    Every offset belongs to exactly one chunk, which also has ``before`` bytes before it and ``after`` bytes after it.
    """
    data, read = content.data, content.read
    if read is None:
        if data:
            yield Chunk(content.origin, data)
        return
    offset, line, column, begin, last = 0, 1, 1, 0, False
    while True:
        end = len(data) if last else max(begin, len(data) - after)
        if end > begin:
            yield Chunk(content.origin, data, offset, line, column, begin, end)
        if last:
            return
        keep = _aligned_start(data, max(0, end - before), offset)
        line, column = advance(line, column, data[0 if offset else mark_bytes(data) : keep])
        offset, begin = offset + keep, end - keep
        more = read(block)
        last = len(more) < block
        data = data[keep:] + more


def _aligned_start(data: bytes, position: int, offset: int) -> int:
    """Return the last one up to ``position`` that is a multiple of four in the whole and cuts no UTF-8 character.

    Text of wider characters then keeps its alignment. Without such a position, only the character counts.
    """
    for back in range((offset + position) % 4, 16, 4):
        if back <= position and _character_start(data, position - back) == position - back:
            return position - back
    return _character_start(data, position)


def _character_start(data: bytes, position: int) -> int:
    """Return the last one up to ``position`` that cuts no UTF-8 sequence (RFC 3629: at most 4 bytes)."""
    for back in range(min(4, position + 1)):
        if position - back == len(data) or data[position - back] & 0xC0 != 0x80:  # noqa: PLR2004 - 10xxxxxx
            return position - back
    return position


def mark_bytes(data: bytes) -> int:
    """Return the length of the byte order mark that a content begins with; it has no column (Unicode 16.0, 23.8)."""
    return next((len(mark) for mark in _MARKS if data.startswith(mark)), 0)


def advance(line: int, column: int, passed: bytes) -> tuple[int, int]:
    """Return the position after ``passed``; columns count characters, and an undecodable byte is one."""
    newlines = passed.count(b"\n")
    if newlines:
        line, column = line + newlines, 1
        passed = passed[passed.rfind(b"\n") + 1 :]
    return line, column + (len(passed) if passed.isascii() else len(codecs.decode(passed, "utf-8", "surrogateescape")))
