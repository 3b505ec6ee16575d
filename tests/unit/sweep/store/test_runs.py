"""Which run a name means."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any

import pytest

from akpatrol.errors import UsageError
from akpatrol.sweep.store import runs, sqlite_schema
from akpatrol.sweep.store.schema import SweepRun
from akpatrol.sweep.store.sqlite_database import SqliteQueries
from tests.unit.sweep.looks import DIGEST, day

_NOW = datetime.fromisoformat(day(3)) + timedelta(days=8)
_KNOWN = {
    number: SweepRun(number, day(number), day(number) if finished else None, DIGEST, "1.0")
    for number, finished in ((1, True), (2, False), (3, True), (4, False), (5, True))
}


@pytest.mark.parametrize(
    ("name", "current", "number"),
    [("previous", 5, 3), ("previous", 4, 3), ("previous", 3, 1), ("1", 5, 1), ("2", 5, 2), ("4", 5, 4)],
)
def test_a_run_by_its_number_or_the_last_finished_one(name: str, current: int, number: int) -> None:
    assert runs.named(_KNOWN, name, current, "store", _NOW) is _KNOWN[number]


@pytest.mark.parametrize(
    ("name", "current", "message", "hint"),
    [
        ("previous", 1, "s.db: no run before run 1 finished", "give a run's number"),
        ("5", 5, "s.db: no run 5 before run 5", "earlier runs: 1 to 4"),
        ("6", 5, "s.db: no run 6 before run 5", "earlier runs: 1 to 4"),
        ("01", 5, "s.db: no run 01 before run 5", "earlier runs: 1 to 4"),
        ("", 2, "s.db: no run  before run 2", "earlier runs: 1 to 1"),
        ("1", 1, "s.db: no run 1 before run 1", "earlier runs: none"),
    ],
)
def test_what_is_no_earlier_run(name: str, current: int, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        runs.named(_KNOWN, name, current, "s.db", _NOW)
    assert (str(caught.value), caught.value.hint.partition(";")[0]) == (message, hint)


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("6d", 3),  # ended by then, but the last run is the current one
        ("8d", 3),
        (day(3)[:10] + "T23:59:59Z", 3),
        (day(2), 1),  # the second did not finish
        ("1w", 3),
        ("200h", 1),
    ],
)
def test_a_run_by_a_date_or_an_age(name: str, number: int) -> None:
    assert runs.named(_KNOWN, name, 5, "s.db", _NOW) is _KNOWN[number]


@pytest.mark.parametrize("name", ["2000-01-01", "99w", "999999999999w"])
def test_no_run_is_that_old(name: str) -> None:
    with pytest.raises(UsageError, match=f"no finished run is as old as {name}") as caught:
        runs.named(_KNOWN, name, 5, "s.db", _NOW)
    assert "--runs" in caught.value.hint


def test_no_earlier_run_that_finished() -> None:
    broken_off = {number: run._replace(finished_at=None) for number, run in _KNOWN.items()}
    with pytest.raises(UsageError, match="no run before run 5 finished"):
        runs.named(broken_off, "previous", 5, "s.db", _NOW)


def _stored(**changed: Any) -> dict[int, SweepRun]:
    with closing(sqlite3.connect(":memory:", isolation_level=None, factory=SqliteQueries)) as connection:
        sqlite_schema.migrate(connection)
        for run in (_KNOWN[3], _KNOWN[1]._replace(**changed), _KNOWN[2]):
            connection.execute("INSERT INTO run VALUES (?, ?, ?, ?, ?)", run)
        return runs.runs(connection)


def test_all_runs_by_their_numbers_in_their_order() -> None:
    assert list(_stored().items()) == [(number, _KNOWN[number]) for number in (1, 2, 3)]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"id": 0}, "id: must be at least 1"),
        ({"started_at": "yesterday"}, "started_at: must be an RFC 3339 time"),
        ({"finished_at": ""}, "finished_at: must be an RFC 3339 time"),
        ({"rules_digest": "x"}, "rules_digest: "),
        ({"version": b"1"}, "version: must be a string"),
    ],
)
def test_a_damaged_row_is_named(changed: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        _stored(**changed)
