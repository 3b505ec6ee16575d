"""The schema of a store's file: its id, its tables, and the migrations between versions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.errors import UsageError

if TYPE_CHECKING:
    from sqlite3 import Connection

HEADER = b"SQLite format 3\0"
"""How every store begins, and every other SQLite file; https://www.sqlite.org/fileformat.html#the_database_header"""

# "akps"; https://www.sqlite.org/pragma.html#pragma_application_id
_APPLICATION = 0x616B7073
_PROGRAM_VERSION = re.compile(r"[0-9A-Za-z.+!-]{1,40}")

_FIRST = """
CREATE TABLE run (
    id INTEGER PRIMARY KEY, started_at TEXT NOT NULL, finished_at TEXT, rules_digest TEXT NOT NULL,
    version TEXT NOT NULL
);
-- Two roots may be shown alike, with what is masked or cannot be shown in them: place is a digest of the real one.
CREATE TABLE target (
    id INTEGER PRIMARY KEY, place BLOB NOT NULL UNIQUE, kind TEXT NOT NULL, root TEXT NOT NULL, remote TEXT, head TEXT,
    retired_run INTEGER
);
-- What came of looking at a target in run, and that it was found the same in each run up to last_run.
CREATE TABLE coverage (
    target INTEGER NOT NULL, run INTEGER NOT NULL, last_run INTEGER NOT NULL, complete INTEGER NOT NULL,
    body TEXT NOT NULL, PRIMARY KEY (target, run)
) WITHOUT ROWID;
-- A target that nothing could be read of, as it was called.
CREATE TABLE failure (
    name TEXT NOT NULL, run INTEGER NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (name, run)
) WITHOUT ROWID;
CREATE TABLE signature (target INTEGER PRIMARY KEY, value TEXT NOT NULL, conditions TEXT NOT NULL);
CREATE TABLE credential (
    fingerprint TEXT PRIMARY KEY, kind TEXT NOT NULL, redacted TEXT NOT NULL, key_id TEXT, sha256 TEXT NOT NULL,
    found_run INTEGER NOT NULL, found_at TEXT NOT NULL
) WITHOUT ROWID;
-- A row of these two holds from since_run on and before until_run, for good while that is null.
CREATE TABLE sighting (
    fingerprint TEXT NOT NULL, target INTEGER NOT NULL, since_run INTEGER NOT NULL, until_run INTEGER,
    body TEXT NOT NULL, PRIMARY KEY (fingerprint, target, since_run)
) WITHOUT ROWID;
CREATE INDEX sighting_now ON sighting (target) WHERE until_run IS NULL;
CREATE TABLE occurrence (
    fingerprint TEXT NOT NULL, target INTEGER NOT NULL, key BLOB NOT NULL, since_run INTEGER NOT NULL,
    until_run INTEGER, body TEXT NOT NULL, PRIMARY KEY (fingerprint, target, key, since_run)
) WITHOUT ROWID;
CREATE INDEX occurrence_now ON occurrence (target) WHERE until_run IS NULL;
CREATE TABLE verification (
    id INTEGER PRIMARY KEY, fingerprint TEXT NOT NULL, run INTEGER NOT NULL, checked_at TEXT, status TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX verification_of ON verification (fingerprint, id);
"""

MIGRATIONS = (_FIRST,)
"""Version n is the result of the first n steps; a released step never changes."""


class SweepRun(NamedTuple):
    """One sweep; times are RFC 3339 in UTC, ``finished_at`` is null while it runs and when it was cut off."""

    id: int
    started_at: str
    finished_at: str | None
    rules_digest: str
    version: str


def is_blank(connection: Connection) -> bool:
    """Return whether the file is empty: it is new, or its creation was cut short."""
    marks = _marks(connection)
    return marks == (0, 0) and not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]


def is_old(connection: Connection, file: str) -> bool:
    """Return whether migrations are missing. Raises UsageError unless it is a store, or if it is newer."""
    application, version = _marks(connection)
    if application != _APPLICATION:
        raise UsageError(f"{file}: not an akpatrol store", hint="name another file; this one was not changed")
    if version > len(MIGRATIONS):
        raise UsageError(
            f"{file}: written by a newer akpatrol: its format is {version}, this version supports {len(MIGRATIONS)}",
            hint=f"update akpatrol to {_writer(connection) or 'the version that wrote it'}",
        )
    return version < len(MIGRATIONS)


def migrate(connection: Connection) -> None:
    """Run the missing steps, all or none."""
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        for step in MIGRATIONS[_marks(connection)[1] :]:
            for statement in step.split(";"):
                if statement.strip():
                    connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {_APPLICATION}")
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")


def check_shape(connection: Connection, blank: Connection, file: str) -> None:
    """Raise UsageError unless the tables are those of a ``blank`` file after all steps: a view could be anything."""
    migrate(blank)
    if _shape(connection) != _shape(blank):
        raise UsageError(f"{file}: damaged: its tables are not those of akpatrol", hint="restore it from a backup")


def _marks(connection: Connection) -> tuple[int, int]:
    application, version = (
        connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")
    )
    return application, version


def _shape(connection: Connection) -> list[tuple[object, ...]]:
    # In LIKE an underscore matches any character. SQLite reserves names with this beginning.
    query = (
        r"SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite\_%' ESCAPE '\' "
        "ORDER BY type, name"
    )
    return connection.execute(query).fetchall()


def _writer(connection: Connection) -> str:
    """Return the version of akpatrol that wrote the last run, "" if the file does not say."""
    if not connection.execute("SELECT count(*) FROM pragma_table_info('run') WHERE name = 'version'").fetchone()[0]:
        return ""
    row = connection.execute("SELECT version FROM run ORDER BY rowid DESC LIMIT 1").fetchone()
    return str(row[0]) if row and _PROGRAM_VERSION.fullmatch(str(row[0])) else ""
