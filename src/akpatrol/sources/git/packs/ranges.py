"""Read a range of a pack: the entries that start in it, and the bases that they need from elsewhere in the pack.

A process keeps what it knows of the last repository, because it is likely to read several ranges of one pack.
"""

from __future__ import annotations

import os
from array import array
from bisect import bisect_left
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.errors import GitError
from akpatrol.gitdata.entries import Entries, header
from akpatrol.gitdata.inflate import BrokenObjectError
from akpatrol.sources.git.packs import delta_chain, partition, plan

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from akpatrol.model.scan import Skipped
    from akpatrol.sources.git.packs.object_slices import PackRange
    from akpatrol.sources.git.packs.plan import Pack
    from akpatrol.sources.git.runner import Git


class _Surveyed(NamedTuple):
    """A pack and the layout of its entries."""

    pack: Pack
    layout: partition.Layout


class ChangedPackError(GitError):
    """The packs are no longer those that the ranges were made for."""


def slices(wanted: PackRange, git: Git) -> Iterator[Entries | Skipped]:
    """Yield the entries of a range in slices. Raises ChangedPackError."""
    pack, layout = _surveyed(_Key(git, wanted.pack), wanted.pack, wanted.order)
    first, stop = (bisect_left(layout.offsets, offset) for offset in (wanted.start, wanted.stop))
    numbers = sorted({*range(first, stop), *_bases(pack, layout, range(first, stop))})
    if first == stop:
        return
    silent = bytearray(b"\1") * pack.idx.number
    for position in layout.order[first:stop]:
        silent[position] = pack.repeated[position] if pack.repeated else 0
    within = partition.Layout(*(array(part.typecode, map(part.__getitem__, numbers)) for part in layout))
    yield from partition.slices(pack.path, pack.file, pack.idx, bytes(silent), within)


def _bases(pack: Pack, layout: partition.Layout, numbers: range) -> set[int]:
    """Return the numbers of the entries outside the range that lead to those in it."""
    found: set[int] = set()
    pending: Sequence[int] = numbers
    while pending:
        leads = {base for number in pending if (base := _base(pack, layout, number)) >= 0}
        pending = [number for number in leads if number not in numbers and number not in found]
        found.update(pending)
    return found


def _base(pack: Pack, layout: partition.Layout, number: int) -> int:
    """Return the number of an entry's base, -1 for one without."""
    offset = layout.offsets[number]
    with suppress(BrokenObjectError):
        base = delta_chain.base_offset(pack, offset, header(pack.file, offset, pack.idx.id_bytes))
        place = bisect_left(layout.offsets, max(base, 0))
        if base != offset and place < len(layout.offsets) and layout.offsets[place] == base:
            return place
    return -1


class _Key:
    """A git that equals every other one of the same repository, as long as the file of a pack is the same."""

    def __init__(self, git: Git, path: bytes) -> None:
        self.git = git
        try:
            status = os.stat(path)
        except OSError:
            raise ChangedPackError("a pack is gone") from None
        self._same = git.repository, status.st_ino, status.st_size, status.st_mtime_ns

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self._same == other._same

    def __hash__(self) -> int:
        return hash(self._same)


@lru_cache(maxsize=1)
def _surveyed(key: _Key, path: bytes, order: tuple[bytes, ...]) -> _Surveyed:
    ranks = {name: rank for rank, name in enumerate(order)}
    survey = plan.survey(key.git, lambda packs: sorted(packs, key=lambda pack: ranks.get(pack.path, len(ranks))))
    packs = {pack.path: pack for pack in survey.packs} if survey else {}
    if tuple(packs) != order or path not in packs:
        raise ChangedPackError("the packs changed while they were read")
    return _Surveyed(packs[path], partition.layout(packs[path].file, packs[path].idx))
