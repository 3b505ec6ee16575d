"""What a database reads for the queries of a store: each query's plan, by EXPLAIN."""

from __future__ import annotations

import re
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from akpatrol.sweep.store.database import Queries, QueryRows, QueryValues
    from akpatrol.sweep.store.store import SweepStore

_LARGE = ("sighting", "occurrence", "credential", "verification")
"""The tables that grow with what is found."""
_SQLITE_SCAN = re.compile(rf"SCAN ({'|'.join(_LARGE)})\b(?! USING (?:COVERING )?INDEX \w+_(?:since|until|run))")
_POSTGRES_SCAN = re.compile(rf"Seq Scan on ({'|'.join(_LARGE)})\b")


class ExplainedQueries:
    """Queries that are explained as they run."""

    def __init__(self, queries: Queries, plans: dict[str, list[str]]) -> None:
        self._queries = queries
        self._plans = plans

    def execute(self, query: str, values: QueryValues = (), /) -> QueryRows:
        self._explain(query, values)
        return self._queries.execute(query, values)

    def stream(self, query: str, values: QueryValues = (), /) -> Iterator[Any]:
        self._explain(query, values)
        return self._queries.stream(query, values)

    def _explain(self, query: str, values: QueryValues) -> None:
        if query not in self._plans:
            self._plans[query] = []
            word = "EXPLAIN QUERY PLAN" if isinstance(self._queries, sqlite3.Connection) else "EXPLAIN"
            self._plans[query] = [str(row[-1]).strip() for row in self._queries.execute(f"{word} {query}", values)]

    def executemany(self, query: str, rows: Iterable[Sequence[object]], /) -> object:
        return self._queries.executemany(query, rows)


@contextmanager
def watched(store: SweepStore, watch: Callable[[Queries], Queries]) -> Iterator[None]:
    """Have what is read meanwhile go through ``watch``."""
    database: Any = store._database
    reading = database.reading

    @contextmanager
    def read() -> Iterator[Queries]:
        with reading() as queries:
            yield watch(queries)

    database.reading = read
    try:
        yield
    finally:
        database.reading = reading


@contextmanager
def explained(store: SweepStore) -> Iterator[dict[str, list[str]]]:
    """Collect the plans of what is read meanwhile, by query."""
    plans: dict[str, list[str]] = {}
    with watched(store, lambda queries: ExplainedQueries(queries, plans)):
        yield plans


def scans(plans: dict[str, list[str]]) -> list[str]:
    """Return the lines of plans that read a large table from end to end."""
    return [
        line for plan in plans.values() for line in plan if _SQLITE_SCAN.search(line) or _POSTGRES_SCAN.search(line)
    ]
