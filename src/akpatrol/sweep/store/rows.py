"""The rows that a sweep writes: each is valid from one run until another, so that earlier runs can be reported.

Scanning a target again closes rows that are gone, keeps those that are the same and adds new ones. A finding is gone
only if the scan read at least as much as the scan that found it: a clone that is locked today has lost nothing.
"""

from __future__ import annotations

import json
import os
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.model.scan import Target
from akpatrol.sweep.store.target_rows import gaps, packed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from sqlite3 import Connection

    from akpatrol.report.view import VerificationView
    from akpatrol.sweep.store.target_rows import TargetRows


class _Table(NamedTuple):
    """How to find the open rows of a target, and to delete, close and open one."""

    open: str
    delete: str
    close: str
    insert: str


class _Look(NamedTuple):
    """A scan of a target in a run; it gives no information about the ``spared`` credentials, named by fingerprint."""

    target: int
    run: int
    spared: Collection[str] = ()


_SIGHTINGS = _Table(
    "SELECT fingerprint, since_run, body FROM sighting WHERE target = ? AND until_run IS NULL",
    "DELETE FROM sighting WHERE (fingerprint, target, since_run) = (?, ?, ?)",
    "UPDATE sighting SET until_run = ? WHERE (fingerprint, target, since_run) = (?, ?, ?)",
    "INSERT INTO sighting (fingerprint, target, since_run, body) VALUES (?, ?, ?, ?)",
)
# An occurrence's key is a hash of its body, so the body need not be read.
_OCCURRENCES = _Table(
    "SELECT fingerprint, key, since_run, NULL FROM occurrence WHERE target = ? AND until_run IS NULL",
    "DELETE FROM occurrence WHERE (fingerprint, key, target, since_run) = (?, ?, ?, ?)",
    "UPDATE occurrence SET until_run = ? WHERE (fingerprint, key, target, since_run) = (?, ?, ?, ?)",
    "INSERT INTO occurrence (fingerprint, key, target, since_run, body) VALUES (?, ?, ?, ?, ?)",
)

_CREDENTIAL = """
INSERT INTO credential SELECT ?, ?, ?, ?, ?, id, started_at FROM run WHERE id = ? ON CONFLICT (fingerprint) DO NOTHING
"""


def write(connection: Connection, run: int, rows: TargetRows, root: str | None = None) -> int:
    """Write the rows of one target and return the target's number; the default ``root`` is the one shown."""
    target = _target(connection, rows, place(rows.kind, rows.path if root is None else root))
    connection.executemany(_CREDENTIAL, [(*credential, run) for credential in rows.credentials])
    if rows.verifications:
        add_verifications(connection, run, rows.verifications)
    spared = _spared(connection, target, rows)
    _replace(connection, _SIGHTINGS, _Look(target, run, spared), rows.sightings)
    _replace(connection, _OCCURRENCES, _Look(target, run, spared), rows.occurrences)
    _cover(connection, target, run, rows)
    return target


def looked_again(connection: Connection, target: int, run: int) -> None:
    """Record that a target is unchanged. Raises ValueError when it was never scanned."""
    row = connection.execute(
        "SELECT run, last_run, complete, body FROM coverage WHERE target = ? ORDER BY run DESC LIMIT 1", (target,)
    ).fetchone()
    if not row:
        raise ValueError("this target was never scanned")
    first, last, complete, body = row
    if last >= run - 1:
        query = "UPDATE coverage SET last_run = max(last_run, ?) WHERE target = ? AND run = ?"
        connection.execute(query, (run, target, first))
    else:  # not scanned in between
        connection.execute("INSERT INTO coverage VALUES (?, ?, ?, ?, ?)", (target, run, run, complete, body))


def number_of(connection: Connection, kind: str, root: str) -> int | None:
    """Return a target's number, None for one that was never written."""
    query = "SELECT id FROM target WHERE place = ? AND retired_run IS NULL"
    row = connection.execute(query, (place(kind, root),)).fetchone()
    return int(row[0]) if row else None


def place(kind: str, root: str) -> bytes:
    """Return a target's identity, which reveals no secret in its name."""
    return sha256(kind.encode() + b"\0" + os.fsencode(root)).digest()


def left_out(connection: Connection, run: int) -> list[Target]:
    """Return the targets that a run did not scan, without retired ones."""
    query = """
        SELECT id, kind, root, remote FROM target WHERE retired_run IS NULL
        AND NOT EXISTS (SELECT 1 FROM coverage WHERE target = target.id AND last_run >= ?) ORDER BY target.id
    """
    return [Target(str(id_), kind, root, remote) for id_, kind, root, remote in connection.execute(query, (run,))]


def retire(connection: Connection, target: int, run: int) -> None:
    """Close all rows of a target that no longer exists."""
    for table in (_SIGHTINGS, _OCCURRENCES):
        _replace(connection, table, _Look(target, run), {})
    connection.execute("DELETE FROM signature WHERE target = ?", (target,))
    connection.execute("UPDATE target SET retired_run = ? WHERE id = ?", (run, target))


def add_verifications(connection: Connection, run: int, answers: Iterable[tuple[str, VerificationView]]) -> None:
    """Add to the history of the API's answers, by fingerprint."""
    rows = [(name, run, body["checked_at"], body["status"], packed(body)) for name, body in answers]
    query = "INSERT INTO verification (fingerprint, run, checked_at, status, body) VALUES (?, ?, ?, ?, ?)"
    connection.executemany(query, rows)


def _target(connection: Connection, rows: TargetRows, where: bytes) -> int:
    query = """
        INSERT INTO target (place, kind, root, remote, head) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (place) DO UPDATE SET remote = excluded.remote, head = excluded.head, retired_run = NULL
    """
    connection.execute(query, (where, rows.kind, rows.path, rows.remote, rows.head))
    return int(connection.execute("SELECT id FROM target WHERE place = ?", (where,)).fetchone()[0])


def _cover(connection: Connection, target: int, run: int, rows: TargetRows) -> None:
    row = (target, run, run, rows.complete, rows.coverage)
    # A row that this run had extended is closed again: the scan found something else.
    connection.execute("UPDATE coverage SET last_run = ? WHERE target = ? AND last_run >= ?", (run - 1, target, run))
    connection.execute("INSERT OR REPLACE INTO coverage VALUES (?, ?, ?, ?, ?)", row)


def _spared(connection: Connection, target: int, rows: TargetRows) -> set[str]:
    """Return the credentials that may be in content that could not be read now, but could when they were found."""
    if not rows.gaps:
        return set()
    spared = set()
    for fingerprint, since in connection.execute(
        "SELECT fingerprint, since_run FROM sighting WHERE target = ? AND until_run IS NULL", (target,)
    ).fetchall():
        if (fingerprint,) not in rows.sightings and not rows.gaps <= _gaps_then(connection, target, since):
            spared.add(fingerprint)
    return spared


def _gaps_then(connection: Connection, target: int, run: int) -> set[str]:
    query = "SELECT body FROM coverage WHERE target = ? AND run <= ? ORDER BY run DESC LIMIT 1"
    try:
        return gaps(json.loads(connection.execute(query, (target, run)).fetchone()[0])["coverage"])
    except (ValueError, TypeError, KeyError):  # a damaged row proves nothing
        return set()


def _replace(
    connection: Connection,
    table: _Table,
    look: _Look,
    wanted: Mapping[tuple[str], str] | Mapping[tuple[str, bytes], str],
) -> None:
    """Replace the open rows of a target by the ``wanted`` ones, bodies by key; spared rows stay."""
    unchanged = set()
    for *columns, since, body in connection.execute(table.open, (look.target,)).fetchall():
        name = tuple(columns)
        if name[0] in look.spared or (name in wanted and body in (None, wanted[name])):
            unchanged.add(name)
        elif since == look.run:
            connection.execute(table.delete, (*name, look.target, since))
        else:
            connection.execute(table.close, (look.run, *name, look.target, since))
    new = [(*name, look.target, look.run, body) for name, body in wanted.items() if name not in unchanged]
    connection.executemany(table.insert, new)
