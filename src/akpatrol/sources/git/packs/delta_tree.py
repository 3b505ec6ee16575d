"""The delta tree of a slice: which entries are deltas of which base."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.sources.git.packs.entries import header
from akpatrol.sources.git.packs.inflate import BrokenObjectError
from akpatrol.sources.git.packs.raw_object import OFS_DELTA

if TYPE_CHECKING:
    import mmap

    from akpatrol.sources.git.packs.entries import Entries, Header

_BROKEN: Header = (0, 0, 0, 0)


class DeltaTree:
    """``headers`` of all entries, ``roots`` stored whole, and the ``deltas`` of each base; entries are numbers.

    Broken entries, entries without their base and delta cycles are reached from no root.
    """

    def __init__(self, entries: Entries, pack: mmap.mmap) -> None:
        self.headers: list[Header] = []
        self.roots: list[int] = []
        self.deltas: dict[int, list[int]] = {}
        self._read(entries, pack)
        for ahead in self.deltas.values():
            # Last in, first out: entries without deltas come first, so that only one base of a chain is in memory.
            if len(ahead) > 1:
                ahead.sort(key=self.deltas.__contains__, reverse=True)

    def _read(self, entries: Entries, pack: mmap.mmap) -> None:
        headers, deltas, width = self.headers, self.deltas, entries.id_bytes
        numbers = {offset: number for number, offset in enumerate(entries.offsets)}
        named = []
        for number, offset in enumerate(entries.offsets):
            try:
                fields = header(pack, offset, width)
            except BrokenObjectError:
                headers.append(_BROKEN)
                continue
            headers.append(fields)
            type_, _, place, _ = fields
            if type_ < OFS_DELTA:
                self.roots.append(number)
            elif type_ > OFS_DELTA:
                named.append((number, pack[place : place + width]))
            elif place in numbers:
                base = numbers[place]
                if base in deltas:
                    deltas[base].append(number)
                else:
                    deltas[base] = [number]
        if named:
            ids = entries.ids
            by_id = {ids[number * width : (number + 1) * width]: number for number in range(len(headers))}
            for number, id_ in named:
                if id_ in by_id:
                    deltas.setdefault(by_id[id_], []).append(number)
