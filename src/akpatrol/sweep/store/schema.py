"""The tables of a store, the same in every database, and the migrations between versions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

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

# What changed between two runs, and where one credential is, are found without reading the rest. A name may be longer
# than what an index of PostgreSQL takes.
_INDEXED = """
CREATE INDEX sighting_since ON sighting (since_run);
CREATE INDEX sighting_until ON sighting (until_run) WHERE until_run IS NOT NULL;
CREATE INDEX occurrence_since ON occurrence (since_run);
CREATE INDEX occurrence_until ON occurrence (until_run) WHERE until_run IS NOT NULL;
CREATE INDEX verification_run ON verification (run);
CREATE INDEX credential_sha256 ON credential (sha256);
CREATE INDEX credential_key ON credential (key_id);
CREATE TABLE failure_by_run (name TEXT NOT NULL, run INTEGER NOT NULL, reason TEXT NOT NULL);
INSERT INTO failure_by_run SELECT name, run, reason FROM failure ORDER BY name, run;
DROP TABLE failure;
ALTER TABLE failure_by_run RENAME TO failure;
CREATE INDEX failure_run ON failure (run);
"""

MIGRATIONS = (_FIRST, _INDEXED)
"""Version n is the result of the first n steps; a released step never changes."""


class SweepRun(NamedTuple):
    """One sweep; times are RFC 3339 in UTC, ``finished_at`` is null while it runs and when it was cut off."""

    id: int
    started_at: str
    finished_at: str | None
    rules_digest: str
    version: str


def missing_steps(version: int) -> Iterator[str]:
    """Yield the statements that a store of this version still needs."""
    for step in MIGRATIONS[version:]:
        yield from (statement for statement in step.split(";") if statement.strip())


def is_old(version: int, name: str, writer: object) -> bool:
    """Return whether migrations are missing. Raises UsageError if a newer akpatrol, the ``writer``, wrote the store."""
    if version > len(MIGRATIONS):
        known = str(writer) if writer and _PROGRAM_VERSION.fullmatch(str(writer)) else "the version that wrote it"
        raise UsageError(
            f"{name}: written by a newer akpatrol: its format is {version}, this version supports {len(MIGRATIONS)}",
            hint=f"update akpatrol to {known}",
        )
    return version < len(MIGRATIONS)


def not_a_store(name: str) -> UsageError:
    """Return the error for a file or a database of another program."""
    return UsageError(f"{name}: not an akpatrol store", hint="name another one; this one was not changed")


def changed_tables(name: str) -> UsageError:
    """Return the error for tables that are not as the migrations make them: a view could be anything."""
    return UsageError(f"{name}: damaged: its tables are not those of akpatrol", hint="restore it from a backup")
