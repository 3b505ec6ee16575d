"""The constants of a program that may hold a credential: where each begins and ends.

Compilers put constants next to one another, so that nothing in the pool says where one ends. A program knows it: by a
pointer with a length behind it, by code that loads both, or by a table of strings. A format is a module of this
package and a line in one of the tables below; ``scan.program_chunks`` has the first two bytes of each.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from functools import cached_property
from typing import TYPE_CHECKING

from akpatrol.kinds import KINDS
from akpatrol.model.scan import Constant
from akpatrol.programs import class_file, dex, elf, hermes, macho, pe, wasm
from akpatrol.programs.image import ProgramBytes
from akpatrol.programs.instructions import MOST
from akpatrol.programs.references import TooMany, collect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from akpatrol.programs.image import Image

    Images = Callable[[ProgramBytes], Iterator[Image]]
    Strings = Callable[[ProgramBytes], Iterator[tuple[int, int]]]

_MOST_PLACES = 1 << 18
_MOST_NEAR = 1024  # constants that begin in the longest one
_PIECE = 4 << 20
_OVERLAP = 512

_IMAGES: tuple[tuple[bytes, Images], ...] = (
    (elf.MAGIC, elf.images),
    (pe.MAGIC, pe.images),
    *((magic, macho.images) for magic in (*macho.MAGICS, *macho.FAT_MAGICS)),
    (wasm.MAGIC, wasm.images),
)
_STRINGS: tuple[tuple[bytes, Strings], ...] = (
    (elf.MAGIC, elf.sections),
    (hermes.MAGIC, hermes.strings),
    (dex.MAGIC, dex.strings),
    (class_file.MAGIC, class_file.strings),
)
MAGICS = tuple(dict.fromkeys(magic for magic, _ in (*_IMAGES, *_STRINGS)))


class Constants:
    """The constants in a file of ``size`` bytes, which are collected once, when the first is asked for.

    Nothing is read of a file that is none of these formats, or is damaged, or where reading fails.
    """

    def __init__(self, at: Callable[[int, int], bytes], size: int) -> None:
        self._data = ProgramBytes(at, size)

    def around(self, offset: int) -> Sequence[Constant]:
        """Return the constants that hold the byte at an offset; none where so many are near that they say nothing."""
        first, last = bisect_left(self._starts, offset - MOST), bisect_right(self._starts, offset)
        if last - first > _MOST_NEAR:
            return ()
        return [span for span in self._spans[first:last] if span.end > offset]

    @cached_property
    def _starts(self) -> list[int]:
        return [span.start for span in self._spans]

    @cached_property
    def _spans(self) -> list[Constant]:
        try:
            magic = self._data.at(0, 8)
            places = self._places()
            if not places:
                return []
            return sorted({*_from_tables(self._data, magic, places), *_from_images(self._data, magic, places)})
        except (OSError, TooMany, MemoryError):
            return []

    def _places(self) -> list[int]:
        """Return where the prefix of a credential is, with enough characters after it. Raises TooMany."""
        patterns = [(kind.prefix.encode(), re.compile(kind.bounds.least.encode())) for kind in KINDS if kind.prefix]
        places: set[int] = set()
        for offset in range(0, self._data.size, _PIECE):
            piece = self._data.at(offset, _PIECE + _OVERLAP)
            for prefix, rest in patterns:
                place = piece.find(prefix)
                while 0 <= place < _PIECE:
                    if rest.match(piece, place + len(prefix)):
                        places.add(offset + place)
                        if len(places) > _MOST_PLACES:
                            raise TooMany
                    place = piece.find(prefix, place + 1)
        return sorted(places)


def _from_tables(data: ProgramBytes, magic: bytes, places: Sequence[int]) -> Iterator[Constant]:
    for form, strings in _STRINGS:
        if magic.startswith(form):
            for start, size in strings(data):
                if size <= MOST and bisect_left(places, start) < bisect_left(places, start + size):
                    # A section of an object file may hold several.
                    yield Constant(start, start + size, is_proven=True, is_guess=strings is elf.sections)


def _from_images(data: ProgramBytes, magic: bytes, places: Sequence[int]) -> Iterator[Constant]:
    for form, images in _IMAGES:
        for image in images(data) if magic.startswith(form) else ():
            found = collect(image, data, places)
            edges = found.edges | {segment.offset + segment.size for segment in image.segments}
            for start, size in found.pointers:
                yield Constant(start, start + size, start + size in edges)
            pointed = {start for start, _ in found.pointers}
            # Where two numbers lead to an edge, the longer one leads past a constant.
            by_size = sorted(found.code, reverse=True)
            in_code = {start: size for start, size in by_size if start + size in edges and start not in pointed}
            for start, size in found.code:
                is_proven = in_code.get(start) == size
                if is_proven or start + size not in edges:
                    yield Constant(start, start + size, is_proven, is_guess=not is_proven)
