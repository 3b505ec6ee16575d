"""Rebuild the objects of a slice: from bases to deltas, each once, within a budget of bytes."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from akpatrol.gitdata.delta_tree import DeltaTree
from akpatrol.gitdata.inflate import BrokenObjectError, HugeObjectError, crc32, inflate, patched, stream
from akpatrol.gitdata.raw_object import HUGE_BYTES, TYPES, RawBatch, RawObject
from akpatrol.model.batch import SMALL_BYTES, Gathering

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from akpatrol.gitdata.entries import Entries
    from akpatrol.gitdata.pack_bytes import PackBytes

# Bases that wait for their deltas may take this much memory, in bytes; what goes beyond is rebuilt when needed.
BUDGET_BYTES = 96 << 20


class _Base:
    """A rebuilt object while deltas from it are ahead: ``waiting`` of them. ``data`` is None once dropped."""

    __slots__ = ("base", "data", "entry", "type", "waiting")

    def __init__(self, entry: int, base: _Base | None, type_: str, data: bytes, waiting: int) -> None:
        self.entry = entry
        self.base = base
        self.type = type_
        self.data: bytes | None = data
        self.waiting = waiting


class Rebuild:
    """Yields the objects of some entries of a pack; ``left`` has the ids that it could not read.

    An entry must match its index (CRC-32), its stream must match its header and checksum, and a delta must match its
    base. A huge object that is stored whole is yielded as a stream.

    An object of more than ``huge`` bytes is never held whole; bases that wait may take ``budget`` bytes. ``rebuilt`` is
    told each object, and may name further deltas of it. ``again`` counts the bytes that were rebuilt once more.
    """

    def __init__(
        self,
        entries: Entries,
        pack: PackBytes,
        *,
        huge: int | None = None,
        budget: int | None = None,
        rebuilt: Callable[[int, str, bytes], list[int]] | None = None,
    ) -> None:
        self._entries = entries
        self._view = pack
        self._huge = HUGE_BYTES if huge is None else huge
        self._budget = BUDGET_BYTES if budget is None else budget
        self._told = rebuilt
        self.again = 0
        self._offsets, self._ends, self._crcs = entries.offsets, entries.ends, entries.crcs
        self._hex = entries.ids.hex()
        self._held = 0
        self._bases: deque[_Base] = deque()
        self._kinds, self._sizes, self._header_bytes = entries.kinds, entries.sizes, entries.header_bytes
        self._done = bytearray(entries.silent)

    def left(self) -> list[str]:
        """Return the ids that were to be read and were not."""
        return [self._id(entry) for entry in self.unread()]

    def unread(self) -> list[int]:
        """Return the numbers of the entries that were to be read and were not."""
        return [entry for entry, done in enumerate(self._done) if not done]

    def __iter__(self) -> Iterator[RawObject | RawBatch]:
        """Yield the objects, small ones in batches."""
        small = Gathering[tuple[int, str]]()
        for entry, type_, data in self.objects():
            if data is None:
                yield from self.streamed(entry)
            elif len(data) > SMALL_BYTES:
                yield RawObject(self._id(entry), type_, len(data), data, None, self._stored_bytes(entry))
            elif small.add((entry, type_), data):
                yield self._batch(small)
                small = Gathering()
        if small.keys:
            yield self._batch(small)

    def objects(self) -> Iterator[tuple[int, str, bytes | None]]:
        """Yield each entry that is not silent with its type and content; None for a huge object that is whole."""
        tree, silent, done = DeltaTree(self._entries), self._entries.silent, self._done
        deltas = tree.deltas
        for root in tree.roots:
            stack: list[tuple[int, _Base | None]] = [(root, None)]
            while stack:
                entry, base = stack.pop()
                try:
                    type_, data = self._object(entry, base)
                except HugeObjectError:
                    if not base and not silent[entry]:
                        yield entry, "", None
                    continue
                except BrokenObjectError:
                    continue
                if self._told and (named := self._told(entry, type_, data)):
                    deltas[entry] = deltas.get(entry, []) + named
                if entry in deltas:
                    ahead = deltas[entry]
                    rebuilt = self._hold(entry, base, type_, data, len(ahead))
                    stack += [(delta, rebuilt) for delta in ahead]
                if not silent[entry]:
                    done[entry] = 1
                    yield entry, type_, data

    def _batch(self, small: Gathering[tuple[int, str]]) -> RawBatch:
        keys = small.keys
        ends, offsets = self._ends, self._offsets
        stored = sum([ends[entry] - offsets[entry] for entry, _ in keys])
        return RawBatch([type_ for _, type_ in keys], small.data, lambda number: self._id(keys[number][0]), stored)

    def _stored_bytes(self, entry: int) -> int:
        return self._ends[entry] - self._offsets[entry]

    def _id(self, entry: int) -> str:
        width = 2 * self._entries.id_bytes
        return self._hex[entry * width : entry * width + width]

    def _object(self, entry: int, base: _Base | None) -> tuple[str, bytes]:
        """Return an object's type and content. Raises BrokenObjectError and HugeObjectError."""
        if not base:
            return TYPES[self._kinds[entry]], self.stored(entry)
        base.waiting -= 1
        data = base.data
        if data is None:
            data = self._again(base)
        if not base.waiting and base.data is not None:
            self._held -= len(data)
            base.data = None
        return base.type, patched(data, self.stored(entry), self._huge)

    def stored(self, entry: int) -> bytes:
        """Return what is stored for an entry, an object or a delta. Raises BrokenObjectError and HugeObjectError."""
        size, start, end = self._sizes[entry], self._offsets[entry], self._ends[entry]
        if size > self._huge:
            raise HugeObjectError("huge object")
        stored = self._view[start:end]
        if self._crcs and crc32(stored) != self._crcs[entry]:
            raise BrokenObjectError("entry's CRC-32 does not match the index")
        return inflate(stored[self._header_bytes[entry] :], size)

    def _hold(self, entry: int, base: _Base | None, type_: str, data: bytes, waiting: int) -> _Base:
        """Keep a base for its deltas; drop the bases that waited longest when memory runs out."""
        held = _Base(entry, base, type_, data, waiting)
        bases = self._bases
        bases.append(held)
        self._held += len(data)
        while self._held > self._budget and len(bases) > 1:
            oldest = bases.popleft()
            if oldest.data is not None:
                self._held -= len(oldest.data)
                oldest.data = None
        while bases[0].data is None:
            bases.popleft()
        return held

    def _again(self, base: _Base) -> bytes:
        """Return a dropped base's content, rebuilt from the nearest base in memory, and hold it if it fits."""
        way = [base]
        while way[-1].data is None and way[-1].base:
            way.append(way[-1].base)
        data = way[-1].data
        if data is None:
            data = self.stored(way[-1].entry)
        for step in reversed(way[:-1]):
            data = patched(data, self.stored(step.entry), self._huge)
            self.again += len(data)
        if base.waiting and self._held + len(data) <= self._budget:
            base.data = data
            self._held += len(data)
            self._bases.append(base)
        return data

    def streamed(self, entry: int) -> Iterator[RawObject]:
        """Yield a huge object that is stored whole; it is added to ``left`` if its stream is broken."""
        size, start, end = self._sizes[entry], self._offsets[entry], self._ends[entry]
        read, state = stream(self._view, start + self._header_bytes[entry], end)
        left = size

        def bounded(number: int) -> bytes:
            nonlocal left
            data = read(min(number, left))
            left -= len(data)
            return data

        yield RawObject(self._id(entry), TYPES[self._kinds[entry]], size, None, bounded, end - start)
        while left and bounded(min(left, 1 << 20)):
            pass
        read(1)
        self._done[entry] = not left and state.eof
