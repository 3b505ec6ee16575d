"""How long a large store takes to answer: ``python -m bench.store --save bench/runs``.

A store in SQLite and one in PostgreSQL get the same ten million occurrences: 100,000 credentials in 10,000 targets, of
thirty runs. In the last one a thousand credentials are found and as many are gone; one credential is in 100,000 places.
Then ``report``, ``--since`` and ``trace`` are timed, their queries alone and with all that Python makes of the rows, in
the median and at best, because other programs disturb. Their plans are checked: nothing that grows with the findings
may be read from end to end. A whole report is not timed: it has all occurrences in memory. The page of a report is what
one query of it brings, 100 credentials with all their places.
"""

from __future__ import annotations

import itertools
import re
import statistics
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from tests.postgres_server import postgres
from tests.query_plans import explained, scans, watched
from tests.unit.sweep.looks import CONDITIONS, DIGEST, target

from akpatrol.query import credential_query
from akpatrol.sweep.store.merge import credentials
from akpatrol.sweep.store.store import ScannedRows, SweepStore
from bench import record
from bench.store_rows import RUNS, Numbers, rows_of_credential, tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from akpatrol.sweep.store.database import Queries, QueryRows, QueryValues

_TIMES = 3


@click.command()
@click.option("--occurrences", default=10_000_000, show_default=True, help="How many.")
@click.option("--engine", "engines", multiple=True, default=("sqlite", "postgres"), help="Which databases.")
@click.option("--scratch", type=click.Path(path_type=Path), help="Where the stores are made; 10 GB for each.")
@click.option("--save", type=click.Path(file_okay=False, path_type=Path), help="Keep the raw runs there.")
def main(occurrences: int, engines: Sequence[str], scratch: Path | None, save: Path | None) -> None:
    """Fill the stores, time the queries and print a table."""
    numbers = Numbers.of(occurrences)
    for engine in engines:
        rows = _in_sqlite(numbers, scratch) if engine == "sqlite" else _in_postgres(numbers)
        for row in rows:
            row |= {"target": f"{engine}: {row['target']}", "occurrences": occurrences}
            times = [row[name] * 1000 for name in ("seconds", "fastest", "queries alone", "longest query")]
            print(f"{row['target']:52}", *(f"{milliseconds:10.2f} ms" for milliseconds in times))
        if save:
            record.save(save, "store", rows)


def _in_sqlite(numbers: Numbers, scratch: Path | None) -> list[dict[str, Any]]:
    import sqlite3  # noqa: PLC0415 - past the store, to fill it

    with tempfile.TemporaryDirectory(dir=scratch) as directory:
        name = str(Path(directory) / "s.sqlite3")
        SweepStore(name, create=True).close()
        begun = time.perf_counter()
        with closing(sqlite3.connect(name)) as connection:
            connection.execute("PRAGMA synchronous = OFF")
            query = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
            indexes = connection.execute(query).fetchall()
            for index, _ in indexes:
                connection.execute(f"DROP INDEX {index}")
            for table, values in tables(numbers):
                places = ", ".join("?" * len(values[0]))
                query = f"INSERT INTO {table} VALUES ({places})"  # noqa: S608 - of this module
                connection.executemany(query, itertools.chain([values[0]], values[1]))
            for _, sql in indexes:
                connection.execute(sql)
            connection.commit()
        print(f"filled in {time.perf_counter() - begun:.0f} s")
        return _timed(name, numbers)


def _in_postgres(numbers: Numbers) -> list[dict[str, Any]]:
    with postgres({"shared_buffers": "512MB", "max_wal_size": "4GB", "maintenance_work_mem": "512MB"}) as server:
        name = server.store()
        SweepStore(name, create=True).close()
        begun = time.perf_counter()
        with server.connect(name) as connection:
            query = (
                "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema() AND indexname !~ 'key$'"
            )
            indexes = connection.execute(query + " AND indexdef !~ 'UNIQUE'").fetchall()
            for index, _ in indexes:
                connection.execute(f"DROP INDEX {index}")
            for table, values in tables(numbers):
                with connection.cursor().copy(f"COPY {table} FROM STDIN") as copy:
                    for block in _blocks(itertools.chain([values[0]], values[1])):
                        copy.write(block)
            for _, sql in indexes:
                connection.execute(sql)
            connection.execute("VACUUM ANALYZE")
        print(f"filled in {time.perf_counter() - begun:.0f} s")
        return _timed(name, numbers)


def _blocks(rows: Iterator[Sequence[object]]) -> Iterator[str]:
    """Yield the text of COPY, as https://www.postgresql.org/docs/current/sql-copy.html has it."""
    while some := list(itertools.islice(rows, 2000)):
        yield "".join("\t".join(map(_copied, row)) + "\n" for row in some)


def _copied(value: object) -> str:
    if value is None:
        return "\\N"
    if isinstance(value, bytes):
        return f"\\\\x{value.hex()}"
    return value.replace("\\", "\\\\") if isinstance(value, str) else str(value)


def _timed(name: str, numbers: Numbers) -> list[dict[str, Any]]:
    """Return how long each query takes, the first time and in the median."""
    asked = rows_of_credential(numbers.credentials // 2).credentials[0]
    hot = rows_of_credential(0).credentials[0]
    with SweepStore(name, create=False) as store:

        def page() -> int:
            with store._reading() as queries:  # noqa: SLF001 - a report reads page after page
                return len(list(itertools.islice(credentials(queries, RUNS), 100)))

        def traced(text: str) -> int:
            return len(store.report(questions=credential_query.named(text)).credentials)

        previous = store.run_named("previous")
        queries: dict[str, Callable[[], object]] = {
            "report: runs": store.runs,
            "report: coverage of all targets": store.gaps,
            "report: a page of 100 credentials": page,
            "--since: changes": lambda: len(store.changes(previous).credentials),
            "--since: report": lambda: len(store.report(since=previous).credentials),
            "trace: by SHA-256": lambda: traced(asked.secret_sha256),
            "trace: by fingerprint": lambda: traced(asked.fingerprint),
            "trace: by the beginning of a fingerprint": lambda: traced(asked.fingerprint[:20]),
            "trace: by key id": lambda: traced(f"id:{asked.key_id}"),
            "trace: one credential in very many places": lambda: traced(hot.fingerprint),
        }
        results = [_row(what, ask, store) for what, ask in queries.items()]
    with SweepStore(name, create=True) as store:
        run = store.begin("2026-02-01T02:00:00Z", DIGEST)
        new = itertools.count(10**9)
        results.append(_row("sweep: store a target", lambda: store.put_all(run, [_new(next(new))], CONDITIONS), store))
        known = [
            target(
                str(number),
            )._replace(root=f"/org/{number}")
            for number in range(1, 65)
        ]
        results.append(_row("sweep: 64 signatures", lambda: store.signatures(known, CONDITIONS), store))
    return results


def _new(number: int) -> ScannedRows:
    return ScannedRows(rows_of_credential(number)._replace(path="/org/1"), "signature")


class _KeptRows:
    """The rows of a query that has ended."""

    def __init__(self, rows: list[Any]) -> None:
        self._rows = rows

    def fetchone(self) -> Any:
        return self._rows[0] if self._rows else None

    def fetchall(self) -> list[Any]:
        return self._rows

    def __iter__(self) -> Iterator[Any]:
        return iter(self._rows)


class _TimedQueries:
    """Queries whose times are added up, without what Python does with their rows."""

    def __init__(self, queries: Queries, spent: list[float]) -> None:
        self._queries = queries
        self._spent = spent

    def execute(self, query: str, values: QueryValues = (), /) -> QueryRows:
        begun = time.perf_counter()
        rows = _KeptRows(self._queries.execute(query, values).fetchall())
        self._spent.append(time.perf_counter() - begun)
        return rows

    def stream(self, query: str, values: QueryValues = (), /) -> Iterator[Any]:
        return iter(self.execute(query, values))

    def executemany(self, query: str, rows: Iterable[Sequence[object]], /) -> object:
        return self._queries.executemany(query, rows)


def _row(what: str, ask: Callable[[], object], store: SweepStore) -> dict[str, Any]:
    seconds, alone, longest = [], [], []
    for _ in range(_TIMES):
        begun = time.perf_counter()
        result = ask()
        seconds.append(time.perf_counter() - begun)
        spent: list[float] = [0.0]
        with watched(store, lambda queries, spent=spent: _TimedQueries(queries, spent)):  # type: ignore[misc]
            ask()
        alone.append(sum(spent))
        longest.append(max(spent))
    with explained(store) as plans:
        ask()
    if read := scans(plans):
        print(f"{what}: read from end to end: {read}")
    row = {"target": what, "seconds": round(statistics.median(seconds), 5), "fastest": round(min(seconds), 5)}
    row |= {"queries alone": round(min(alone), 5), "longest query": round(min(longest), 5)}
    row |= {"results": result if isinstance(result, int) else len(result) if isinstance(result, list) else None}
    row |= {
        "whole tables read": read,
        "plans": sorted(_indexes(plans)),
    }
    return row


def _indexes(plans: dict[str, list[str]]) -> set[str]:
    """Return what plans say of indexes, without conditions and costs."""
    lines = {re.split(r"  \(cost| \(", line.removeprefix("->").strip())[0] for plan in plans.values() for line in plan}
    words = ("INDEX", "PRIMARY KEY", "Index Scan", "Index Only Scan", "Index on")
    return {line for line in lines if any(word in line for word in words)}


if __name__ == "__main__":
    main()
