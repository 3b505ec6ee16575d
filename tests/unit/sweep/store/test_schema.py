"""A store that akpatrol did not make is not written to: its triggers and views would do what they like."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from akpatrol.errors import UsageError
from akpatrol.report.document import build
from akpatrol.sweep.store.store import SweepStore
from tests import reports, samples
from tests.unit.sweep.looks import sweep

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("name", ["akpatrol", "sqliteXfoo", "sqlite-foo", "SQLITE.FOO"])
@pytest.mark.parametrize(
    "made",
    [
        'CREATE TRIGGER "{}" AFTER INSERT ON run BEGIN DELETE FROM target; END',
        'CREATE VIEW "{}" AS SELECT * FROM run',
        'CREATE TABLE "{}" (a)',
        'CREATE INDEX "{}" ON run (version)',
    ],
)
def test_what_somebody_added_is_refused_whatever_its_name(tmp_path: Path, made: str, name: str) -> None:
    file = tmp_path / "s.sqlite3"
    report = samples.history(reports.seeded(1))
    sweep(file, build(report, reports.options(report)))
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(made.format(name))
        connection.commit()
    with pytest.raises(UsageError, match="its tables are not those of akpatrol"), SweepStore(str(file), create=False):
        pass
