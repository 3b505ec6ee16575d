"""A store in a schema of a PostgreSQL database, for many readers and several sweeps at once.

Every transaction of a writer holds one advisory lock, so that sweeps over the same targets see what the others wrote.
It is short: all rows are computed before. Readers take a snapshot and no lock. The tables are in the first schema of
the search path; another one is another store. psycopg: https://www.psycopg.org/psycopg3/docs/
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict

from akpatrol.errors import UsageError
from akpatrol.report.text_safety import plain, visible
from akpatrol.sweep.store import postgres_schema
from akpatrol.sweep.store.address import APPLICATION, not_an_address
from akpatrol.sweep.store.postgres_dialect import query_text, values_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from psycopg import Connection, Cursor

    from akpatrol.sweep.store.database import QueryValues

# Unless the address says otherwise. A connection is idle while large targets are read, and firewalls forget such ones.
_DEFAULTS: Mapping[str, Any] = {
    "application_name": "akpatrol",
    "connect_timeout": 15,
    "keepalives_idle": 60,
    "tcp_user_timeout": 120_000,
}
# A sweep whose machine stopped in the middle of a transaction must not hold up the others for good.
_SESSION = (
    "SET lock_timeout = '60s'",
    "SET idle_in_transaction_session_timeout = '5min'",
    "SET client_encoding = 'UTF8'",
    "SET DateStyle = 'ISO'",
)
_SCHEMA = "SELECT current_schema(), set_config('search_path', quote_ident(current_schema()), false)"
_LOCK = "SELECT pg_advisory_xact_lock(%s, hashtext(current_schema()))"
_LONGEST = 300
_FETCHED = 2_000
"""Rows that are asked for at once; each has about a kilobyte."""


class PostgresQueries:
    """One transaction; see ``Queries``."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._streams = 0

    def execute(self, query: str, values: QueryValues = (), /) -> Cursor[Any]:
        """Run a query."""
        return self._connection.execute(query_text(query), values_of(values))

    def stream(self, query: str, values: QueryValues = (), /) -> Iterator[Any]:
        """Yield the rows of a query, which stay on the server until they are asked for."""
        self._streams += 1
        with self._connection.cursor(f"rows_{self._streams}") as cursor:
            cursor.execute(query_text(query), values_of(values))
            while rows := cursor.fetchmany(_FETCHED):
                yield from rows

    def executemany(self, query: str, rows: Iterable[Sequence[object]], /) -> None:
        """Run a query for each row of values."""
        with self._connection.cursor() as cursor:
            cursor.executemany(query_text(query), [values_of(row) for row in rows])


class PostgresDatabase:
    """An open connection; see ``Database``."""

    def __init__(self, address: str, *, create: bool) -> None:
        self.name = address
        with self._explained("cannot be opened"):
            self._connection: Connection = _connected(address)
        try:
            with self._explained("cannot be opened"):
                self._open(create=create)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    @contextmanager
    def reading(self) -> Iterator[PostgresQueries]:
        """Read from one snapshot."""
        with self._explained("cannot be read"), self._transaction("ISOLATION LEVEL REPEATABLE READ READ ONLY"):
            yield PostgresQueries(self._connection)

    @contextmanager
    def writing(self) -> Iterator[PostgresQueries]:
        """Write all or nothing, one writer at a time."""
        # READ COMMITTED: what the writer before has written is seen.
        with self._explained("cannot be written"), self._transaction("ISOLATION LEVEL READ COMMITTED READ WRITE"):
            self._connection.execute(_LOCK, (APPLICATION,))
            yield PostgresQueries(self._connection)

    def _open(self, *, create: bool) -> None:
        for statement in _SESSION:
            self._connection.execute(statement)
        row = self._connection.execute(_SCHEMA).fetchone()
        if not row or row[0] is None:
            raise UsageError(f"{self.name}: no schema to keep a store in", hint="create one, or name it in search_path")
        with self._transaction("ISOLATION LEVEL REPEATABLE READ READ ONLY"):
            version = postgres_schema.version_of(self._connection, self.name)
            is_old = postgres_schema.is_old(self._connection, version, self.name)
        if version == 0 and not create:
            raise UsageError(f"{self.name}: no such store", hint="create it: akpatrol sweep")
        if is_old:
            with self.writing():
                postgres_schema.migrate(self._connection, self.name)
        postgres_schema.check_shape(self._connection, self.name)

    @contextmanager
    def _transaction(self, how: str) -> Iterator[None]:
        if self._connection.closed:
            raise UsageError(f"{self.name}: closed")
        self._connection.execute(f"BEGIN {how}")
        try:
            yield
        except BaseException:
            with suppress(psycopg.Error):  # the connection may be what failed
                self._connection.rollback()
            raise
        self._connection.execute("COMMIT")

    @contextmanager
    def _explained(self, what: str) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            raise self._unusable(what, error) from None

    def _unusable(self, what: str, error: psycopg.Error) -> UsageError:
        said = _said(error)
        connection = getattr(self, "_connection", None)
        if connection is None:
            return UsageError(
                f"{self.name}: {what}: {said}",
                hint="a password belongs in PGPASSWORD, in the file that PGPASSFILE names, or in a service file",
            )
        if connection.broken or isinstance(error, errors.AdminShutdown | errors.IdleInTransactionSessionTimeout):
            return UsageError(
                f"{self.name}: the connection was lost: {said}",
                hint="what was stored is there; the same command goes on from it",
            )
        if isinstance(error, errors.LockNotAvailable):
            return UsageError(f"{self.name}: {what}: another sweep is writing to it", hint="try again later")
        if isinstance(error, errors.InsufficientPrivilege):
            return UsageError(f"{self.name}: {what}: {said}", hint="docs/sweep.md has the rights that it needs")
        return UsageError(f"{self.name}: {what}: {said}", hint="earlier data is intact")


def _connected(address: str) -> Connection:
    """Connect. Raises UsageError, without libpq's words, for an address that it does not understand."""
    try:
        settings = conninfo_to_dict(address)
    except psycopg.Error:
        raise not_an_address() from None  # the message has parts of the address
    chosen = {name: value for name, value in _DEFAULTS.items() if name not in settings}
    return psycopg.connect(address, autocommit=True, **chosen)


def _said(error: psycopg.Error) -> str:
    """Return the server's or the library's words, safe to show."""
    words = error.diag.message_primary or str(error).strip() or type(error).__name__
    line = " ".join(words.split())
    return visible(plain(line if len(line) <= _LONGEST else f"{line[:_LONGEST]}..."))
