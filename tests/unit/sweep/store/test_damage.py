"""Stores whose bytes, rows or values were changed: each is read, or refused with what is wrong in it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from akpatrol.errors import UsageError
from akpatrol.model.scan import Confidence
from akpatrol.report import FORMATS, render
from akpatrol.sweep.store.store import SweepStore
from tests import reports
from tests.unit.sweep.looks import KEYS, TOKEN, found, look, sweep

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from random import Random


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "s.sqlite3"


def _read_all(file: Path) -> None:
    """Read everything, and render it: only a UsageError may come of it, and no credential."""
    with suppress(UsageError), SweepStore(str(file), create=False) as store:
        with suppress(UsageError):
            store.gaps()
        with suppress(UsageError):
            store.changes(store.runs()[0]._replace(id=0))
        for minimum, names in ((Confidence.LOW, FORMATS), (Confidence.HIGH, ["json"])):  # less of the same
            report = store.report(minimum=minimum)
            for name in names:
                text = render(report, name, reports.options(redact=lambda text: text.replace(TOKEN, "***")))
                assert TOKEN not in text


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    file = tmp_path_factory.mktemp("store") / "s"
    sweep(file, look("one", found(KEYS[0], 2), reports.live(KEYS[1])), look("two", found(KEYS[0]), gaps=("x",)))
    sweep(file, look("one", found(KEYS[1]), found(KEYS[2])), finished=False)
    with SweepStore(str(file), create=True) as store:
        store.skip(2, "three", "it is locked")
    return file.read_bytes()


def test_bytes_that_fell_over(file: Path, whole: bytes, rng: Random) -> None:
    for _ in range(60):
        content = bytearray(whole)
        for _ in range(rng.choice([1, 5, 50])):
            content[rng.randrange(100, len(content))] ^= 1 << rng.randrange(8)
        file.write_bytes(content[: rng.choice([len(content), rng.randrange(len(content))])])
        _read_all(file)
        with suppress(UsageError):
            sweep(file, look("one", found(KEYS[3])), look("two", gaps=("y",)))


def test_a_damaged_name_in_the_schema(file: Path, whole: bytes) -> None:
    """What SQLite says of it repeats its bytes, which are no text."""
    assert b"tablerunrun" in whole
    file.write_bytes(whole.replace(b"tablerunrun", b"tabler\xccnrun").replace(b"CREATE TABLE run", b"CREATX TABLE run"))
    with pytest.raises(UsageError, match="damaged"):
        SweepStore(str(file), create=False)


_COLUMNS = [
    (table, column)
    for table, columns in {
        "run": "started_at finished_at rules_digest version",
        "target": "kind root remote head retired_run",
        "coverage": "run last_run complete body",
        "failure": "name run reason",
        "credential": "kind redacted key_id sha256 found_at",
        "sighting": "target since_run until_run body",
        "occurrence": "target key since_run until_run body",
        "verification": "run checked_at status body",
    }.items()
    for column in columns.split()
]
_VALUES = st.one_of(
    st.none(),
    st.sampled_from([0, -1, 1 << 62, 0.5, b"", b"\xff", "", "x", TOKEN, f"akp1:{TOKEN}", "[" * 100_000]),
    st.recursive(
        st.sampled_from([None, True, 1, -1, 1e400, TOKEN, "present", "x"]),
        lambda inner: (
            st.lists(inner, max_size=2)
            | st.dictionaries(
                st.sampled_from(["coverage", "state", "confidence", "notices", "skipped"]), inner, max_size=3
            )
        ),
    ).map(json.dumps),
)


@pytest.mark.slow
@settings(max_examples=150)
@given(st.sampled_from(_COLUMNS), _VALUES)
def test_rows_that_somebody_else_wrote(
    whole: bytes, tmp_path_factory: pytest.TempPathFactory, place: tuple[str, str], value: Any
) -> None:
    file = tmp_path_factory.mktemp("store") / "s"
    file.write_bytes(whole)
    table, column = place
    with closing(sqlite3.connect(file, isolation_level=None)) as connection, suppress(sqlite3.IntegrityError):
        connection.execute("PRAGMA synchronous = OFF")  # nothing falls over here: the disk need not be waited for
        connection.execute(f"UPDATE {table} SET {column} = ?", (value,))  # noqa: S608 - of the list above
    _read_all(file)


_BODIES = ("coverage", "sighting", "occurrence", "verification")
_WRONG: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, -1, 1 << 70, 10**400, 1e400, float("nan"), "", "x", TOKEN, [], [[]], {}]
)


@settings(max_examples=100)
@given(st.sampled_from(_BODIES), st.integers(0, 100), _WRONG)
def test_values_that_somebody_else_wrote(
    whole: bytes, tmp_path_factory: pytest.TempPathFactory, table: str, number: int, value: Any
) -> None:
    """One value somewhere in what is kept as JSON: the store is read, or what is wrong in it is named."""
    file = tmp_path_factory.mktemp("store") / "s"
    file.write_bytes(whole)
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        row = connection.execute(f"SELECT body FROM {table}").fetchone()  # noqa: S608 - of the list above
        body = json.loads(row[0])
        places = list(_places(body))
        place, key = places[number % len(places)]
        place[key] = value
        connection.execute(f"UPDATE {table} SET body = ?", (json.dumps(body),))  # noqa: S608
    _read_all(file)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in list(items):
        yield value, key
        yield from _places(item)
