"""Read a few objects of a pack, each with its delta chain: cheaper than partitioning the whole pack."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from typing import TYPE_CHECKING

from akpatrol.sources.git.packs.entries import Entries, header
from akpatrol.sources.git.packs.inflate import BrokenObjectError
from akpatrol.sources.git.packs.raw_object import OFS_DELTA, REF_DELTA

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

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
        )


def _way(pack: Pack, offset: int) -> set[int]:
    """Return the offsets of an entry and of its delta chain; a broken entry ends the chain."""
    way: set[int] = set()
    while offset not in way:
        way.add(offset)
        try:
            kind, _, place, _ = header(pack.file, offset, pack.idx.id_bytes)
        except BrokenObjectError:
            break
        if kind == OFS_DELTA:
            offset = place
        elif kind == REF_DELTA:
            base = pack.idx.find(pack.file[place : place + pack.idx.id_bytes])
            offset = pack.idx.offsets[base] if base >= 0 else offset
    return way
