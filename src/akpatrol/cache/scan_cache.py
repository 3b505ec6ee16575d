"""The scan cache: results of earlier runs in one SQLite table, which a later run trusts as little as possible.

A problem with the file or its directory only means that content is scanned again; it is not an error. It stores counts,
object ids, positions and hashes, never a secret.
"""

from __future__ import annotations

import json
import os
from contextlib import closing, suppress
from time import time
from typing import TYPE_CHECKING, Any

from akpatrol import __version__
from akpatrol.cache.directory import refusal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from sqlite3 import Connection

    from akpatrol.config.limits import Limits

FILE_NAME = "read.sqlite3"
_APPLICATION = 0x616B7061  # "akpa"; https://www.sqlite.org/pragma.html#pragma_application_id
_VERSION = 1
_SCHEMA = """
CREATE TABLE read (
    key BLOB PRIMARY KEY, value BLOB NOT NULL, seal BLOB NOT NULL, used INTEGER NOT NULL
) WITHOUT ROWID
"""
_BESIDE = ("-wal", "-shm")
_BUSY_SECONDS = 5.0
_VALUE_BYTES = 8 << 20
_PAGE_BYTES = 4096
# Beyond this, the values unused for the longest time are dropped; the file never takes more than twice as much.
_ROOM_BYTES = 128 << 20
_DAY = 86_400


def conditions(rules_digest: str, limits: Limits) -> str:
    """Return a digest of all conditions of a scan but the bytes: version, rules and limits."""
    return _hash(repr((__version__, rules_digest, *limits))).hex()


class ScanCache:
    """The table in the file ``name`` of ``directory``, opened on first use; ``problem`` says why there is none.

    Two processes may use it at once. A damaged akpatrol cache, or one of another version, is replaced.
    """

    def __init__(self, directory: str | None, name: str = FILE_NAME) -> None:
        self._directory = directory
        self._name = name
        self._connection: Connection | None = None
        self._stale: set[bytes] = set()
        self._replaced = False
        self.problem = "" if directory else "no home directory"

    @property
    def file(self) -> str:
        """Where the table is, or would be."""
        return os.path.join(self._directory or "", self._name)

    def get(self, conditions: str, kind: str, key: str) -> Any:
        """Return the JSON value stored under these conditions; None without one."""
        from sqlite3 import Error  # noqa: PLC0415 - 10 ms

        place = _hash(f"{conditions} {kind} {key}")
        try:
            if not (connection := self._opened()):
                return None
            row = connection.execute(
                "SELECT value, seal, used FROM read WHERE key = ? AND length(value) <= ?", (place, _VALUE_BYTES)
            ).fetchone()
        except (Error, ValueError) as error:
            self._failed(error)
            return None
        if not row:
            return None
        value, seal, used = row
        if not isinstance(value, bytes) or seal != _hash(place + value):
            return None  # a flipped bit may have turned an object with a finding into a clean one
        if used != _today():
            self._stale.add(place)
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return None

    def put(self, conditions: str, kind: str, values: Mapping[str, object]) -> None:
        """Store JSON values by their keys, all or none."""
        from sqlite3 import Error  # noqa: PLC0415 - 10 ms

        today, rows = _today(), []
        for key, value in values.items():
            place = _hash(f"{conditions} {kind} {key}")
            if len(packed := json.dumps(value, separators=(",", ":")).encode()) <= _VALUE_BYTES:
                rows.append((place, packed, _hash(place + packed), today))
        if not rows and not self._stale:
            return
        try:
            if connection := self._opened():
                with connection:
                    connection.execute("BEGIN IMMEDIATE")
                    connection.executemany("INSERT OR REPLACE INTO read VALUES (?, ?, ?, ?)", rows)
                    connection.executemany("UPDATE read SET used = ? WHERE key = ?", [(today, k) for k in self._stale])
                    _make_room(connection)
                self._stale.clear()
        except (Error, ValueError) as error:
            self._failed(error)
            if not self.problem:
                self.put(conditions, kind, values)

    def close(self) -> None:
        """Close the file."""
        if self._connection:
            from sqlite3 import Error  # noqa: PLC0415 - it is loaded

            with suppress(Error):
                self._connection.close()
            self._connection = None

    def _opened(self) -> Connection | None:
        """Return the open table, None where there is none. Raises sqlite3.Error, and ValueError for broken text."""
        if self._connection or self.problem or not self._directory:
            return self._connection
        try:
            self.problem = refusal(self._directory, self.file, _BESIDE)
            if not self.problem and (not os.path.exists(self.file) or not os.path.getsize(self.file)):
                _create(self.file)
        except OSError as error:
            self.problem = error.strerror or "cannot be written"
        if self.problem:
            return None
        connection = self._connection = _connected(self.file)
        application, version = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in _MARKS)
        if application == _APPLICATION and version == _VERSION:
            connection.execute("PRAGMA journal_mode = WAL")
            return connection
        self.close()
        self.problem = "the file is not an akpatrol cache, or is from another version"
        if application == _APPLICATION:
            self._replace()
        return self._opened()

    def _failed(self, error: Exception) -> None:
        """Continue without a cache, and replace a damaged file; a busy or full disk is no fault of the file."""
        from sqlite3 import SQLITE_CORRUPT, SQLITE_ERROR, SQLITE_NOTADB  # noqa: PLC0415 - it is loaded

        self.close()
        self.problem = str(error)
        # Codes may be extended in their higher bytes: https://www.sqlite.org/rescode.html
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if isinstance(error, ValueError) or code in (SQLITE_CORRUPT, SQLITE_ERROR, SQLITE_NOTADB):
            self._replace()

    def _replace(self) -> None:
        """Replace the file by an empty table, at most once, to avoid an endless loop."""
        from sqlite3 import Error  # noqa: PLC0415 - it is loaded

        with suppress(OSError, Error):
            _put_in_place(self.file)
            if not self._replaced:
                self.problem = ""
        self._replaced = True


_MARKS = ("application_id", "user_version")


def _create(file: str) -> None:
    """Make an empty table in a new or empty file, once, whoever does so at the same moment.

    Raises OSError and sqlite3.Error.
    """
    with suppress(FileExistsError):
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    with closing(_connected(file)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            _make_table(connection)
        connection.execute("COMMIT")


def _put_in_place(file: str) -> None:
    """Make an empty table and put it in the place of a damaged one in one step. Raises OSError and sqlite3.Error."""
    new = f"{file}.{os.getpid()}.new"
    with suppress(FileNotFoundError):
        os.unlink(new)
    os.close(os.open(new, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    try:
        with closing(_connected(new)) as connection:
            _make_table(connection)
        # A log of the old table must not be applied to the new one.
        for suffix in _BESIDE:
            with suppress(FileNotFoundError):
                os.unlink(file + suffix)
        os.replace(new, file)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(new)


def _make_table(connection: Connection) -> None:
    connection.execute(f"PRAGMA application_id = {_APPLICATION}")
    connection.execute(f"PRAGMA user_version = {_VERSION}")
    connection.execute(_SCHEMA)


def _connected(file: str) -> Connection:
    import sqlite3  # noqa: PLC0415 - 10 ms

    connection = sqlite3.connect(file, timeout=_BUSY_SECONDS, isolation_level=None)
    connection.execute(f"PRAGMA max_page_count = {2 * _ROOM_BYTES // _PAGE_BYTES}")
    connection.execute("PRAGMA trusted_schema = OFF")
    # Damage from a power failure is detected, and the content is scanned again.
    connection.execute("PRAGMA synchronous = OFF")
    return connection


def _make_room(connection: Connection) -> None:
    pages, free = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count"))
    if (pages - free) * _PAGE_BYTES > _ROOM_BYTES:
        connection.execute(
            "DELETE FROM read WHERE key IN (SELECT key FROM read ORDER BY used LIMIT (SELECT count(*) / 2 FROM read))"
        )


def _today() -> int:
    return int(time()) // _DAY


def _hash(data: str | bytes) -> bytes:
    from hashlib import sha256  # noqa: PLC0415 - OpenSSL costs milliseconds at start-up

    return sha256(data.encode() if isinstance(data, str) else data).digest()
