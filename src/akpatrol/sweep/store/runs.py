"""The runs of a store, and lookup of a run by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.errors import UsageError
from akpatrol.report.load import DIGEST
from akpatrol.sweep.store.schema import SweepRun
from akpatrol.validate.fields import Fields

if TYPE_CHECKING:
    from collections.abc import Mapping
    from sqlite3 import Connection

PREVIOUS = "previous"


def runs(connection: Connection) -> dict[int, SweepRun]:
    """Return all runs by their numbers, the first one first. Raises ValueError for rows that were damaged."""
    rows = connection.execute("SELECT id, started_at, finished_at, rules_digest, version FROM run ORDER BY id")
    return {row[0]: _run(Fields(dict(zip(SweepRun._fields, row, strict=True)))) for row in rows}


def named(known: Mapping[int, SweepRun], name: str, current: int, store: str) -> SweepRun:
    """Return the run before ``current`` with this number, or the last finished one for ``previous``.

    Raises UsageError when there is none.
    """
    earlier = [run for run in known.values() if run.id < current]
    if name == PREVIOUS:
        if finished := [run for run in earlier if run.finished_at]:
            return finished[-1]
        raise UsageError(f"{store}: no run before run {current} finished", hint="give a run's number")
    if found := next((run for run in earlier if str(run.id) == name), None):
        return found
    numbers = f"{earlier[0].id} to {earlier[-1].id}" if earlier else "none"
    raise UsageError(f"{store}: no run {name} before run {current}", hint=f"earlier runs: {numbers}")


def _run(one: Fields) -> SweepRun:
    return SweepRun(
        one.position("id"),
        one.start("started_at"),
        one.maybe("finished_at", one.start),
        one.like("rules_digest", DIGEST),
        one.text("version"),
    )
