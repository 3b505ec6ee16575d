"""Find which table or index of a SQLite database each page belongs to (file format, sections 1.6 and 2.6)."""

from __future__ import annotations

from array import array
from contextlib import suppress
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.unwrap.containers.member import text
from akpatrol.unwrap.containers.sqlite_columns import columns
from akpatrol.unwrap.containers.sqlite_record import (
    INDEX_INTERIOR,
    TABLE_INTERIOR,
    Format,
    cells,
    leaf_of,
    page_start,
    whole_record,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.unwrap.budget import Level
    from akpatrol.unwrap.containers.sqlite_record import Leaf, Pages

    _Value = bytes | int | None

_MOST_TABLES, _STATEMENT_BYTES = 1 << 16, 16 << 20
# A longer name could hide half a secret from the mask when it is cut, so the table or column is counted instead.
_NAME_LENGTH = 100
_SCHEMA = ("type", "name", "tbl_name", "rootpage", "sql")


class SchemaEntry(NamedTuple):
    """A table or an index in the schema: its name, the page of its root and its statement."""

    name: str
    root: int
    statement: bytes
    is_index: bool = False

    def column(self, number: int) -> str:
        """Return the name of a column in the order of a record, from 0; ``column 3`` where it is not sure."""
        names = _columns(self.statement) if self.statement else _SCHEMA
        return named(names[number] if number < len(names) else "", f"column {number + 1}")


class Tables:
    """The tables of a database with ``count`` pages, and the pages of each. They are read when they are needed."""

    def __init__(self, form: Format, page: Pages, count: int, level: Level) -> None:
        self._form = form
        self._page = page
        self._count = count
        self._level = level

    def of(self, page: int) -> SchemaEntry | None:
        """Return the table or index whose b-tree reaches a page; None for one that is free. Raises OverLimit."""
        owner = self._owners[page]
        return self._tables[owner - 1] if owner else None

    @cached_property
    def _tables(self) -> list[SchemaEntry]:
        found = [SchemaEntry("sqlite_schema", 1, b"")]
        left = _STATEMENT_BYTES
        for number in self._reached(1, bytearray(self._count + 1)):
            leaf = leaf_of(self._form, self._page(number), self._page)
            for kind, name, root, statement in _entries(leaf) if leaf else ():
                if isinstance(name, bytes) and isinstance(root, int) and root > 1 and len(found) < _MOST_TABLES:
                    sql = statement if isinstance(statement, bytes) and kind == b"table" else b"?"
                    left -= len(sql)
                    shown = named(text(name), f"table {len(found)}")
                    found.append(SchemaEntry(shown, root, sql if left > 0 else b"?", kind == b"index"))
        return found

    @cached_property
    def _owners(self) -> array[int]:
        owners = array("I", bytes(4 * (self._count + 1)))
        for owner, table in enumerate(self._tables, 1):
            seen = _Owned(owners, owner)
            for _ in self._reached(table.root, seen):
                pass
        return owners

    def _reached(self, root: int, seen: bytearray | _Owned) -> Iterator[int]:
        """Yield the pages of a b-tree, each once: a cycle ends, and no depth is needed."""
        left = [root]
        while left:
            number = left.pop()
            if not 0 < number <= self._count or seen[number]:
                continue
            self._level.check()
            seen[number] = 1
            data = self._page(number)
            start = page_start(data)
            yield number
            if len(data) == self._form.page and data[start] in (INDEX_INTERIOR, TABLE_INTERIOR):
                left.append(int.from_bytes(data[start + 8 : start + 12], "big"))
                children = (int.from_bytes(data[cell : cell + 4], "big") for cell in cells(self._form, data, start))
                left.extend(child for child in children if child <= self._count and not seen[child])


def _entries(leaf: Leaf) -> Iterator[tuple[_Value, _Value, _Value, _Value]]:
    """Yield the type, name, root and statement of each entry of the schema on one page."""
    for cell in cells(leaf.form, leaf.data, leaf.start):
        with suppress(IndexError, ValueError):  # it only looked like an entry
            kind, name, _, root, statement = whole_record(leaf, cell)
            yield kind, name, root, statement


class _Owned:
    """Which pages belong to a table already; a page that is set becomes ``owner``'s."""

    def __init__(self, owners: array[int], owner: int) -> None:
        self._owners = owners
        self._owner = owner

    def __getitem__(self, page: int) -> int:
        return self._owners[page]

    def __setitem__(self, page: int, _value: int) -> None:
        self._owners[page] = self._owner


@lru_cache(maxsize=64)
def _columns(statement: bytes) -> tuple[str, ...]:
    return columns(text(statement))


def named(name: str, otherwise: str) -> str:
    """Return a name from the file, or another where it is empty or too long to be shown whole."""
    return name if 0 < len(name) <= _NAME_LENGTH else otherwise
