"""Targets that two sweeps read at once.

A sweep may store a target that a later run, which began meanwhile, has already looked at. Which of them read it last is
not known. So what either found is told as of both runs, until the next scan, which always follows: the signature goes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from akpatrol.sweep.store.database import Queries
    from akpatrol.sweep.store.target_rows import TargetRows

_LATER = "SELECT count(*) FROM coverage WHERE target = ? AND last_run > ?"
_LAST = "SELECT max(last_run) FROM coverage WHERE target = ? AND run <= ?"
_COVER = """
INSERT INTO coverage VALUES (?, ?, ?, ?, ?) ON CONFLICT (target, run) DO UPDATE SET
last_run = excluded.last_run, complete = excluded.complete, body = excluded.body
"""
_NAMES = {"sighting": ("fingerprint", "target"), "occurrence": ("fingerprint", "target", "key")}


def is_overtaken(queries: Queries, target: int, run: int) -> bool:
    """Return whether a later run has already looked at a target."""
    return bool(queries.execute(_LATER, (target, run)).fetchone()[0])


def add(queries: Queries, target: int, run: int, rows: TargetRows) -> None:
    """Add the rows of a scan by an earlier run; nothing that a later one has seen is closed."""
    _open(queries, "sighting", run, {(name, target): body for (name,), body in rows.sightings.items()})
    _open(queries, "occurrence", run, {(name, target, key): body for (name, key), body in rows.occurrences.items()})
    cover(queries, target, run, int(rows.complete), rows.coverage)


def confirm(queries: Queries, target: int, run: int) -> None:
    """Record that an earlier run, too, found a target as the last scan did."""
    for table, names in _NAMES.items():
        selected = ", ".join(names)
        query = f"SELECT {selected}, body FROM {table} WHERE target = ? AND until_run IS NULL AND since_run > ?"  # noqa: S608
        found = queries.execute(query, (target, run)).fetchall()
        _open(queries, table, run, {tuple(row[:-1]): row[-1] for row in found})
    query = "SELECT complete, body FROM coverage WHERE target = ? ORDER BY run DESC LIMIT 1"
    cover(queries, target, run, *queries.execute(query, (target,)).fetchone())


def cover(queries: Queries, target: int, run: int, complete: int, body: str) -> None:
    """Store the coverage of a target as of a run, and as of the later ones that found it the same as an earlier one."""
    last = queries.execute(_LAST, (target, run)).fetchone()[0] or run
    queries.execute(
        "UPDATE coverage SET last_run = ? WHERE target = ? AND run < ? AND last_run >= ?", (run - 1, target, run, run)
    )
    queries.execute(_COVER, (target, run, max(last, run), complete, body))


def _open(queries: Queries, table: str, run: int, wanted: Mapping[tuple[object, ...], str]) -> None:
    """Have rows hold from a run on for good, by their names; where a later run saw another body, that one counts."""
    names = _NAMES[table]
    named = " AND ".join(f"{name} = ?" for name in names)
    later = (
        f"SELECT since_run, until_run, body FROM {table} WHERE {named} AND (until_run IS NULL OR until_run > ?) "  # noqa: S608
        "ORDER BY since_run"
    )
    delete = f"DELETE FROM {table} WHERE {named} AND since_run >= ?"  # noqa: S608
    end = f"UPDATE {table} SET until_run = ? WHERE {named} AND since_run = ?"  # noqa: S608
    insert = f"INSERT INTO {table} ({', '.join(names)}, since_run, body) VALUES ({'?, ' * len(names)}?, ?)"  # noqa: S608
    for name, found in wanted.items():
        known = queries.execute(later, (*name, run)).fetchall()
        since, _, before = known[0] if known else (run, None, found)
        body = known[-1][2] if known and known[-1][1] is None else found
        queries.execute(delete, (*name, run))
        if since < run:
            queries.execute(end, (None if before == body else run, *name, since))
        if since >= run or before != body:
            queries.execute(insert, (*name, run, body))


def reopen(queries: Queries, target: int, run: int) -> None:
    """Undo that a later run counted a target as gone, which an earlier one has read meanwhile."""
    row = queries.execute("SELECT retired_run FROM target WHERE id = ? AND retired_run > ?", (target, run)).fetchone()
    if not row:
        return
    for table in _NAMES:
        query = f"UPDATE {table} SET until_run = NULL WHERE target = ? AND until_run = ?"  # noqa: S608
        queries.execute(query, (target, row[0]))
    queries.execute("UPDATE target SET retired_run = NULL WHERE id = ?", (target,))
