"""Which run a name means."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import pytest

from akpatrol.errors import UsageError
from akpatrol.sweep.store import runs, schema
from akpatrol.sweep.store.schema import SweepRun
from tests.unit.sweep.looks import DIGEST, day

_KNOWN = {
    number: SweepRun(number, day(number), day(number) if finished else None, DIGEST, "1.0")
    for number, finished in ((1, True), (2, False), (3, True), (4, False), (5, True))
}


@pytest.mark.parametrize(
    ("name", "current", "number"),
    [("previous", 5, 3), ("previous", 4, 3), ("previous", 3, 1), ("1", 5, 1), ("2", 5, 2), ("4", 5, 4)],
)
def test_a_run_by_its_number_or_the_last_finished_one(name: str, current: int, number: int) -> None:
    assert runs.named(_KNOWN, name, current, "store") is _KNOWN[number]


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
        runs.named(_KNOWN, name, current, "s.db")
    assert (str(caught.value), caught.value.hint) == (message, hint)


def test_no_earlier_run_that_finished() -> None:
    broken_off = {number: run._replace(finished_at=None) for number, run in _KNOWN.items()}
    with pytest.raises(UsageError, match="no run before run 5 finished"):
        runs.named(broken_off, "previous", 5, "s.db")


def _stored(**changed: Any) -> dict[int, SweepRun]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        schema.migrate(connection)
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
