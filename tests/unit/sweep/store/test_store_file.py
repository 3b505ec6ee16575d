"""The store's file: made by us, never replaced, one writer at a time, whole whatever befalls the writer."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from akpatrol.cache.scan_cache import ScanCache
from akpatrol.errors import UsageError
from akpatrol.model.scan import Secret
from akpatrol.sweep.store import schema
from akpatrol.sweep.store.store import SweepStore
from tests.unit.sweep.looks import CONDITIONS, DIGEST, KEYS, day, found, look, places, signature, sweep, told

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

_ROOT = Path(__file__).parents[4]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "s.sqlite3"


def _refused(file: Path, *, create: bool) -> str:
    before = file.read_bytes() if file.is_file() else b""
    with pytest.raises(UsageError) as caught:
        SweepStore(str(file), create=create)
    assert (file.read_bytes() if file.is_file() else b"") == before
    return str(caught.value)


def test_only_its_owner_may_read_it(file: Path) -> None:
    before = os.umask(0)
    sweep(file, look("one"))
    os.umask(before)
    assert {one.name: one.stat().st_mode & 0o777 for one in file.parent.iterdir()} == {
        file.name: 0o600,
        f"{file.name}-lock": 0o600,
    }


def test_a_name_with_everything_in_it(tmp_path: Path) -> None:
    file = Path(os.fsdecode(os.fsencode(tmp_path) + b"/a?mode=memory&b#c%41 \xff'\"\n;"))
    sweep(file, look("one", found(KEYS[0])))
    assert len(told(file).credentials) == 1
    assert sorted(os.listdir(tmp_path)) == sorted([file.name, f"{file.name}-lock"])


def _text(file: Path) -> None:
    file.write_text("my notes\n" * 100)


def _other(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE recipe (name)")


def _cache(file: Path) -> None:
    with closing(ScanCache(str(file.parent), file.name)) as log:
        log.put("c", "kind", {"k": 1})


@pytest.mark.parametrize("make", [_text, _other, _cache])
@pytest.mark.parametrize("create", [False, True])
def test_another_programs_file_is_left_alone(file: Path, make: Callable[[Path], None], create: bool) -> None:
    make(file)
    assert "not an akpatrol store" in _refused(file, create=create)


def test_an_empty_file_becomes_a_store(file: Path) -> None:
    file.touch(0o600)
    assert "not an akpatrol store" in _refused(file, create=False)
    sweep(file, look("one"))
    assert told(file).targets


def test_one_whose_making_was_cut_short(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    assert file.stat().st_size
    sweep(file, look("one"))
    assert told(file).targets


def test_what_is_not_there(file: Path) -> None:
    assert "no such store" in _refused(file, create=False)
    assert not file.exists()
    assert "no such store" in _refused(file.parent, create=False)
    assert "directory does not exist" in _refused(file / "deep" / "s", create=True)
    for create in (False, True):
        with pytest.raises(UsageError):
            SweepStore("a\0b", create=create)


@pytest.mark.parametrize("suffix", ["", "-wal", "-shm", "-lock"])
def test_what_others_may_write_is_not_written_to(file: Path, suffix: str) -> None:
    sweep(file, look("one"))
    one = Path(f"{file}{suffix}")
    one.touch()
    one.chmod(0o666)
    assert f"{one}: not a file that you own" in _refused(file, create=True)


@pytest.mark.parametrize("suffix", ["", "-wal", "-lock"])
def test_nothing_is_written_through_a_link(file: Path, suffix: str) -> None:
    precious = file.parent / "precious"
    precious.write_text("precious")
    Path(f"{file}{suffix}").symlink_to(precious)
    assert "not a file that you own" in _refused(file, create=True)
    assert precious.read_text() == "precious"


def test_a_newer_store_says_what_it_needs(file: Path) -> None:
    sweep(file, look("one"))
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("UPDATE run SET version = '9.1'")
        connection.execute("PRAGMA user_version = 99")
    for create in (False, True):
        with pytest.raises(UsageError, match="its format is 99, this version supports 2") as caught:
            SweepStore(str(file), create=create)
        assert caught.value.hint == "update akpatrol to 9.1"
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("DROP TABLE run")
    with pytest.raises(UsageError) as caught:
        SweepStore(str(file), create=False)
    assert caught.value.hint == "update akpatrol to the version that wrote it"


@pytest.mark.parametrize("create", [False, True])
def test_an_older_store_is_brought_up_to_date(file: Path, create: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    sweep(file, look("one", found(KEYS[0])))
    later = (
        "ALTER TABLE target ADD COLUMN label TEXT",
        "CREATE INDEX run_start ON run (started_at); DELETE FROM signature;",
    )
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, *later))
    with SweepStore(str(file), create=create) as store:
        assert len(store.report().credentials) == 1
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (4,)
        assert connection.execute("SELECT label FROM target").fetchall() == [(None,)]
    sweep(file, look("two"))  # no lock was left behind


def test_a_migration_is_whole_or_nothing(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sweep(file, look("one", found(KEYS[0])))
    before = file.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, "DELETE FROM sighting; nonsense"))
        with pytest.raises(UsageError, match="damaged"):
            SweepStore(str(file), create=True)
    assert len(told(file).credentials) == 1
    assert file.read_bytes() == before


def test_tables_that_somebody_else_made(file: Path) -> None:
    sweep(file, look("one"))
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("DROP TABLE failure")
        connection.execute(
            "CREATE VIEW failure AS WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT * FROM n"
        )
    for create in (False, True):
        assert "its tables are not those of akpatrol" in _refused(file, create=create)


def test_a_second_sweep_is_refused_and_told_who_is_first(file: Path) -> None:
    with SweepStore(str(file), create=True) as store:
        run = store.begin(day(1), DIGEST)
        with pytest.raises(UsageError, match=f"another sweep is writing to it: process {os.getpid()} on ."):
            SweepStore(str(file), create=True)
        store.put(run, look("one", found(KEYS[0])), None, CONDITIONS)
        assert len(told(file).credentials) == 1  # who only reads need not wait
        store.put(run, look("two", found(KEYS[1])), None, CONDITIONS)
    assert len(told(file).credentials) == 2
    sweep(file, look("three"))


def test_reading_writes_nothing(file: Path) -> None:
    sweep(file, look("one", found(KEYS[0])))
    before = file.read_bytes()
    with SweepStore(str(file), create=False) as store:
        store.report()
        with pytest.raises(UsageError, match="cannot be written"):
            store.begin(day(2), DIGEST)
    assert file.read_bytes() == before


def test_closed_is_closed(file: Path) -> None:
    with SweepStore(str(file), create=True) as store:
        pass
    store.close()
    with pytest.raises(UsageError, match="closed"):
        store.runs()


def test_a_full_disk_costs_nothing_that_was_kept(file: Path) -> None:
    with SweepStore(str(file), create=True) as store:
        run = store.begin(day(1), DIGEST)
        store.put(run, look("one", found(KEYS[0])), None, CONDITIONS)
        connection = store._database._connection  # type: ignore[attr-defined]
        assert connection
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(UsageError, match="full"):
            store.put(run, look("two", found(KEYS[1], 500)), None, CONDITIONS)
        assert places(store.report()).keys() == {Secret(KEYS[0].encode()).redacted}


_WRITER = """
import sys
from itertools import count
from tests.unit.sweep.looks import CONDITIONS, DIGEST, KEYS, day, found, look, signature
from akpatrol.sweep.store.store import SweepStore as Store

first = int(sys.argv[2])
one = look("one", *(found(key, 20) for key in KEYS))
with Store(sys.argv[1], create=True) as store:
    run = store.begin(day(1), DIGEST)
    for number in count(first):
        one["scan"]["targets"][0]["path"] = f"/org/{number}"
        store.put(run, one, "signature", CONDITIONS)
        print(number, flush=True)
"""


@pytest.mark.slow
def test_a_killed_writer_leaves_every_target_whole_or_absent(file: Path, rng: Random) -> None:
    first = 0
    for _ in range(5):
        with subprocess.Popen(
            [sys.executable, "-c", _WRITER, file, str(first)], cwd=_ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            assert process.stdout
            assert process.stderr
            kept = [int(process.stdout.readline()) for _ in range(rng.randrange(1, 40))]
            process.kill()
            kept += [int(line) for line in process.stdout if line.endswith(b"\n")]
            assert not process.stderr.read()
        with closing(sqlite3.connect(file)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        report = told(file)
        roots = {int(one.root.rpartition("/")[2]) for one in report.targets}
        assert roots in ({*range(kept[-1] + 1)}, {*range(kept[-1] + 2)})
        whole_ones = [place for one in report.credentials for place in one.occurrences]
        assert len(whole_ones) == len(roots) * len(KEYS) * 20
        assert not report.coverage.complete
        first = max(roots) + 1
        with SweepStore(str(file), create=True) as store:  # the lock died with it
            assert signature(store, "repository", f"/org/{first - 1}", CONDITIONS) == "signature"
            assert signature(store, "repository", f"/org/{first}", CONDITIONS) is None
