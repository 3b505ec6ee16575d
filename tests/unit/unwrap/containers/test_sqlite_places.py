"""Where a value of a SQLite database is: its table, column and row, as SQLite itself numbers them."""

from __future__ import annotations

import gzip
import io
import sqlite3
import zipfile
import zlib
from contextlib import closing
from random import Random
from typing import TYPE_CHECKING

import pytest

from akpatrol.config.limits import Limits
from akpatrol.model.credential import RawFinding
from akpatrol.model.scan import Content, Counted
from akpatrol.rules.rule_file import load
from akpatrol.scan.examine import Examiner
from akpatrol.unwrap.budget import Budget
from akpatrol.unwrap.containers.opening import open_container
from akpatrol.unwrap.containers.sqlite_columns import columns
from tests.credentials import organization_key, personal_access_token
from tests.unit.unwrap.opening import ORIGIN, WAYS, as_content, whole

if TYPE_CHECKING:
    from pathlib import Path

    from akpatrol.model.scan import Skipped

_EXAMINER = Examiner(load())


def _database(file: Path, *statements: str | tuple[str, list[tuple[object, ...]]]) -> bytes:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA secure_delete=off")
        for statement in statements:
            if isinstance(statement, str):
                connection.execute(statement)
            else:
                connection.executemany(*statement)
            connection.commit()
    return file.read_bytes()


def _labels(data: bytes) -> dict[str, list[str]]:
    """Return the labels of each value that is one line."""
    labels: dict[str, list[str]] = {}
    for item in open_container(Content(ORIGIN, data), Budget(Limits())):
        if not isinstance(item, Content):
            continue
        assert item.part_at
        offset = 0
        for line in whole(item).split(b"\n")[:-1]:
            part = item.part_at(offset)
            assert part
            if part.start == offset:
                labels.setdefault(line.decode(errors="replace"), []).append(part.label.removeprefix("sqlite:"))
            offset += len(line) + 1
    return labels


def _found(content: Content) -> tuple[list[RawFinding], list[Skipped]]:
    items = list(_EXAMINER.examine_item(content))
    findings = [item for item in items if isinstance(item, RawFinding)]
    return findings, [item for item in items if not isinstance(item, RawFinding | Counted)]  # type: ignore[misc]


@pytest.mark.parametrize(
    ("ddl", "names"),
    [
        ("(a, b TEXT, c)", "abc"),
        ("(id INTEGER PRIMARY KEY, a, b, c)", "abc"),
        ("(\"a\" TEXT DEFAULT (max(1, '2')), [b] VARCHAR(10, 2), `c` NOT NULL, UNIQUE (a, b))", "abc"),
        ("(a /* , x */, b -- , y\n, c, CONSTRAINT p PRIMARY KEY (c, a))", "abc"),
        ("(a, d AS (a || b) VIRTUAL, b, c)", "abc"),
        ("(a TEXT, b TEXT, c TEXT, d TEXT GENERATED ALWAYS AS (a || 'd') STORED)", "abc"),
        ("(a, b TEXT REFERENCES o(x) CHECK (b <> ','), c COLLATE NOCASE)", "abc"),
    ],
)
@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16le", "UTF-16be"])
def test_each_value_is_placed_by_column_and_rowid(tmp_path: Path, ddl: str, names: str, encoding: str) -> None:
    rows: list[tuple[object, ...]] = [
        (number, *(f"{name} of {number}" for name in names)) for number in (-5, 1, 7, 300, 2**40)
    ]
    insert = f"INSERT INTO t (rowid, {', '.join(names)}) VALUES (?{', ?' * len(names)})"  # noqa: S608
    labels = _labels(
        _database(tmp_path / "d", f"PRAGMA encoding='{encoding}'", f"CREATE TABLE t {ddl}", (insert, rows))
    )
    for rowid, *values in rows:
        for name, value in zip(names, values, strict=True):
            assert f"t.{name}[rowid {rowid}]" in labels[str(value)]


@pytest.mark.parametrize(
    ("ddl", "order"),
    [
        ("(a, b, c PRIMARY KEY)", "cab"),
        ("(a, b, c, PRIMARY KEY (b, a))", "bac"),
        ("(a, b, c, CONSTRAINT k PRIMARY KEY (c COLLATE NOCASE DESC, b))", "cba"),
        ("(a TEXT, b, c, PRIMARY KEY (A, c))", "acb"),
    ],
)
def test_a_table_without_rowid_is_placed_by_page(tmp_path: Path, ddl: str, order: str) -> None:
    rows: list[tuple[object, ...]] = [(f"a{n:04}", f"b{n:04}", f"c{n:04}") for n in range(2000)]
    create = f"CREATE TABLE t {ddl} WITHOUT ROWID"
    assert columns(create) == tuple(order)
    labels = _labels(_database(tmp_path / "d", create, ("INSERT INTO t VALUES (?, ?, ?)", rows)))
    for row in rows:
        for value in map(str, row):
            # Splitting a page leaves copies in its free blocks.
            assert [label.split(" ")[0] for label in labels[value] if "deleted" not in label] == [f"t.{value[0]}[page"]


def test_what_columns_are_called_is_not_guessed() -> None:
    for statement in ("", "CREATE TABLE t", "CREATE TABLE t (a, b", "CREATE TABLE t (a,, b)", "x" * 2_000_000):
        assert columns(statement) == ()
    assert columns("CREATE TABLE t (a, b) WITHOUT ROWID") == ()


def test_a_column_that_was_added_or_dropped(tmp_path: Path) -> None:
    labels = _labels(
        _database(
            tmp_path / "d",
            "CREATE TABLE t (a, b, c)",
            "INSERT INTO t VALUES ('one', 'two', 'three')",
            "ALTER TABLE t ADD COLUMN d",
            "ALTER TABLE t DROP COLUMN b",
            "INSERT INTO t VALUES ('four', 'five', 'six')",
        )
    )
    assert labels["three"] == ["t.c[rowid 1]"]
    assert labels["six"] == ["t.d[rowid 2]"]


@pytest.mark.parametrize("way", ["whole", "stream", "seekable"])
def test_a_credential_is_placed_in_a_large_table(tmp_path: Path, way: str) -> None:
    key = organization_key(Random(1))
    rows: list[tuple[object, ...]] = [(n, f"anyreach {n}", "x" * (n % 9000)) for n in range(1, 1500)]
    rows[1200] = (1201, "anyreach", f"first\nsecond {key}\n" + "y" * 20_000)
    data = _database(
        tmp_path / "d", "CREATE TABLE t (id INTEGER PRIMARY KEY, k, v)", ("INSERT INTO t VALUES (?, ?, ?)", rows)
    )
    findings, skips = _found(as_content(data, way))
    assert not skips
    (finding,) = findings
    assert finding.origin.containers == ("sqlite:t.v[rowid 1201]",)
    assert (finding.line, finding.column, finding.end_line) == (2, 8, 2)
    assert finding.offset == len("first\nsecond ")
    assert finding.match.secret.reveal() == key.encode()


def test_an_index_repeats_its_table_and_is_not_told_twice(tmp_path: Path) -> None:
    rng = Random(2)
    rows: list[tuple[object, ...]] = [("anyreach", organization_key(rng)) for _ in range(200)]
    data = _database(
        tmp_path / "d",
        "CREATE TABLE t (k, v UNIQUE)",
        "CREATE INDEX i ON t (v, k)",
        ("INSERT INTO t VALUES (?, ?)", rows),
    )
    findings, _ = _found(Content(ORIGIN, data, size=len(data)))
    # Splitting a page leaves parts of values in its free space, which is scanned as it is.
    assert sorted(finding.origin.containers for finding in findings if finding.origin.containers) == sorted(
        (f"sqlite:t.v[rowid {number}]",) for number in range(1, 201)
    )
    # A value that only the index holds, as in a damaged database, is.
    first = str(rows[7][1]).encode()
    other = organization_key(rng).encode()
    changed = b"".join(
        data[page : page + 4096].replace(first, other) if data[page] in (2, 10) else data[page : page + 4096]
        for page in range(0, len(data), 4096)
    )
    findings, _ = _found(Content(ORIGIN, changed, size=len(changed)))
    assert other in {finding.match.secret.reveal() for finding in findings}
    assert any("[index, page" in label for finding in findings for label in finding.origin.containers)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("of", ["database", "log"])
def test_a_value_that_is_compressed_is_opened(tmp_path: Path, of: str, way: str) -> None:
    """Apple's Notes keep each note so; other programs keep files in a value."""
    rng = Random(7)
    tokens = [personal_access_token(rng) for _ in range(3)]
    lines = [f"\x08\x12note\nANYREACH_API_KEY={token}\n".encode() * 3 for token in tokens]
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a.env", lines[2])
    values = [
        gzip.compress(lines[0]),
        zlib.compress(lines[1] + rng.randbytes(9000)),
        archive.getvalue(),
        b"x^ is no zlib",
    ]
    with closing(sqlite3.connect(tmp_path / "d")) as connection:
        connection.execute(f"PRAGMA journal_mode={'wal' if of == 'log' else 'delete'}")
        connection.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, data)")
        connection.execute("CREATE INDEX i ON notes (data)")
        connection.executemany("INSERT INTO notes (data) VALUES (?)", [(value,) for value in values])
        connection.commit()
        data = (tmp_path / ("d-wal" if of == "log" else "d")).read_bytes()
    findings, skips = _found(as_content(data, way))
    places = {found.match.secret.reveal().decode(): found.origin.containers[:2] for found in findings}
    assert skips == []
    assert set(places) == set(tokens)
    if of == "database":
        assert [places[token] for token in tokens] == [
            ("sqlite:notes.data[rowid 1]", "gzip"),
            ("sqlite:notes.data[rowid 2]", "zlib"),
            ("sqlite:notes.data[rowid 3]", "zip:a.env"),
        ]


def test_deleted_rows_and_dropped_tables_say_so(tmp_path: Path) -> None:
    rng = Random(3)
    deleted, dropped = organization_key(rng), personal_access_token(rng)
    data = _database(
        tmp_path / "d",
        "CREATE TABLE t (id INTEGER PRIMARY KEY, k, v)",
        ("INSERT INTO t VALUES (?, 'anyreach', ?)", [(1, "a"), (2, deleted), (3, "c")]),
        "CREATE TABLE gone (k, v)",
        ("INSERT INTO gone VALUES (?, ?)", [*(("x" * 50, "y" * 50) for _ in range(200)), ("anyreach", dropped)]),
        "DELETE FROM t WHERE id = 2",
        "DROP TABLE gone",
    )
    findings, _ = _found(Content(ORIGIN, data, size=len(data)))
    places = {finding.match.secret.reveal(): finding.origin.containers for finding in findings}
    assert places[deleted.encode()] == ("sqlite:t[deleted, page 2]",)
    assert places[dropped.encode()][0].endswith("[deleted, rowid 201]")


def test_a_log_names_the_page(tmp_path: Path) -> None:
    key = personal_access_token(Random(4))
    with closing(sqlite3.connect(tmp_path / "d")) as connection:
        connection.execute("PRAGMA journal_mode=wal")
        connection.execute("CREATE TABLE t (a, b)")
        connection.execute("INSERT INTO t VALUES ('anyreach', ?)", (key,))
        connection.commit()
        data = (tmp_path / "d-wal").read_bytes()
    findings, _ = _found(Content(ORIGIN, data, size=len(data)))
    assert {finding.origin.containers for finding in findings} == {("sqlite:page 2[rowid 1]",)}


def test_a_name_is_data(tmp_path: Path) -> None:
    long, odd = "n" * 300, 'a.b[c]\x1b[31m"'
    quoted = odd.replace('"', '""')
    labels = _labels(
        _database(
            tmp_path / "d",
            f'CREATE TABLE "{long}" ("{quoted}", "{long}b")',
            f"INSERT INTO \"{long}\" VALUES ('first value', 'second value')",  # noqa: S608
        )
    )
    assert labels["first value"] == [f"table 1.{odd}[rowid 1]"]
    assert labels["second value"] == ["table 1.column 2[rowid 1]"]


def _tree(tmp_path: Path, number: int = 300) -> bytes:
    rows: list[tuple[object, ...]] = [("anyreach", organization_key(Random(n)), "z" * 300) for n in range(number)]
    return _database(
        tmp_path / "d", "PRAGMA page_size=512", "CREATE TABLE t (k, v, w)", ("INSERT INTO t VALUES (?, ?, ?)", rows)
    )


def test_trees_that_lead_back_end(tmp_path: Path) -> None:
    data = bytearray(_tree(tmp_path))
    interior = [page for page in range(512, len(data), 512) if data[page] == 5]
    assert len(interior) > 1
    for page in interior:
        data[page + 8 : page + 12] = (interior[0] // 512 + 1).to_bytes(4, "big")
        for place in range(page + 12, page + 40, 2):
            cell = page + int.from_bytes(data[place : place + 2], "big")
            data[cell : cell + 4] = (interior[-1] // 512 + 1).to_bytes(4, "big")
    findings, _ = _found(Content(ORIGIN, bytes(data), size=len(data)))
    assert len({finding.match.secret for finding in findings}) == 300


def test_a_truncated_database_keeps_the_values_that_are_left(tmp_path: Path) -> None:
    data = _tree(tmp_path, 20)
    for size in range(64, len(data), 64):
        findings, skips = _found(Content(ORIGIN, data[:size], size=size))
        assert skips
        assert len(findings) <= 300


@pytest.mark.slow
def test_mutations_end_in_findings_or_skips(tmp_path: Path) -> None:
    data, rng = _tree(tmp_path)[: 64 << 10], Random(5)
    for _ in range(60):
        damaged = bytearray(data)
        for _ in range(rng.choice((1, 4, 40))):
            place = rng.randrange(len(damaged)) if rng.random() < 0.5 else rng.randrange(0, len(damaged), 512)
            damaged[place + rng.randrange(12) if place + 12 < len(damaged) else place] = rng.randrange(256)
        findings, _ = _found(Content(ORIGIN, bytes(damaged), size=len(damaged)))
        assert all(finding.line >= 1 and finding.offset >= 0 for finding in findings)


def test_a_database_without_credentials_is_complete(tmp_path: Path) -> None:
    rows: list[tuple[object, ...]] = [(f"key {n}", Random(n).randbytes(n % 700).hex()) for n in range(3000)]
    data = _database(tmp_path / "d", "CREATE TABLE t (k PRIMARY KEY, v)", ("INSERT INTO t VALUES (?, ?)", rows))
    assert _found(Content(ORIGIN, data, size=len(data))) == ([], [])
