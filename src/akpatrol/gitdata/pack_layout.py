"""Find the objects of a pack without its index, from front to back.

https://git-scm.com/docs/gitformat-pack: a header with the number of objects, the entries, and a checksum of all that.
An entry does not say where it ends: its stream does. An object's id is stored nowhere; it is computed where needed.
"""

from __future__ import annotations

import hashlib
from array import array
from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.gitdata.entries import PACK_HEADER_BYTES, Entries, header
from akpatrol.gitdata.inflate import LARGEST_RATIO, BrokenObjectError, CutShortError, end_of_stream
from akpatrol.gitdata.raw_object import OFS_DELTA, REF_DELTA

if TYPE_CHECKING:
    from collections.abc import Callable

    from akpatrol.gitdata.pack_bytes import PackBytes

_ALGORITHMS = {20: "sha1", 32: "sha256"}
_HASHED_AT_ONCE = 1 << 20


class PackLayout(NamedTuple):
    """The entries of a pack, as far as they could be found: up to ``end``, of ``declared`` objects.

    ``waiting`` has the deltas whose base is named by its id, by that id. ``cut_short`` says that the pack ends before
    them, ``broken`` that the entry at ``end`` is not one. ``is_intact`` says that the checksum follows them.
    """

    entries: Entries
    waiting: dict[bytes, list[int]]
    declared: int
    end: int
    cut_short: bool
    broken: bool
    is_intact: bool

    @property
    def found(self) -> int:
        """How many entries were found."""
        return len(self.entries.kinds)

    def id(self, type_: str, data: bytes) -> bytes:
        """Return the id of an object (https://git-scm.com/book/en/v2/Git-Internals-Git-Objects), in binary."""
        hashed = self.hashed(type_, len(data))
        hashed.update(data)
        return hashed.digest()

    def resolve(self, bases: array[int], entry: int, type_: str, data: bytes) -> list[int]:
        """Return the deltas that name this object by its id as their base, and enter it in ``bases`` for them."""
        if not self.waiting:
            return []
        deltas = [delta for delta in self.waiting.get(self.id(type_, data), ()) if bases[delta] < 0]
        for delta in deltas:
            bases[delta] = entry
        return deltas

    def hashed(self, type_: str, size: int) -> hashlib._Hash:
        """Return the hash of an object whose ``size`` bytes of content are yet to be added."""
        head = f"{type_} {size}\0".encode()
        return hashlib.new(_ALGORITHMS[self.entries.id_bytes], head, usedforsecurity=False)


def lay_out(
    pack: PackBytes, id_bytes: int | None, most: int, spend: Callable[[int], None], before: int = 0
) -> PackLayout:
    """Return the layout of a pack, with at most ``most`` entries; ``id_bytes`` where it is known.

    A part of a pack has a header of its own, and so many bytes ``before`` its first entry.

    ``spend`` is told the size of each stored object or delta, and may raise; before that it is not inflated. Raises
    OSError.
    """
    declared = int.from_bytes(pack[8:PACK_HEADER_BYTES], "big")
    offsets, ends, sizes, bases = array("Q"), array("Q"), array("Q"), array("i")
    kinds, header_bytes = bytearray(), bytearray()
    waiting: dict[bytes, list[int]] = {}
    offset, cut_short, broken = PACK_HEADER_BYTES, False, False
    for number in range(min(declared, most)):
        if offset >= len(pack):
            cut_short = True
            break
        try:
            kind, size, place, start = header(pack, offset, id_bytes or 20, before)
            spend(_plausible(size, len(pack) - start))
            if kind == REF_DELTA and id_bytes is None:
                id_bytes = _width(pack, place, size)
                start = place + id_bytes
            end = end_of_stream(pack, start, size)
        except BrokenObjectError as error:
            cut_short = isinstance(error, CutShortError)
            broken = not cut_short
            break
        base = -1
        if kind == OFS_DELTA:
            before = bisect_left(offsets, place)
            base = before if before < number and offsets[before] == place else -1
        elif kind == REF_DELTA:
            waiting.setdefault(bytes(pack[place:start]), []).append(number)
        offsets.append(offset)
        ends.append(end)
        sizes.append(size)
        bases.append(base)
        kinds.append(kind)
        header_bytes.append(start - offset)
        offset = end
    is_complete = len(kinds) == declared
    width = _checked(pack, offset, id_bytes) if is_complete else None
    id_bytes = id_bytes or width or 20
    silent = bytes(len(kinds))
    entries = Entries(
        b"", id_bytes, offsets, ends, b"", array("I"), silent, bytes(kinds), sizes, bytes(header_bytes), bases
    )
    return PackLayout(entries, waiting, declared, offset, cut_short, broken, width is not None)


def _plausible(size: int, left: int) -> int:
    """Return the size if the bytes that are left can hold it. Raises CutShortError."""
    if size > left * LARGEST_RATIO:
        raise CutShortError("object larger than its stream can hold")
    return size


def _width(pack: PackBytes, place: int, size: int) -> int:
    """Return the length of the ids in a pack: behind the base's id, its delta begins. Raises BrokenObjectError."""
    try:
        end_of_stream(pack, place + 20, size)
    except BrokenObjectError:
        end_of_stream(pack, place + 32, size)
        return 32
    return 20


def sums(id_bytes: int | None) -> list[hashlib._Hash]:
    """Return the hashes that may be a pack's checksum: one where the length of its ids is known."""
    return [
        hashlib.new(algorithm, usedforsecurity=False)
        for width, algorithm in _ALGORITHMS.items()
        if id_bytes in (None, width)
    ]


def _checked(pack: PackBytes, end: int, id_bytes: int | None) -> int | None:
    """Return the length of the checksum at ``end``, None where there is none, or another."""
    hashes = sums(id_bytes)
    for start in range(0, end, _HASHED_AT_ONCE):
        part = pack[start : min(end, start + _HASHED_AT_ONCE)]
        for hashed in hashes:
            hashed.update(part)
    found = [hashed.digest_size for hashed in hashes if pack[end : end + hashed.digest_size] == hashed.digest()]
    return found[0] if found else None
