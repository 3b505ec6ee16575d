"""A store's tables, for the tests that write and read rows directly."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from akpatrol.sweep.store import sqlite_schema
from akpatrol.sweep.store.sqlite_database import SqliteQueries
from tests.unit.sweep.looks import DIGEST, day

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.postgres_server import PostgresServer


@pytest.fixture
def store() -> Iterator[SqliteQueries]:
    """The tables in memory, with six runs."""
    with closing(sqlite3.connect(":memory:", isolation_level=None, factory=SqliteQueries)) as connection:
        sqlite_schema.migrate(connection)
        for run in range(1, 7):
            values = (run, day(run), DIGEST, "1.0")
            connection.execute("INSERT INTO run (id, started_at, rules_digest, version) VALUES (?, ?, ?, ?)", values)
        yield connection


@pytest.fixture(params=["sqlite", "postgres"])
def anywhere(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """The name of a store that is not there yet, in each database."""
    if request.param == "sqlite":
        return tmp_path / "s.sqlite3"
    server: PostgresServer = request.getfixturevalue("postgres_server")
    return server.store()
