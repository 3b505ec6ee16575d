"""Runs that make the scan cache at the same moment: it is made once, and nothing is lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Barrier
from typing import TYPE_CHECKING

from akpatrol.cache import scan_cache
from akpatrol.cache.scan_cache import ScanCache

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def _remember(directory: Path, key: str) -> str:
    """Store a value, and return what is wrong with the cache."""
    with closing(ScanCache(str(directory))) as cache:
        cache.put("c", "kind", {key: 1})
        return cache.problem


def _recall(directory: Path, key: str) -> object:
    with closing(ScanCache(str(directory))) as cache:
        return cache.get("c", "kind", key)


def test_two_that_make_the_file_at_the_same_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second finds no file either, and keeps what the first has put into it meanwhile."""
    create = scan_cache._create

    def later(file: str) -> None:
        monkeypatch.setattr(scan_cache, "_create", create)
        _remember(tmp_path / "cache", "first")
        create(file)

    monkeypatch.setattr(scan_cache, "_create", later)
    assert not _remember(tmp_path / "cache", "second")
    assert [_recall(tmp_path / "cache", key) for key in ("first", "second")] == [1, 1]


def test_many_that_make_the_file_at_once_lose_nothing(tmp_path: Path) -> None:
    begin = Barrier(8)

    def remember(number: int) -> str:
        begin.wait()
        return _remember(tmp_path / "cache", f"{number}")

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(remember, range(8))) == [""] * 8
    assert [_recall(tmp_path / "cache", f"{number}") for number in range(8)] == [1] * 8
