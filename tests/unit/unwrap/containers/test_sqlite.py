"""SQLite's values, as SQLite itself writes them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.unwrap.opening import WAYS, open_

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.unwrap.opening import Opened


def _database(file: Path, *statements: str, rows: list[tuple[object, ...]]) -> bytes:
    with closing(sqlite3.connect(file)) as connection:
        for statement in statements[:-1]:
            connection.execute(statement)
        connection.executemany(statements[-1], rows)
        connection.commit()
    return file.read_bytes()


def _lines(opened: Opened) -> list[bytes]:
    return b"".join(opened.contents).split(b"\n")


@pytest.mark.parametrize("way", WAYS)
def test_each_value_is_a_line(tmp_path: Path, way: str) -> None:
    rows: list[tuple[object, ...]] = [(7, "name", "value", 1.5, None, b"blob"), (300, "", "the second", 2**40, 0, b"")]
    ddl = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT, c, d, e BLOB)"
    opened = open_(_database(tmp_path / "d", ddl, "INSERT INTO t VALUES (?, ?, ?, ?, ?, ?)", rows=rows), way)
    assert set(_lines(opened)) >= {b"name", b"value", b"blob", b"the second"}
    assert opened.skips == []


@settings(max_examples=40)
@given(st.integers(0, 3), st.sampled_from([512, 1024, 4096, 65536]), st.integers(0, 2**32), st.data())
def test_long_values_are_whole(
    tmp_path_factory: pytest.TempPathFactory, encoding: int, page: int, seed: int, data: st.DataObject
) -> None:
    lengths = data.draw(st.lists(st.integers(0, 5 * page), min_size=1, max_size=4))
    values = [f"{Random(seed + number).getrandbits(4 * length + 4):x}" for number, length in enumerate(lengths)]
    file = tmp_path_factory.mktemp("d") / "d"
    before = (f"PRAGMA page_size={page}", f"PRAGMA encoding='{('UTF-8', 'UTF-16le', 'UTF-16be')[encoding % 3]}'")
    ddl = "CREATE TABLE t (k PRIMARY KEY, v) WITHOUT ROWID" if encoding == 3 else "CREATE TABLE t (k, v)"
    rows: list[tuple[object, ...]] = [(f"key {number}", value) for number, value in enumerate(values)]
    lines = _lines(open_(_database(file, *before, ddl, "INSERT INTO t VALUES (?, ?)", rows=rows)))
    assert all(value.encode() in lines for value in values)


def test_an_index_and_its_interior(tmp_path: Path) -> None:
    rows: list[tuple[object, ...]] = [(f"value {number} " + "x" * 80,) for number in range(2000)]
    ddl = ("CREATE TABLE t (v)", "CREATE INDEX i ON t (v)", "INSERT INTO t VALUES (?)")
    lines = _lines(open_(_database(tmp_path / "d", *ddl, rows=rows)))
    assert all(lines.count(str(row[0]).encode()) == 2 for row in rows)


@pytest.mark.parametrize("way", WAYS)
def test_a_log(tmp_path: Path, way: str) -> None:
    value = "long " * 3000
    with closing(sqlite3.connect(tmp_path / "d")) as connection:
        connection.execute("PRAGMA journal_mode=wal")
        connection.execute("CREATE TABLE t (a, b)")
        connection.execute("INSERT INTO t VALUES ('name', ?)", (value,))
        connection.commit()
        opened = open_((tmp_path / "d-wal").read_bytes(), way)
    assert {b"name", value.encode()} <= set(_lines(opened))
    assert opened.skips == []


def test_deleted_rows(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "d")) as connection:
        connection.execute("PRAGMA secure_delete=off")
        connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, a, b)")
        connection.executemany("INSERT INTO t VALUES (?, ?, ?)", [(n, "name", f"the value {n}") for n in range(5)])
        connection.commit()
        connection.execute("DELETE FROM t WHERE id = 2")
        connection.commit()
    assert b"the value 2" in _lines(open_((tmp_path / "d").read_bytes()))


def test_damage_is_told(tmp_path: Path) -> None:
    data = _database(tmp_path / "d", "CREATE TABLE t (v)", "INSERT INTO t VALUES (?)", rows=[("a",)])
    assert "truncated" in open_(data[:-100]).reasons
    assert "damaged" in open_(data[:16] + b"\0\7" + data[18:]).reasons


def test_records_that_share_their_pages_come_to_an_end(tmp_path: Path) -> None:
    rows: list[tuple[object, ...]] = [("x" * 200_000,), *(("y" * 5000,) for _ in range(200))]
    data = bytearray(_database(tmp_path / "d", "CREATE TABLE t (v)", "INSERT INTO t VALUES (?)", rows=rows))
    for page in range(1, len(data) // 4096):
        start = 4096 * page
        if data[start] == 13:
            first = data[start + 8 : start + 10]
            count = int.from_bytes(data[start + 3 : start + 5], "big")
            data[start + 8 : start + 8 + 2 * count] = bytes(first) * count
            data[start + 3 : start + 5] = (500).to_bytes(2, "big")
            data[start + 8 : start + 1008] = bytes(first) * 500
    assert "pages of them are shared" in open_(bytes(data)).reasons


@given(st.data())
def test_any_flipped_bytes_end_and_give_no_more_than_there_is(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    file = tmp_path_factory.getbasetemp() / "flipped"
    if not file.exists():
        _database(file, "CREATE TABLE t (v)", "INSERT INTO t VALUES (?)", rows=[("x" * 9000,), ("y" * 100,)])
    damaged = bytearray(file.read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    opened = open_(bytes(damaged))
    assert sum(map(len, opened.contents)) <= 2 * len(damaged)
    assert all(skip.item and skip.reason for skip in opened.skips)
