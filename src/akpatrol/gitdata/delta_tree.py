"""The delta tree of a slice: which entries are deltas of which base."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.gitdata.raw_object import TYPES

if TYPE_CHECKING:
    from akpatrol.gitdata.entries import Entries


class DeltaTree:
    """The ``roots``, which are stored whole, and the ``deltas`` of each base; entries are numbers.

    Broken entries, entries without their base and delta cycles are reached from no root.
    """

    def __init__(self, entries: Entries) -> None:
        self.roots: list[int] = []
        self.deltas: dict[int, list[int]] = {}
        self._read(entries)
        for ahead in self.deltas.values():
            # Last in, first out: entries without deltas come first, so that only one base of a chain is in memory.
            if len(ahead) > 1:
                ahead.sort(key=self.deltas.__contains__, reverse=True)

    def _read(self, entries: Entries) -> None:
        deltas = self.deltas
        for number, (kind, base) in enumerate(zip(entries.kinds, entries.bases, strict=True)):
            if kind in TYPES:
                self.roots.append(number)
            elif base >= 0:
                if base in deltas:
                    deltas[base].append(number)
                else:
                    deltas[base] = [number]
