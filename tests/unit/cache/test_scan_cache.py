"""The table of what was read: believed when it is ours and whole, replaced when it is ours and not."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from akpatrol.cache import scan_cache
from akpatrol.cache.scan_cache import FILE_NAME, ScanCache
from akpatrol.config.environment import cache_directory
from akpatrol.config.limits import Limits
from akpatrol.sources.git import scan_state_json

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_VALUE = {"a": [1, "b", None]}
_ID = 40 * "a"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def _remember(directory: Path, key: str = "k", value: object = _VALUE) -> ScanCache:
    with closing(ScanCache(str(directory))) as log:
        log.put("c", "kind", {key: value})
    return log


def _recall(directory: Path, key: str = "k") -> object:
    with closing(ScanCache(str(directory))) as log:
        return log.get("c", "kind", key)


def test_what_is_remembered_is_recalled(directory: Path) -> None:
    assert _recall(directory) is None
    assert not _remember(directory).problem
    with closing(ScanCache(str(directory))) as log:
        assert log.get("c", "kind", "k") == _VALUE
        assert [log.get(*place) for place in (("d", "kind", "k"), ("c", "k", "k"), ("c", "kind", "j"))] == 3 * [None]
    assert _remember(directory, value=2).file == str(directory / FILE_NAME)
    assert _recall(directory) == 2


def test_conditions_are_all_that_decides() -> None:
    found = {scan_cache.conditions(rules, limits) for rules in "ab" for limits in (Limits(), Limits(ratio=1))}
    others: list[list[Any]] = [
        [77 if n == place else value for n, value in enumerate(Limits())] for place in range(len(Limits()))
    ]
    found |= {scan_cache.conditions("a", Limits(*other)) for other in others}
    assert len(found) == 4 + len(Limits._fields)


def _flip(file: Path, rng: Random) -> None:
    whole = bytearray(file.read_bytes())
    for _ in range(20):
        whole[rng.randrange(len(whole))] ^= 1 << rng.randrange(8)
    file.write_bytes(whole)


def _cut(file: Path, rng: Random) -> None:
    file.write_bytes(file.read_bytes()[: rng.choice([0, 50, rng.randrange(file.stat().st_size)])])


def _garbage(file: Path, rng: Random) -> None:
    file.write_bytes(rng.randbytes(5000))


def _version(file: Path, _rng: Random) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA user_version = 99")


def _no_table(file: Path, _rng: Random) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("DROP TABLE read")


def _other_encoding(file: Path, _rng: Random) -> None:
    whole = file.read_bytes()
    file.write_bytes(whole.replace(b"CREATE TABLE", b"CREATE \xff\xfe\xc5LE"))


def _other_table(file: Path, _rng: Random) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("DROP TABLE read")
        connection.execute("CREATE VIEW read AS SELECT 1 AS key, x'31' AS value, 1 AS seal, 1 AS used")


@pytest.mark.parametrize("harm", [_flip, _cut, _garbage, _version, _no_table, _other_encoding, _other_table])
@pytest.mark.parametrize("seed", range(8))
def test_a_damaged_file_tells_nothing_wrong_and_is_replaced(
    directory: Path, harm: Callable[[Path, Random], None], seed: int
) -> None:
    for number in range(60):
        _remember(directory, f"{number}", {"number": number})
    harm(directory / FILE_NAME, Random(f"{harm.__name__} {seed}"))
    for number in range(60):
        assert _recall(directory, f"{number}") in (None, {"number": number})
    _remember(directory)
    assert _recall(directory) == _VALUE
    assert {file.name for file in directory.iterdir()} <= {FILE_NAME, f"{FILE_NAME}-wal", f"{FILE_NAME}-shm"}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE read SET value = 'text'",
        "UPDATE read SET value = 5",
        "UPDATE read SET value = x'5b5d'",
        "UPDATE read SET value = zeroblob(20000000)",
        "UPDATE read SET seal = NULL WHERE 0",
        "UPDATE read SET used = -1, seal = 'x'",
    ],
)
def test_a_hostile_row_is_passed_over(directory: Path, statement: str) -> None:
    _remember(directory)
    with closing(sqlite3.connect(directory / FILE_NAME)) as connection:
        connection.execute(statement)
        connection.commit()
    assert _recall(directory) in (None, _VALUE)
    _remember(directory)
    assert _recall(directory) == _VALUE


def test_a_sealed_value_that_is_no_json_is_passed_over(directory: Path) -> None:
    _remember(directory)
    with closing(sqlite3.connect(directory / FILE_NAME)) as connection:
        ((place,),) = connection.execute("SELECT key FROM read")
        for value in (b"[" * 100_000, b"\xff", b"{"):
            connection.execute("UPDATE read SET value = ?, seal = ?", (value, scan_cache._hash(place + value)))
            connection.commit()
            assert _recall(directory) is None


def test_a_database_of_somebody_else_stays(directory: Path) -> None:
    directory.mkdir()
    with closing(sqlite3.connect(directory / FILE_NAME)) as connection:
        connection.execute("CREATE TABLE precious (a)")
    before = (directory / FILE_NAME).read_bytes()
    assert "not an akpatrol cache" in _remember(directory).problem
    assert (directory / FILE_NAME).read_bytes() == before


def _directory(file: Path) -> None:
    file.mkdir()


def _link(file: Path) -> None:
    (file.parent / "target").write_bytes(b"")
    file.symlink_to(file.parent / "target")


def _hard_link(file: Path) -> None:
    (file.parent / "target").write_bytes(b"")
    file.hardlink_to(file.parent / "target")


def _fifo(file: Path) -> None:
    os.mkfifo(file)


def _writable(file: Path) -> None:
    file.touch()
    file.chmod(0o666)


def _linked_log(file: Path) -> None:
    file.with_name(f"{file.name}-wal").symlink_to(file.parent / "nowhere")


def _writable_directory(file: Path) -> None:
    file.parent.chmod(0o770)


def _of_another(file: Path) -> None:
    file.touch()
    os.chown(file, 12345, 12345)


def _in_anothers_directory(file: Path) -> None:
    os.chown(file.parent, 12345, 12345)


_ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")


@pytest.mark.parametrize(
    "make",
    [
        _directory,
        _link,
        _hard_link,
        _fifo,
        _writable,
        _linked_log,
        _writable_directory,
        pytest.param(_of_another, marks=_ROOT_ONLY),
        pytest.param(_in_anothers_directory, marks=_ROOT_ONLY),
    ],
)
def test_what_is_not_ours_alone_is_not_used(directory: Path, make: Callable[[Path], None]) -> None:
    directory.mkdir(mode=0o700)
    make(directory / FILE_NAME)
    log = _remember(directory)
    assert log.problem
    assert _recall(directory) is None
    assert {file.name for file in directory.iterdir()} <= {FILE_NAME, "target", f"{FILE_NAME}-wal"}


@_ROOT_ONLY
def test_nothing_is_made_in_the_home_of_another(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    os.chown(home, 12345, 12345)
    assert "belongs to another user" in _remember(home / ".cache/akpatrol").problem
    assert not list(home.iterdir())


def test_a_linked_directory_is_not_used(tmp_path: Path, directory: Path) -> None:
    (tmp_path / "real").mkdir(mode=0o700)
    directory.symlink_to(tmp_path / "real")
    assert _remember(directory).problem
    assert not list((tmp_path / "real").iterdir())


def test_a_busy_file_is_left_alone(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _remember(directory)
    monkeypatch.setattr(scan_cache, "_BUSY_SECONDS", 0)
    with closing(sqlite3.connect(directory / FILE_NAME, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert "locked" in _remember(directory, value=2).problem
        assert _recall(directory) == _VALUE
    assert _recall(directory) == _VALUE


def test_it_does_not_grow_without_end(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan_cache, "_ROOM_BYTES", 400_000)
    monkeypatch.setattr(scan_cache, "_today", lambda: 1)
    _remember(directory, "old", "x" * 10_000)
    monkeypatch.setattr(scan_cache, "_today", lambda: 2)
    for number in range(200):
        _remember(directory, f"{number}", "x" * 10_000)
        if number % 10 == 0:
            monkeypatch.setattr(scan_cache, "_today", lambda day=number: 3 + day)
            with closing(ScanCache(str(directory))) as log:
                log.get("c", "kind", "0")
                log.put("c", "kind", {})  # what was asked for is not what was used longest ago
    assert (directory / FILE_NAME).stat().st_size <= 800_000
    assert [_recall(directory, key) is None for key in ("old", "0", "1", "199")] == [True, False, True, False]


def test_too_large_a_value_is_not_kept(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan_cache, "_VALUE_BYTES", 10)
    _remember(directory, value="x" * 20)
    assert _recall(directory) is None


def test_without_a_directory() -> None:
    log = ScanCache(None)
    log.put("c", "kind", {"k": 1})
    assert log.get("c", "kind", "k") is None
    assert log.problem


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        ("linux", {"HOME": "/h"}, "/h/.cache/akpatrol"),
        ("linux", {"HOME": "/h", "XDG_CACHE_HOME": "/x"}, "/x/akpatrol"),
        ("linux", {"HOME": "/h", "XDG_CACHE_HOME": "x"}, "/h/.cache/akpatrol"),
        ("linux", {}, None),
        ("darwin", {"HOME": "/h"}, "/h/Library/Caches/akpatrol"),
        ("win32", {"LOCALAPPDATA": "/l"}, "/l/akpatrol"),
        ("win32", {}, None),
    ],
)
def test_where_it_is(
    monkeypatch: pytest.MonkeyPatch, platform: str, variables: dict[str, str], expected: str | None
) -> None:
    monkeypatch.setattr("sys.platform", platform)
    assert cache_directory(variables) == expected


_WHOLE = {"counts": {"blobs": 2}, "size": 7, "excluded": {"symlink": 1}, "secrets": [], "again": {_ID: []}}


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        [],
        {},
        {**_WHOLE, "counts": {"blobs": -1}},
        {**_WHOLE, "counts": {"blobs": True}},
        {**_WHOLE, "counts": {"blobs": 1 << 63}},
        {**_WHOLE, "counts": {"blobs": "2"}},
        {**_WHOLE, "counts": []},
        {**_WHOLE, "size": 1.5},
        {**_WHOLE, "excluded": {"unheard of": 1}},
        {**_WHOLE, "again": {"--all": []}},
        {**_WHOLE, "again": [_ID]},
    ],
)
def test_a_part_that_is_not_as_it_was_written_is_nothing(wrong: object) -> None:
    assert scan_state_json.parse_part(_WHOLE)
    assert scan_state_json.parse_part(wrong) is None


@pytest.mark.parametrize("field", ["packs", "loose", "tips"])
@pytest.mark.parametrize("wrong", [5, "x", ["--all"], [5], [[]], {}])
def test_a_repository_that_is_not_as_it_was_written_is_nothing(field: str, wrong: object) -> None:
    whole = {"packs": [64 * "a"], "loose": [_ID], "tips": [_ID]}
    assert scan_state_json.parse_repository(whole)
    assert scan_state_json.parse_repository({**whole, "tips": None})
    assert scan_state_json.parse_repository({**whole, field: wrong}) is None
