"""Directories that were read before: the report is that of a run without memory, whatever happened between the runs."""

from __future__ import annotations

import shutil
from contextlib import closing
from time import time_ns
from typing import TYPE_CHECKING, Any

import pytest

from akpatrol.cache import scan_cache
from akpatrol.cache.scan_cache import ScanCache
from akpatrol.model.identity import fingerprint
from akpatrol.model.scan import Target
from akpatrol.rules import rule_file
from akpatrol.scan.examine import Examiner
from akpatrol.scan.run import ScanOptions, scan_sources
from akpatrol.sources import files_cached
from akpatrol.sources.files import FilesSource, FilesUnit
from akpatrol.sources.files_cached import CachedFiles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from random import Random


@pytest.fixture(scope="module")
def examiner() -> Examiner:
    return Examiner(rule_file.load())


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a directory of many files, in a time in which all that was written has settled."""
    later = 0

    def clock() -> int:
        nonlocal later
        later += 3_000_000_000
        return time_ns() + later

    monkeypatch.setattr(files_cached, "time_ns", clock)
    root = tmp_path / "tree"
    for number in range(400):
        file = root / f"d{number % 7}" / f"f{number}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"words {number}\n")
    return root


def _told(source: FilesSource, examiner: Examiner) -> dict[str, Any]:
    report = scan_sources("scan", [source], examiner, ScanOptions())
    return {
        "found": sorted(
            (fingerprint(one.kind, one.secret), place.path, place.line, place.containers)
            for one in report.credentials
            for place in one.occurrences
        ),
        "coverage": report.coverage._replace(skipped=tuple(sorted(report.coverage.skipped))),
    }


class _Scans:
    """Scans one tree with and without memory; ``read`` has the files that the last one with memory opened."""

    def __init__(self, root: Path, cache: Path, examiner: Examiner, monkeypatch: pytest.MonkeyPatch) -> None:
        self._target = Target("0", "directory", str(root))
        self._cache = cache
        self._examiner = examiner
        self.read: set[bytes] = set()
        real = FilesUnit.read

        def read(unit: FilesUnit) -> Iterator[Any]:
            self.read.update(unit.files)
            return real(unit)

        monkeypatch.setattr(FilesUnit, "read", read)

    def plain(self) -> dict[str, Any]:
        return _told(FilesSource([self._target], lambda _: lambda _path, _directory: False), self._examiner)

    def remembering(self) -> dict[str, Any]:
        with closing(ScanCache(str(self._cache))) as log:
            source = CachedFiles([self._target], lambda _: lambda _path, _directory: False, log)
            self.read.clear()
            return _told(source, self._examiner)


@pytest.fixture
def scans(tree: Path, tmp_path: Path, examiner: Examiner, monkeypatch: pytest.MonkeyPatch) -> _Scans:
    return _Scans(tree, tmp_path / "cache", examiner, monkeypatch)


def test_what_is_unchanged_is_not_opened_again(scans: _Scans, tree: Path, new_key: Callable[[], str]) -> None:
    (tree / "d3" / "key").write_text(new_key())
    (tree / "d4" / "broken.gz").write_bytes(b"\x1f\x8b\x08\0" + bytes(20))
    expected = scans.plain()
    assert scans.remembering() == expected
    assert len(scans.read) == 402
    assert scans.remembering() == expected
    assert scans.read == {b"d3/key", b"d4/broken.gz"}


def test_after_any_edits_the_same_is_found(scans: _Scans, tree: Path, rng: Random, new_key: Callable[[], str]) -> None:
    for _ in range(12):
        for _ in range(rng.randrange(4)):
            _edit(tree, rng, new_key)
        expected = scans.plain()
        assert scans.remembering() == expected


def test_a_new_file_does_not_shift_all_batches(scans: _Scans, tree: Path) -> None:
    scans.remembering()
    (tree / "d0" / "a").write_text("words\n")
    told = scans.remembering()
    assert b"d0/a" in scans.read
    assert len(scans.read) < 300
    assert told == scans.plain()


def _edit(tree: Path, rng: Random, new_key: Callable[[], str]) -> None:
    files = sorted(path for path in tree.rglob("*") if path.is_file())
    file = rng.choice(files)
    match rng.randrange(6):
        case 0:
            file.write_text(f"KEY={new_key()}\n")
        case 1:
            file.unlink()
        case 2:
            (file.parent / f"new{rng.random()}").write_text("words\n")
        case 3:
            file.rename(file.parent / f"moved{rng.random()}")
        case 4:
            shutil.copytree(file.parent, tree / f"copy{rng.random()}")
        case _:
            (file.parent / new_key()).touch()


def test_what_may_still_change_is_not_remembered(
    scans: _Scans, tree: Path, monkeypatch: pytest.MonkeyPatch, new_key: Callable[[], str]
) -> None:
    """A file that is written twice within the grain of its times."""
    monkeypatch.setattr(files_cached, "time_ns", time_ns)
    scans.remembering()
    (tree / "d1" / "f1.txt").write_text(new_key())
    assert len(scans.remembering()["found"]) == 1
    assert len(scans.read) == 400


@pytest.mark.parametrize("value", [None, [], {"counts": 1}, {"counts": {}, "size": -1, "excluded": {}, "again": []}])
def test_what_is_not_as_it_was_written_is_nothing(
    scans: _Scans, monkeypatch: pytest.MonkeyPatch, value: object
) -> None:
    expected = scans.plain()
    scans.remembering()
    monkeypatch.setattr(scan_cache.ScanCache, "get", lambda *_: value)
    assert scans.remembering() == expected
