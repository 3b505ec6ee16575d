"""Say of an offset in the values of a SQLite database which table, column and row it is in.

Most databases hold nothing, so nothing is kept of a value: only where each page's values begin. For a finding, the
values of its page are read once more.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from typing import TYPE_CHECKING

from akpatrol.model.scan import Part
from akpatrol.unwrap.budget import OverLimit
from akpatrol.unwrap.containers.forms import FORMS
from akpatrol.unwrap.containers.member import Unreadable
from akpatrol.unwrap.containers.recognise import kind_of
from akpatrol.unwrap.containers.sqlite_record import named_values, row_and_column

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from akpatrol.unwrap.containers.sqlite_record import Leaf

    Leaves = Callable[[int], Leaf | None]
    Naming = Callable[[int, str, int | None, int], tuple[str, bool]]

# What programs compress in a value, or keep there as a file. Other text is a value's as it stands.
_CONTAINERS = frozenset(("gzip", "zlib", "bzip2", "xz", "zstd", "zip", "pdf", "sqlite", "7z", "ole2"))
CONTAINER_MAGICS = frozenset(magic[:2] for kind in _CONTAINERS for magic in FORMS[kind].magics)


class Places:
    """The places of the values; ``leaf`` returns the page of a number again.

    ``label`` names a value by its page, the kind of place (``""``, ``deleted``), its rowid and its column, and says
    whether it only repeats another value.
    """

    def __init__(self, leaf: Leaves, label: Naming) -> None:
        self._leaf = leaf
        self._label = label
        self.total = 0
        # Whether a value begins like a container.
        self.has_containers = False
        self._starts = array("Q")
        self._pages = array("I")
        self._walk: Iterator[tuple[bytes, int, int]] = iter(())
        self._current: Leaf | None = None
        self._page = -1
        # The value that the walk stands at, and where it is.
        self._value, self._cell, self._number = b"", 0, 0
        self._start = self._stop = 0

    def begin(self, page: int) -> None:
        """Note that the values of a page begin here."""
        self._starts.append(self.total)
        self._pages.append(page)

    def part_at(self, offset: int) -> Part | None:
        """Return the value at an offset; None where it cannot be named."""
        try:
            return self._part(offset) if self._find(offset) else None
        except (OverLimit, Unreadable, OSError, IndexError):
            return None

    def _find(self, offset: int) -> bool:
        index = bisect_right(self._starts, offset) - 1
        if index < 0:
            return False
        if index != self._page or offset < self._start:
            self._page, self._current = index, self._leaf(self._pages[index])
            if self._current is None:
                return False
            self._walk = named_values(self._current)
            self._start = self._stop = self._starts[index]
        while offset >= self._stop:
            following = next(self._walk, None)
            if following is None:
                return False
            self._value, self._cell, self._number = following
            self._start, self._stop = self._stop, self._stop + len(self._value) + 1
        return True

    def _part(self, offset: int) -> Part | None:
        if self._current is None:
            return None
        lines = self._value.count(b"\n", 0, offset - self._start)
        label, repeats = self._named(self._current, self._pages[self._page], self._cell, self._number)
        return Part(label, self._start, lines, repeats)

    def containers(self) -> Iterator[tuple[str, bytes]]:
        """Yield the values that are containers, each with its label. Raises Unreadable, OverLimit and OSError."""
        for page in self._pages:
            if (leaf := self._leaf(page)) is None:
                continue
            for value, cell, number in named_values(leaf):
                if value[:2] in CONTAINER_MAGICS and kind_of(value) in _CONTAINERS:
                    label, repeats = self._named(leaf, page, cell, number)
                    if not repeats:
                        yield label, value

    def _named(self, leaf: Leaf, page: int, cell: int, number: int) -> tuple[str, bool]:
        if not cell:
            return self._label(page, "deleted", None, -1)
        return self._label(page, "", *row_and_column(leaf, cell, number))
