"""The walk: every entry once, in order, by what it is."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Self

from akpatrol.model.scan import Excluded, Exclusion, Skipped
from akpatrol.sources.walk import DirectoryEntry, NestedRepository, special, walk

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def _walk(root: Path, excluded: tuple[bytes, ...] = ()) -> list[object]:
    return list(walk(os.fsencode(root), lambda path, _: path in excluded))


def test_order_is_that_of_the_paths(tmp_path: Path) -> None:
    for name in ("b/z", "b/a", "a", "c", "b.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = [entry.path for entry in _walk(tmp_path) if isinstance(entry, DirectoryEntry)]
    assert found == [b"a", b"b", b"b.txt", b"c", b"b/a", b"b/z"]


def test_kinds(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("file")
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "gone").mkdir()
    assert _walk(tmp_path, (b"gone",)) == [
        Excluded(Exclusion.SPECIAL_FILE),
        DirectoryEntry(b"fifo", readable=False),
        DirectoryEntry(b"file", readable=True),
        Excluded(Exclusion.EXCLUDE_OPTION),
        Excluded(Exclusion.SYMLINK),
        DirectoryEntry(b"link", readable=False),
    ]


def test_root_that_vanished(tmp_path: Path) -> None:
    root = tmp_path / "gone"
    assert _walk(root) == [Skipped(str(root), "directory: No such file or directory")]


def test_broken_pointer_is_no_repository(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("gitdir: /no/such/directory\n")
    assert _walk(tmp_path) == [DirectoryEntry(b".git", readable=True)]


def test_types_that_cannot_be_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some file systems need another look at each entry, which may fail."""

    class Broken:
        name = b"odd"

        def is_dir(self, *, follow_symlinks: bool) -> bool:
            raise PermissionError(13, "Permission denied", str(follow_symlinks))

    class Listing(list[Broken]):
        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None:
            pass

    monkeypatch.setattr(os, "scandir", lambda _: Listing([Broken()]))
    assert _walk(tmp_path) == [Skipped("odd", "Permission denied")]


def test_many_links_and_no_file(tmp_path: Path) -> None:
    for number in range(50):
        (tmp_path / f"l{number}").symlink_to("x")
    assert sum(isinstance(entry, Excluded) for entry in _walk(tmp_path)) == 50
    assert not any(isinstance(entry, NestedRepository) for entry in _walk(tmp_path))


def test_special_names(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "link").symlink_to("x")
    assert special((tmp_path / "fifo").lstat().st_mode) == "FIFO"
    assert special((tmp_path / "link").lstat().st_mode) == "symbolic link"
    assert special(os.stat("/dev/null").st_mode) == "character device"
    assert special(0) == "special file"
