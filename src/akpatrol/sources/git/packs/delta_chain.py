"""Read a few objects of a pack, each with its delta chain: cheaper than partitioning the whole pack."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from contextlib import suppress
from typing import TYPE_CHECKING

from akpatrol.gitdata.entries import Entries, header
from akpatrol.gitdata.inflate import BrokenObjectError
from akpatrol.gitdata.raw_object import OFS_DELTA, REF_DELTA

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from akpatrol.gitdata.entries import Header
    from akpatrol.sources.git.packs.plan import Pack

_OBJECTS = 256


def slices(pack: Pack, ids: Iterable[str]) -> Iterator[Entries]:
    """Yield slices with these objects; those that are not in the pack are left out."""
    index = pack.idx
    matches = (index.find(bytes.fromhex(id_)) for id_ in ids)
    wanted = sorted({index.offsets[position] for position in matches if position >= 0})
    if not wanted:
        return
    ends = array("Q", sorted(index.offsets))
    ends.append(max(len(pack.file) - index.id_bytes, 0))
    for start in range(0, len(wanted), _OBJECTS):
        requested = set(wanted[start : start + _OBJECTS])
        needed = requested.union(*(_way(pack, offset) for offset in requested))
        positions = {offset: position for position, offset in enumerate(index.offsets) if offset in needed}
        offsets = sorted(positions)
        yield Entries(
            pack.path,
            index.id_bytes,
            array("Q", offsets),
            array("Q", [ends[bisect_right(ends, offset)] for offset in offsets]),
            b"".join(index.id(positions[offset]) for offset in offsets),
            array("I", [index.crcs[positions[offset]] for offset in offsets] if index.crcs else ()),
            bytes(offset not in requested for offset in offsets),
            *_headers(pack, offsets),
        )


def _headers(pack: Pack, offsets: list[int]) -> tuple[bytes, array[int], bytes, array[int]]:
    """Return what ``Entries`` has of the headers at some offsets."""
    numbers = {offset: number for number, offset in enumerate(offsets)}
    kinds, sizes, header_bytes, bases = bytearray(), array("Q"), bytearray(), array("i")
    for offset in offsets:
        kind, size, start, base = 0, 0, offset, offset
        with suppress(BrokenObjectError):
            fields = header(pack.file, offset, pack.idx.id_bytes)
            kind, size, _, start = fields
            base = base_offset(pack, offset, fields)
        kinds.append(kind)
        sizes.append(size)
        header_bytes.append(start - offset)
        bases.append(numbers.get(base, -1) if base != offset else -1)
    return bytes(kinds), sizes, bytes(header_bytes), bases


def _way(pack: Pack, offset: int) -> set[int]:
    """Return the offsets of an entry and of its delta chain; a broken entry ends the chain."""
    way: set[int] = set()
    while offset not in way:
        way.add(offset)
        with suppress(BrokenObjectError):
            offset = base_offset(pack, offset, header(pack.file, offset, pack.idx.id_bytes))
    return way


def base_offset(pack: Pack, offset: int, fields: Header) -> int:
    """Return the offset of an entry's base, its own for one without."""
    kind, _, place, _ = fields
    if kind == OFS_DELTA:
        return place
    if kind == REF_DELTA:
        base = pack.idx.find(pack.file[place : place + pack.idx.id_bytes])
        return pack.idx.offsets[base] if base >= 0 else offset
    return offset
