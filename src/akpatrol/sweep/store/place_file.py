"""Where the places of a report are while it is written: the first ones in memory, the others in a temporary file.

The file has no name, so that it is gone with the process. It holds what the store does: masked texts. Places are sorted
in runs that fit into memory, which are merged as they are written again.
"""

from __future__ import annotations

import heapq
import os
import pickle
import tempfile
import weakref
from itertools import islice
from typing import TYPE_CHECKING

from akpatrol.errors import UsageError
from akpatrol.model import places
from akpatrol.model.places import KeptPlaces, PlaceFacts
from akpatrol.report.order import badness, facts_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from akpatrol.model.credential import Occurrence

_BLOCK = 200
"""Places that are read at once."""
_RUN = 5_000
"""Places that are sorted at once."""
_LENGTH = 8
"""Bytes before each block, with its length."""


class PlaceFile:
    """Keeps the places of one credential after the other."""

    def __init__(self) -> None:
        self._room = places.MOST_IN_MEMORY
        self._file: _NamelessFile | None = None

    def keep(self, occurrences: Iterator[Occurrence]) -> Sequence[Occurrence]:
        """Return the places of a credential: as they are if there is room for them in memory, else in order.

        Raises UsageError when there is no room in the file either.
        """
        head = list(islice(occurrences, max(_RUN, self._room) + 1))
        if len(head) <= self._room:
            self._room -= len(head)
            return tuple(head)
        self._room = 0
        try:
            return self._kept(head, occurrences)
        except OSError as error:
            hint = "free space there, or name another directory in TMPDIR"
            raise UsageError(f"{tempfile.gettempdir()}: {error.strerror}", hint) from None

    def _kept(self, head: list[Occurrence], rest: Iterator[Occurrence]) -> KeptPlaces:
        file = self._file = self._file or _NamelessFile()
        if len(head) <= _RUN:
            return KeptPlaces(file.write(sorted(head, key=badness)).read, len(head), facts_of(head))
        scratch, facts, number, runs = _NamelessFile(), _Facts(), 0, []
        while head:
            run, head = head[:_RUN], head[_RUN:] or list(islice(rest, _RUN))
            facts.add(run)
            number += len(run)
            runs.append(scratch.write(sorted(run, key=badness)))
        # Of equal places the one that was read first is the first, as if all were sorted at once.
        merged = heapq.merge(*(run.read() for run in runs), key=badness)
        return KeptPlaces(file.write(merged).read, number, facts.all())


class _Facts:
    """The facts of places that come in several parts."""

    def __init__(self) -> None:
        self._refs: set[str] = set()
        self._parts: list[PlaceFacts] = []

    def add(self, part: Sequence[Occurrence]) -> None:
        """Add a part."""
        self._refs.update(ref for place in part for ref in place.refs)
        self._parts.append(facts_of(part))

    def all(self) -> PlaceFacts:
        """Return those of all parts."""
        return PlaceFacts(
            len(self._refs),
            min((part.first_seen for part in self._parts if part.first_seen is not None), default=None),
            min(part.location for part in self._parts),
            frozenset(state for part in self._parts for state in part.states),
            tuple(sorted({target for part in self._parts for target in part.targets})),
        )


class _NamelessFile:
    """A temporary file, until nothing refers to it."""

    def __init__(self) -> None:
        self._stream = tempfile.TemporaryFile()  # noqa: SIM115 - as above
        weakref.finalize(self, self._stream.close)

    def write(self, occurrences: Iterable[Occurrence]) -> _Stretch:
        """Write places to the end."""
        start, each = self._stream.seek(0, os.SEEK_END), iter(occurrences)
        while block := list(islice(each, _BLOCK)):
            content = pickle.dumps(block, pickle.HIGHEST_PROTOCOL)
            self._stream.write(len(content).to_bytes(_LENGTH, "little") + content)
        self._stream.flush()
        return _Stretch(self, start, self._stream.tell())

    def read(self, at: int, size: int) -> bytes:
        """Return some bytes."""
        return os.pread(self._stream.fileno(), size, at)


class _Stretch:
    """Blocks of a file from ``start`` to ``end``, which several may read at once."""

    __slots__ = ("_end", "_file", "_start")

    def __init__(self, file: _NamelessFile, start: int, end: int) -> None:
        self._file = file
        self._start = start
        self._end = end

    def read(self) -> Iterator[Occurrence]:
        """Yield the places."""
        at, file = self._start, self._file
        while at < self._end:
            size = int.from_bytes(file.read(at, _LENGTH), "little")
            yield from pickle.loads(file.read(at + _LENGTH, size))  # noqa: S301 - of this process
            at += _LENGTH + size
