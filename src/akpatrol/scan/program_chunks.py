"""Cut contents into chunks that know the constants of a program, which other parts of the file may describe."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

from akpatrol.model.chunks import blocks
from akpatrol.model.scan import Chunk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from akpatrol.model.scan import Constant, Content, FindConstants
    from akpatrol.scan.repeats import Shortened

# How the programs begin that ``programs.constants`` reads, by their first two bytes.
_BEGINNINGS = frozenset(
    (b"\x7fE", b"MZ", b"\xcf\xfa", b"\xce\xfa", b"\xfe\xed", b"\xca\xfe", b"\0a", b"\xc6\x1f", b"de")
)
_STREAM_BYTES = 64 << 20  # of a program that cannot be read in another order than its own


def whole_chunk(content: Content) -> Chunk:
    """Return all of a content that is in memory."""
    return Chunk(content.origin, content.data, constants=_constants(content))


def chunks_of(content: Content) -> Iterator[Chunk]:
    """Yield a content as chunks that overlap."""
    if content.data[:2] not in _BEGINNINGS:
        yield from blocks(content)
        return
    content = _in_any_order(content)
    constants = _constants(content)
    for chunk in blocks(content):
        yield chunk._replace(constants=_moved(constants, chunk.offset.__add__)) if constants else chunk


def shortened_chunk(chunk: Chunk, shortened: Shortened) -> Chunk:
    """Return a chunk with the shortened data."""
    constants = chunk.constants and _moved(chunk.constants, lambda offset: shortened.offset(offset, 1))
    return Chunk(chunk.origin, shortened.data, names=chunk.names, constants=constants)


def _moved(constants: FindConstants, whole: Callable[[int], int | None]) -> FindConstants:
    """Return ``constants`` for other offsets, of which ``whole`` returns those that it takes."""

    def around(offset: int) -> Sequence[Constant]:
        place = whole(offset)
        if place is None:
            return ()
        by = place - offset
        return [
            constant._replace(start=constant.start - by, end=constant.end - by)
            for constant in constants(place)
            if constant.start >= by
        ]

    return around


def _constants(content: Content) -> FindConstants | None:
    if content.data[:2] not in _BEGINNINGS:
        return None
    data = content.data
    at = content.at if content.read else lambda offset, number: data[offset : offset + number]
    size = content.size if content.read else len(data)
    if at is None or size is None:
        return None
    from akpatrol.programs.constants import MAGICS, Constants  # noqa: PLC0415 - most contents are no program

    return Constants(at, size).around if data.startswith(MAGICS) else None


def _in_any_order(content: Content) -> Content:
    """Return a program that comes as a stream as one in memory, unless it is too large."""
    if content.read is None or content.at is not None:
        return content
    block = len(content.data)
    data = content.data + content.read(_STREAM_BYTES)
    rest, read = BytesIO(data), content.read
    first = rest.read(block)
    if len(data) - block < _STREAM_BYTES:
        return content._replace(
            data=first, read=rest.read, at=lambda offset, number: data[offset : offset + number], size=len(data)
        )
    return content._replace(data=first, read=lambda number: rest.read(number) or read(number))
