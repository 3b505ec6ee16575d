"""The pattern cache returns only values as they were written, and its failures stop nothing."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from akpatrol.cache import pattern_cache
from akpatrol.cache.pattern_cache import PatternCache

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_VALUE = bytes(range(256)) * 4


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Return where the cache will be; it is not there yet."""
    return tmp_path / "caches" / "akpatrol"


def _file(directory: Path) -> Path:
    (file,) = directory.iterdir()
    return file


def test_a_later_run_has_it(directory: Path) -> None:
    PatternCache(str(directory)).put("key", _VALUE)
    assert PatternCache(str(directory)).get("key") == _VALUE
    assert PatternCache(str(directory)).get("another") is None
    assert [PatternCache(str(directory)).holds(key) for key in ("key", "another")] == [True, False]
    assert not PatternCache(None).holds("key")
    assert _file(directory).stat().st_mode & 0o777 == 0o600


def test_what_is_remembered_last_counts(directory: Path) -> None:
    PatternCache(str(directory)).put("key", b"old")
    PatternCache(str(directory)).put("key", _VALUE)
    assert PatternCache(str(directory)).get("key") == _VALUE


@pytest.mark.parametrize("place", range(0, 32 + len(_VALUE), 61))
def test_a_bit_that_fell_over(directory: Path, place: int) -> None:
    PatternCache(str(directory)).put("key", _VALUE)
    whole = bytearray(_file(directory).read_bytes())
    whole[place] ^= 4
    _file(directory).write_bytes(whole)
    assert PatternCache(str(directory)).get("key") is None


@pytest.mark.parametrize("size", [0, 31, 32, 500])
def test_a_file_that_was_cut(directory: Path, size: int) -> None:
    PatternCache(str(directory)).put("key", _VALUE)
    _file(directory).write_bytes(_file(directory).read_bytes()[:size])
    assert PatternCache(str(directory)).get("key") is None
    PatternCache(str(directory)).put("key", _VALUE)
    assert PatternCache(str(directory)).get("key") == _VALUE


def test_what_another_version_made(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    PatternCache(str(directory)).put("key", _VALUE)
    monkeypatch.setattr(pattern_cache, "__version__", "0.0")
    assert PatternCache(str(directory)).get("key") is None


def test_the_file_of_another_key(directory: Path) -> None:
    PatternCache(str(directory)).put("one", _VALUE)
    one = _file(directory)
    PatternCache(str(directory)).put("two", b"two")
    (two,) = set(directory.iterdir()) - {one}
    os.replace(one, two)
    assert PatternCache(str(directory)).get("two") is None


def _linked(file: Path) -> None:
    os.replace(file, file.with_name("elsewhere"))
    file.symlink_to("elsewhere")


def _linked_twice(file: Path) -> None:
    os.link(file, file.with_name("elsewhere"))


def _others_may_write(file: Path) -> None:
    file.chmod(0o622)


def _in_a_directory_of_all(file: Path) -> None:
    file.parent.chmod(0o777)


@pytest.mark.parametrize("harm", [_linked, _linked_twice, _others_may_write, _in_a_directory_of_all])
def test_what_others_may_have_written_is_neither_read_nor_replaced(
    directory: Path, harm: Callable[[Path], None]
) -> None:
    PatternCache(str(directory)).put("key", _VALUE)
    harm(_file(directory))
    before = {file.name: file.read_bytes() for file in directory.iterdir()}
    assert PatternCache(str(directory)).get("key") is None
    PatternCache(str(directory)).put("key", b"new")
    assert {file.name: file.read_bytes() for file in directory.iterdir()} == before


def test_there_is_no_place_for_it(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for directory in (None, str(tmp_path / "file"), str(tmp_path / "file" / "below")):
        PatternCache(directory).put("key", _VALUE)
        assert PatternCache(directory).get("key") is None
    assert (tmp_path / "file").read_bytes() == b""


def test_those_made_longest_ago_go(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pattern_cache, "_MOST_FILES", 2)
    for age, key in enumerate(("newest", "older", "oldest")):
        PatternCache(str(directory)).put(key, key.encode())
        newest = max(directory.iterdir(), key=lambda file: file.stat().st_mtime_ns)
        os.utime(newest, (1000 - age, 1000 - age))
    PatternCache(str(directory)).put("last", b"last")
    kept = [key for key in ("oldest", "older", "newest", "last") if PatternCache(str(directory)).get(key)]
    assert kept == ["newest", "last"]


def test_more_than_there_ever_is_to_keep(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    PatternCache(str(directory)).put("key", _VALUE)
    monkeypatch.setattr(pattern_cache, "_MOST_BYTES", len(_VALUE))
    assert PatternCache(str(directory)).get("key") is None
