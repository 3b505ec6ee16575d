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
from akpatrol.sweep.store import overlap
from akpatrol.sweep.store.target_rows import gaps, packed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from akpatrol.report.view import VerificationView
    from akpatrol.sweep.store.database import Queries
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
INSERT INTO credential SELECT ?, ?, ?, ?, ?, id, started_at FROM run WHERE id = ? ON CONFLICT (fingerprint) DO UPDATE
SET found_run = excluded.found_run, found_at = excluded.found_at WHERE excluded.found_run < credential.found_run
"""


def write(queries: Queries, run: int, rows: TargetRows, root: str | None = None) -> int:
    """Write the rows of one target and return the target's number; the default ``root`` is the one shown."""
    target = _target(queries, run, rows, place(rows.kind, rows.path if root is None else root))
    queries.executemany(_CREDENTIAL, [(*credential, run) for credential in rows.credentials])
    if rows.verifications:
        add_verifications(queries, run, rows.verifications)
    if overlap.is_overtaken(queries, target, run):
        overlap.add(queries, target, run, rows)
        return target
    spared = _spared(queries, target, rows)
    _replace(queries, _SIGHTINGS, _Look(target, run, spared), rows.sightings)
    _replace(queries, _OCCURRENCES, _Look(target, run, spared), rows.occurrences)
    overlap.cover(queries, target, run, int(rows.complete), rows.coverage)
    return target


def sign(queries: Queries, target: int, run: int, signature: str | None, conditions: str) -> None:
    """Keep the signature of a scan; none where a later run has looked at the target too."""
    queries.execute("DELETE FROM signature WHERE target = ?", (target,))
    if signature and not overlap.is_overtaken(queries, target, run):
        queries.execute("INSERT INTO signature VALUES (?, ?, ?)", (target, signature, conditions))


def looked_again(queries: Queries, target: int, run: int) -> None:
    """Record that a target is unchanged. Raises ValueError when it was never scanned."""
    overlap.reopen(queries, target, run)
    row = queries.execute(
        "SELECT run, last_run, complete, body FROM coverage WHERE target = ? ORDER BY run DESC LIMIT 1", (target,)
    ).fetchone()
    if not row:
        raise ValueError("this target was never scanned")
    first, last, complete, body = row
    if first > run:
        overlap.confirm(queries, target, run)
    elif last >= run - 1:
        query = "UPDATE coverage SET last_run = ? WHERE target = ? AND run = ? AND last_run < ?"
        queries.execute(query, (run, target, first, run))
    else:  # not scanned in between
        queries.execute("INSERT INTO coverage VALUES (?, ?, ?, ?, ?)", (target, run, run, complete, body))


def number_of(queries: Queries, kind: str, root: str, run: int = 0) -> int | None:
    """Return a target's number, None for one that was never written or that is gone; not as of a ``run`` before."""
    query = "SELECT id FROM target WHERE place = ? AND (retired_run IS NULL OR (retired_run > ? AND ? > 0))"
    row = queries.execute(query, (place(kind, root), run, run)).fetchone()
    return int(row[0]) if row else None


def place(kind: str, root: str) -> bytes:
    """Return a target's identity, which reveals no secret in its name."""
    return sha256(kind.encode() + b"\0" + os.fsencode(root)).digest()


def left_out(queries: Queries, run: int) -> list[Target]:
    """Return the targets that a run did not scan, without retired ones."""
    query = """
        SELECT id, kind, root, remote FROM target WHERE retired_run IS NULL
        AND NOT EXISTS (SELECT 1 FROM coverage WHERE target = target.id AND last_run >= ?) ORDER BY target.id
    """
    return [Target(str(id_), kind, root, remote) for id_, kind, root, remote in queries.execute(query, (run,))]


def retire(queries: Queries, target: int, run: int) -> None:
    """Close all rows of a target that no longer exists; a later run may have read it meanwhile."""
    if overlap.is_overtaken(queries, target, run):
        return
    for table in (_SIGHTINGS, _OCCURRENCES):
        _replace(queries, table, _Look(target, run), {})
    queries.execute("DELETE FROM signature WHERE target = ?", (target,))
    queries.execute("UPDATE target SET retired_run = ? WHERE id = ?", (run, target))


def add_verifications(queries: Queries, run: int, answers: Iterable[tuple[str, VerificationView]]) -> None:
    """Add to the history of the API's answers, by fingerprint."""
    rows = [(name, run, body["checked_at"], body["status"], packed(body)) for name, body in answers]
    query = """
        INSERT INTO verification (id, fingerprint, run, checked_at, status, body)
        VALUES ((SELECT coalesce(max(id), 0) + 1 FROM verification), ?, ?, ?, ?, ?)
    """
    queries.executemany(query, rows)


def _target(queries: Queries, run: int, rows: TargetRows, where: bytes) -> int:
    row = queries.execute("SELECT id FROM target WHERE place = ?", (where,)).fetchone()
    if not row:
        target = int(queries.execute("SELECT coalesce(max(id), 0) + 1 FROM target").fetchone()[0])
        query = "INSERT INTO target (id, place, kind, root, remote, head) VALUES (?, ?, ?, ?, ?, ?)"
        queries.execute(query, (target, where, rows.kind, rows.path, rows.remote, rows.head))
        return target
    target = int(row[0])
    overlap.reopen(queries, target, run)
    query = "UPDATE target SET remote = ?, head = ?, retired_run = NULL WHERE id = ?"
    queries.execute(query, (rows.remote, rows.head, target))
    return target


def _spared(queries: Queries, target: int, rows: TargetRows) -> set[str]:
    """Return the credentials that may be in content that could not be read now, but could when they were found."""
    if not rows.gaps:
        return set()
    spared = set()
    for fingerprint, since in queries.execute(
        "SELECT fingerprint, since_run FROM sighting WHERE target = ? AND until_run IS NULL", (target,)
    ).fetchall():
        if (fingerprint,) not in rows.sightings and not rows.gaps <= _gaps_then(queries, target, since):
            spared.add(fingerprint)
    return spared


def _gaps_then(queries: Queries, target: int, run: int) -> set[str]:
    query = "SELECT body FROM coverage WHERE target = ? AND run <= ? ORDER BY run DESC LIMIT 1"
    try:
        return gaps(json.loads(queries.execute(query, (target, run)).fetchone()[0])["coverage"])
    except (ValueError, TypeError, KeyError):  # a damaged row proves nothing
        return set()


def _replace(
    queries: Queries,
    table: _Table,
    look: _Look,
    wanted: Mapping[tuple[str], str] | Mapping[tuple[str, bytes], str],
) -> None:
    """Replace the open rows of a target by the ``wanted`` ones, bodies by key; spared rows stay."""
    unchanged = set()
    for *columns, since, body in queries.execute(table.open, (look.target,)).fetchall():
        name = tuple(columns)
        if name[0] in look.spared or (name in wanted and body in (None, wanted[name])):
            unchanged.add(name)
        elif since == look.run:
            queries.execute(table.delete, (*name, look.target, since))
        else:
            queries.execute(table.close, (look.run, *name, look.target, since))
    new = [(*name, look.target, look.run, body) for name, body in wanted.items() if name not in unchanged]
    queries.executemany(table.insert, new)
