"""Collect what refers to the constants of an image: pointers with a length behind them, and code.

Only what points near a credential's prefix is kept: so little is kept of most programs, and one that is full of
prefixes is given up. Each byte is read a fixed number of times.
"""

from __future__ import annotations

import sys
from array import array
from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from akpatrol.programs.image import AddressMap
from akpatrol.programs.instructions import LEAST, MOST, PAGE, READERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from collections.abc import Set as AbstractSet

    from akpatrol.programs.image import Image, Order, ProgramBytes
    from akpatrol.programs.instructions import Use

_Item = TypeVar("_Item")

_PIECE = 1 << 20
_REACH = 1024  # bytes from a prefix to where its constant, or the next one, may begin
_MOST_REFERENCES, _MOST_USES = 1 << 18, 1 << 16
_TYPECODES = {4: "I", 8: "Q"}
_OVERLAP = 128  # bytes of code
_TOGETHER = 48  # bytes of code between the parts of one copy


class TooMany(Exception):  # noqa: N818 - nobody erred
    """There are more references than are kept."""


class References(NamedTuple):
    """Offsets in a file: ``edges`` where something begins or ends, and constants as ``(start, size)``.

    The lengths of those in ``code`` are only numbers near by.
    """

    edges: set[int]
    pointers: set[tuple[int, int]]
    code: set[tuple[int, int]]


def collect(image: Image, data: ProgramBytes, places: Iterable[int]) -> References:
    """Return what refers to the constants around ``places``, which are offsets. Raises OSError and TooMany."""
    addresses = AddressMap(image)
    pages = set[int]()
    for place in places:
        if (address := addresses.address(place)) is not None:
            pages.update(range((address - _REACH) >> PAGE, ((address + _REACH) >> PAGE) + 1))
    found, loads = References(set(), set(), set()), set[tuple[int, int, int]]()
    if not pages:
        return found
    pointers = chain(_kept(image, data, pages), _added(image, data, addresses, pages))
    for address, size in _at_most(pointers, _MOST_REFERENCES):
        _add(found, found.pointers, addresses.offset(address), (size,))
    for address, sizes, width, place in _at_most(_uses(image, data, pages), _MOST_USES):
        start = addresses.offset(address)
        _add(found, found.code, start, sizes, is_edge=not width)
        if width and start is not None:
            loads.add((place, start, start + width))
    found.edges.update(_edges(sorted(loads)))
    return found


def _uses(image: Image, data: ProgramBytes, pages: AbstractSet[int]) -> Iterator[Use]:
    if reader := READERS.get(image.machine):
        for segment in filter(attrgetter("is_code"), image.segments):
            for offset, code in _pieces(data, segment.offset, segment.size, _OVERLAP):
                yield from reader(code, segment.address + offset - segment.offset, pages)


def _at_most(items: Iterable[_Item], most: int) -> Iterator[_Item]:
    """Yield the items. Raises TooMany where there are more."""
    for number, item in enumerate(items):
        if number >= most:
            raise TooMany
        yield item


def _edges(loads: Iterable[tuple[int, int, int]]) -> Iterator[int]:
    """Yield where copying begins and ends: code close together copies what is long in pieces that touch or overlap."""
    copied: list[tuple[int, int]] = []
    before = 0
    for place, start, end in loads:
        if place - before > _TOGETHER:
            yield from _outer(copied)
            copied.clear()
        copied.append((start, end))
        before = place
    yield from _outer(copied)


def _outer(pieces: Iterable[tuple[int, int]]) -> Iterator[int]:
    """Yield the ends of pieces, but for those where another one continues."""
    begin = end = -1
    for first, last in sorted(pieces):
        if first > end:
            yield from (begin, end)
            begin = first
        end = max(end, last)
    yield from (begin, end)


def _add(
    found: References, constants: set[tuple[int, int]], start: int | None, sizes: Iterable[int], *, is_edge: bool = True
) -> None:
    if start is None:
        return
    if is_edge:
        found.edges.add(start)
    constants.update((start, size) for size in sizes if LEAST <= size <= MOST)
    if len(found.edges) + len(constants) > _MOST_REFERENCES:
        raise TooMany


def _kept(image: Image, data: ProgramBytes, pages: AbstractSet[int]) -> Iterator[tuple[int, int]]:
    """Yield each address in ``pages`` that is kept in a word, with the word after it."""
    width, mask, bias = image.width, image.mask, image.bias
    shifted = {page - (bias >> PAGE) for page in pages}
    for segment in image.segments:
        before = -segment.address % width
        for _, piece in _pieces(data, segment.offset + before, segment.size - before, width):
            words = _words(piece, width, image.order)
            # The search is over millions of words: without a mask it takes half the time.
            if mask == -1:
                near = [index for index, word in enumerate(words) if word >> PAGE in shifted]
            else:
                near = [index for index, word in enumerate(words) if (word & mask) >> PAGE in shifted]
            yield from (((words[index] & mask) + bias, words[index + 1]) for index in near if index + 1 < len(words))


def _added(
    image: Image, data: ProgramBytes, addresses: AddressMap, pages: AbstractSet[int]
) -> Iterator[tuple[int, int]]:
    """Yield each address in ``pages`` that the loader writes by a relocation, with the word after that place."""
    width = image.width
    for first, size in image.addends:
        for _, piece in _pieces(data, first, size, 0, _PIECE - _PIECE % (3 * width)):
            words = _words(piece, width, image.order)
            for index in [index for index, addend in enumerate(words[2::3]) if addend >> PAGE in pages]:
                symbol = words[3 * index + 1] >> (32 if width > 4 else 8)  # noqa: PLR2004 - a word of 64 bits
                place = addresses.offset(words[3 * index])
                if not symbol and place is not None:
                    yield words[3 * index + 2], data.number(place + width, width, image.order)


def _pieces(
    data: ProgramBytes, first: int, size: int, overlap: int, piece: int = _PIECE
) -> Iterator[tuple[int, bytes]]:
    """Yield a part of the file in pieces that overlap, each with its offset."""
    for offset in range(first, first + size, piece):
        yield offset, data.at(offset, min(piece + overlap, first + size - offset))


def _words(piece: bytes, width: int, order: Order) -> array[int]:
    words = array(_TYPECODES[width])
    words.frombytes(piece[: len(piece) // width * width])
    if order != sys.byteorder:
        words.byteswap()
    return words
