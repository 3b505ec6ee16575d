"""The runs of a store, and lookup of a run by name."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from akpatrol.errors import UsageError
from akpatrol.report.load import DIGEST
from akpatrol.sweep.store.schema import SweepRun
from akpatrol.validate.fields import Fields

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from akpatrol.sweep.store.database import Queries

PREVIOUS = "previous"

_AGE = re.compile("([0-9]+)([hdw])")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_DATE = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")


def runs(queries: Queries) -> dict[int, SweepRun]:
    """Return all runs by their numbers, the first one first. Raises ValueError for rows that were damaged."""
    rows = queries.execute("SELECT id, started_at, finished_at, rules_digest, version FROM run ORDER BY id")
    return {row[0]: _run(Fields(dict(zip(SweepRun._fields, row, strict=True)))) for row in rows}


def named(known: Mapping[int, SweepRun], name: str, current: int, store: str, now: datetime) -> SweepRun:
    """Return a run before ``current``: by its number, ``previous`` for the last finished one, or by time.

    A date (``2026-11-20``) or an age (``7d``, ``12h``, ``2w``) names the last finished run that began by then, so that
    the changes include all that happened since. Where sweeps overlap, ``previous`` finished before the current one
    began, and a run counts only if those before it had finished by its end: nothing that was stored later is left out.
    Raises UsageError if there is none.
    """
    earlier = [run for run in known.values() if run.id < current]
    finished = _settled(earlier)
    if name == PREVIOUS:
        started = datetime.fromisoformat(known[current].started_at)
        if before := [run for run, at in finished if at <= started]:
            return before[-1]
        raise UsageError(f"{store}: no run before run {current} finished", hint="give a run's number")
    if moment := _moment(name, now):
        if by_then := [run for run, _ in finished if datetime.fromisoformat(run.started_at) <= moment]:
            return by_then[-1]
        first = f"the first run began at {earlier[0].started_at}" if earlier else "there is only one run"
        raise UsageError(
            f"{store}: no finished run is as old as {name}", hint=f"{first}; akpatrol report {store} --runs"
        )
    if match := next((run for run in earlier if str(run.id) == name), None):
        return match
    numbers = f"{earlier[0].id} to {earlier[-1].id}" if earlier else "none"
    raise UsageError(
        f"{store}: no run {name} before run {current}",
        hint=f"earlier runs: {numbers}; a date, an age such as 7d or 12h, or `{PREVIOUS}` works too",
    )


def _settled(earlier: Sequence[SweepRun]) -> list[tuple[SweepRun, datetime]]:
    """Return the finished runs, with their ends, after which no run before them has finished."""
    settled, latest = [], datetime.min.replace(tzinfo=UTC)
    for run in earlier:
        if not run.finished_at:
            continue
        finished = datetime.fromisoformat(run.finished_at)
        if finished >= latest:
            settled.append((run, finished))
            latest = finished
    return settled


def _moment(text: str, now: datetime) -> datetime | None:
    """Return the moment that a date or an age names, None for another text."""
    if age := _AGE.fullmatch(text):
        try:
            return now - int(age[1]) * _UNITS[age[2]]
        except OverflowError:
            return datetime.min.replace(tzinfo=UTC)
    if not _DATE.match(text):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _run(fields: Fields) -> SweepRun:
    return SweepRun(
        fields.position("id"),
        fields.start("started_at"),
        fields.maybe("finished_at", fields.start),
        fields.like("rules_digest", DIGEST),
        fields.text("version"),
    )
