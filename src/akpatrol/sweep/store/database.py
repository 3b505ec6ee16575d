"""What a store needs of its database, which is SQLite or PostgreSQL.

Queries are written once: in the SQL that both know, with SQLite's ``?`` and ``:name`` for values. Numbers of rows are
given by the queries, not by the database, so that the same sweeps make the same rows in both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    QueryValues = Sequence[object] | Mapping[str, object]


class QueryRows(Protocol):
    """The rows of one query."""

    def fetchone(self) -> Any:
        """Return the next row, None after the last."""

    def fetchall(self) -> list[Any]:
        """Return all rows that are left."""

    def __iter__(self) -> Iterator[Any]: ...


class Queries(Protocol):
    """An open transaction."""

    def execute(self, query: str, values: QueryValues = (), /) -> QueryRows:
        """Run a query."""

    def stream(self, query: str, values: QueryValues = (), /) -> Iterator[Any]:
        """Yield the rows of a query that may be too many for memory; other queries may run meanwhile."""

    def executemany(self, query: str, rows: Iterable[Sequence[object]], /) -> object:
        """Run a query for each row of values."""


class Database(Protocol):
    """An open database with the tables of a store. Every method raises UsageError when it cannot be used."""

    @property
    def name(self) -> str:
        """How messages call the store."""

    def reading(self) -> AbstractContextManager[Queries]:
        """Read from one snapshot; no writer waits for it."""

    def writing(self) -> AbstractContextManager[Queries]:
        """Write all or nothing, one writer at a time."""

    def close(self) -> None:
        """Close the database."""
