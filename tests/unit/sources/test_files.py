"""A unit of files: each is read whole, or is a skip."""

from __future__ import annotations

import errno
import os
import random
from typing import TYPE_CHECKING

import pytest

from akpatrol.model.batch import SMALL_BYTES, TOGETHER, TOGETHER_BYTES, ContentBatch
from akpatrol.model.scan import Content, Counted, Skipped
from akpatrol.sources.files import FilesUnit

if TYPE_CHECKING:
    from pathlib import Path


def _read(root: Path, *names: str) -> tuple[list[bytes], list[Skipped], int]:
    """Return the contents, the skips, and how many files were counted."""
    contents: list[bytes] = []
    skips: list[Skipped] = []
    counted = 0
    for item in FilesUnit("0", os.fsencode(root), tuple(map(os.fsencode, names))).read():
        if isinstance(item, ContentBatch):
            assert [item.content(number).data for number in range(len(item.data))] == list(item.data)
            contents += item.data
        elif isinstance(item, Content):
            contents.append(item.data + (item.read(1 << 30) if item.read else b""))
        elif isinstance(item, Skipped):
            skips.append(item)
        elif isinstance(item, Counted):
            counted += item.number
            assert item.size == sum(map(len, contents[-item.number :]))
    return contents, skips, counted


def test_files_of_any_size_are_read_whole(tmp_path: Path) -> None:
    sizes = [0, 1, 2200, SMALL_BYTES - 1, SMALL_BYTES, SMALL_BYTES + 1, (4 << 20) - 1, 4 << 20, (4 << 20) + 1]
    for number, size in enumerate(sizes):
        (tmp_path / f"{number}").write_bytes(random.Random(number).randbytes(size))
    contents, skips, counted = _read(tmp_path, *map(str, range(len(sizes))))
    assert sorted(contents, key=len) == [(tmp_path / f"{number}").read_bytes() for number in range(len(sizes))]
    assert (skips, counted) == ([], 5)  # others are counted as they are examined


def test_each_of_many_is_in_one_batch(tmp_path: Path) -> None:
    large = TOGETHER_BYTES // SMALL_BYTES + 3
    names = [f"{number:04}" for number in range(TOGETHER + large)]
    for number, name in enumerate(names):
        (tmp_path / name).write_bytes(name.encode() * (SMALL_BYTES // 4 if number < large else 1))
    contents, _, counted = _read(tmp_path, *names)
    assert [data[:4].decode() for data in contents] == names
    assert counted == len(names)


def test_a_file_whose_size_is_not_told(tmp_path: Path) -> None:
    """/proc says that its files are empty."""
    (tmp_path / "f").write_bytes(b"x")
    unit = FilesUnit("0", b"/proc/self", (b"status",))
    (batch,) = [item for item in unit.read() if isinstance(item, ContentBatch)]
    assert batch.data[0].startswith(b"Name:")


def test_what_is_no_file_any_more(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "directory").mkdir()
    (tmp_path / "link").symlink_to("fifo")
    contents, skips, _ = _read(tmp_path, "fifo", "directory", "link", "gone")
    assert not contents
    assert [skip.reason for skip in skips] == [
        "became a FIFO",
        "became a special file",
        "became a symbolic link",
        "No such file or directory",
    ]


def test_a_file_that_cannot_be_read_is_not_taken_for_an_empty_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_handle: int, _number: int, _offset: int) -> bytes:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    (tmp_path / "f").write_bytes(b"data")
    monkeypatch.setattr(os, "pread", broken)
    assert _read(tmp_path, "f") == ([], [Skipped("f", "Input/output error")], 0)


@pytest.mark.parametrize("known", [1, 3, 5, 9])
def test_a_file_that_grows_or_shrinks_is_read_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, known: int
) -> None:
    (tmp_path / "f").write_bytes(b"12345")
    original = os.lseek

    def told(handle: int, offset: int, whence: int) -> int:
        return known if whence == os.SEEK_END else original(handle, offset, whence)

    monkeypatch.setattr(os, "lseek", told)
    assert _read(tmp_path, "f") == ([b"12345"], [], 1)
