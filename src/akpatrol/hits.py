"""From matches in a chunk to hits: offset, line and column, and the line round it with its secrets wrapped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.findings import Hit
from akpatrol.model import Secret
from akpatrol.sources.base import advance

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from akpatrol.model import Chunk, Match

_CONTEXT_BYTES = 200
_NEIGHBOUR_BYTES = 512
_TOKEN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-~+/=%")


def locate(
    chunk: Chunk, matches: Sequence[Match], candidates: Callable[[bytes, int, int], Sequence[tuple[int, int]]]
) -> Iterator[Hit]:
    """Yield each of the chunk's matches, given in order, as a hit.

    ``candidates(data, start, end)`` returns spans that have a credential's shape, to be masked in the context.
    """
    data, passed, line, column = chunk.data, 0, chunk.line, chunk.column
    for match in matches:
        line, column = advance(line, column, data[passed : match.start])
        passed = match.start
        end_line, end_column = advance(line, column, data[match.start : match.end])
        first, last = (0, len(data)) if not chunk.names else _entry(data, match)
        origin, offset = chunk.origin, chunk.offset + match.start
        if chunk.names:
            origin, offset = origin._replace(path=data[first:last]), match.start - first
        start, stop = _surroundings(data, match, first, last)
        # A neighbour that the limit cuts must be seen whole, or its half would not be masked.
        low, high = max(first, start - _NEIGHBOUR_BYTES), min(last, stop + _NEIGHBOUR_BYTES)
        near = [(match.start, match.end), *_outside(match, candidates(data, low, high))]
        yield Hit(origin, match, offset, line, column, end_line, end_column, _wrap(data, start, stop, near))


def _outside(match: Match, spans: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield what of the spans lies before or behind the match; its own pattern may go on behind it."""
    for low, high in spans:
        if low < match.start:
            yield low, min(high, match.start)
        elif low > match.start and high > match.end:
            yield max(low, match.end), high


def _entry(data: bytes, match: Match) -> tuple[int, int]:
    """Return where the name that holds the match starts and ends."""
    last = data.find(b"\0", match.end)
    return data.rfind(b"\0", 0, match.start) + 1, last if last >= 0 else len(data)


def _surroundings(data: bytes, match: Match, first: int, last: int) -> tuple[int, int]:
    """Return the line's part round the match; a word cut by the limit may be half a secret and is left out whole."""
    low, high = max(first, match.start - _CONTEXT_BYTES), min(last, match.end + _CONTEXT_BYTES)
    newline = data.rfind(b"\n", low, match.start)
    start = newline + 1 if newline >= 0 else low
    newline = data.find(b"\n", match.end, high)
    stop = newline if newline >= 0 else high
    if newline < 0 and stop < last:
        while stop > match.end and _continues(data[stop]):
            stop -= 1
        while stop > match.end and data[stop - 1] in _TOKEN:
            stop -= 1
    if start == low > first:
        while start < match.start and (data[start] in _TOKEN or _continues(data[start])):
            start += 1
    return start, stop


def _continues(byte: int) -> bool:
    """Tell whether a byte goes on with a UTF-8 sequence (RFC 3629: 10xxxxxx), which a cut must not part."""
    return byte & 0xC0 == 0x80  # noqa: PLR2004


def _wrap(data: bytes, start: int, stop: int, spans: Sequence[tuple[int, int]]) -> tuple[str | Secret, ...]:
    parts: list[str | Secret] = []
    position = start
    for low, high in sorted(set(spans)):
        if high <= position or low >= stop:
            continue
        begin = max(low, position)
        if begin > position:
            parts.append(_text(data[position:begin]))
        parts.append(Secret(data[low if position == start else begin : high]))
        position = high
    if position < stop:
        parts.append(_text(data[position:stop]))
    return tuple(parts)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")
