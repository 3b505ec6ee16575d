"""A store in one file of SQLite, by default: many may read it, and one sweep at a time writes.

With a write-ahead log and ``synchronous = NORMAL``, committed data survives any end of the process; a power failure may
lose the last transactions but leaves the file intact (https://www.sqlite.org/pragma.html#pragma_synchronous).
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from akpatrol.errors import UsageError
from akpatrol.sweep.store import schema, sqlite_schema
from akpatrol.sweep.store.lock import Lock, check_own

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.sweep.store.database import QueryValues

_BUSY_SECONDS = 60.0
_VALUE_BYTES = 256 << 20
# Of a damaged schema, SQLite repeats names in what it says, which Python then cannot decode.
_ERRORS = sqlite3.Error, UnicodeDecodeError


class SqliteQueries(sqlite3.Connection):
    """The open file's connection; see ``Queries``."""

    def stream(self, query: str, values: QueryValues = (), /) -> Iterator[Any]:
        """Yield the rows of a query."""
        return self.execute(query, values)


class SqliteDatabase:
    """The open file; see ``Database``. Its lock is held while it is open for writing."""

    def __init__(self, file: str, *, create: bool) -> None:
        self.name = file
        if not create and not os.path.isfile(file):
            raise UsageError(f"{file}: no such store", hint="create it: akpatrol sweep")
        if create:
            check_own(file)
        self._lock: Lock | None = Lock(file) if create else None
        self._connection: SqliteQueries | None = None
        try:
            with self._explained():
                self._open(create=create)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file and release the lock."""
        if self._connection:
            self._connection.close()
            self._connection = None
        if self._lock:
            self._lock.close()
            self._lock = None

    @contextmanager
    def reading(self) -> Iterator[SqliteQueries]:
        """Read from one snapshot."""
        with self._explained(), self._opened() as connection:
            connection.execute("BEGIN")
            yield connection

    @contextmanager
    def writing(self) -> Iterator[SqliteQueries]:
        """Write all or nothing."""
        try:
            with self._opened() as connection:
                connection.execute("BEGIN IMMEDIATE")
                yield connection
        except (*_ERRORS, OSError) as error:
            raise UsageError(f"{self.name}: cannot be written: {error}", hint="earlier data is intact") from None

    def _open(self, *, create: bool) -> None:
        if create and not os.path.lexists(self.name):
            os.close(os.open(self.name, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
        connection = self._connection = _connected(self.name)
        if create and sqlite_schema.is_blank(connection):
            connection.execute("PRAGMA journal_mode = WAL")
            sqlite_schema.migrate(connection)
        elif sqlite_schema.is_old(connection, self.name):
            self._lock = self._lock or Lock(self.name)
            sqlite_schema.migrate(connection)
        sqlite_schema.check_shape(connection, self.name)
        if not create:
            connection.execute("PRAGMA query_only = ON")
            if self._lock:
                self._lock.close()
                self._lock = None

    def _opened(self) -> SqliteQueries:
        if not self._connection:
            raise UsageError(f"{self.name}: closed")
        return self._connection

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise UsageError(f"{self.name}: {error.strerror or error}") from None
        except _ERRORS as error:
            raise _unusable(self.name, error) from None


def _unusable(file: str, error: Exception) -> UsageError:
    # Codes may be extended in their higher bytes: https://www.sqlite.org/rescode.html
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
    if code == sqlite3.SQLITE_NOTADB:
        return schema.not_a_store(file)
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_ERROR):
        return UsageError(f"{file}: damaged", hint="restore it from a backup")
    return UsageError(f"{file}: cannot be read: {error}")


def _connected(file: str) -> SqliteQueries:
    address = f"file:{quote(os.fsencode(os.path.abspath(file)))}?mode=rw"
    connection = sqlite3.connect(address, uri=True, timeout=_BUSY_SECONDS, isolation_level=None, factory=SqliteQueries)
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _VALUE_BYTES)
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection
