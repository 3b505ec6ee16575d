"""A target's looks: the same while nothing happens to it, another after whatever could change what is found."""

from __future__ import annotations

from time import time_ns
from typing import TYPE_CHECKING

import pytest

from akpatrol.model.scan import Target
from akpatrol.sweep.signature import look

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.repositories import Repository


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Return what lets two seconds pass."""
    later = 0

    def pass_() -> None:
        nonlocal later
        later += 3_000_000_000
        monkeypatch.setattr("akpatrol.sweep.signature.time_ns", lambda: time_ns() + later)

    return pass_


def test_a_directory_that_just_changed_has_none(tmp_path: Path, settled: Callable[[], None]) -> None:
    (tmp_path / "file").write_text("words")
    target = Target("0", "directory", str(tmp_path))
    assert look(target).signature is None
    settled()
    assert look(target).signature


@pytest.mark.parametrize(
    "change",
    [
        lambda root: (root / "new").write_text(""),
        lambda root: (root / "a" / "file").write_text("other"),
        lambda root: (root / "a" / "file").unlink(),
        lambda root: (root / "a" / "file").rename(root / "a" / "elif"),
        lambda root: (root / "a" / "empty").mkdir(),
        lambda root: (root / "link").symlink_to("a/file"),
        lambda root: (root / "a" / "file").chmod(0o600),
    ],
    ids=["new file", "content", "gone", "renamed", "new directory", "link", "mode"],
)
def test_directory(tmp_path: Path, settled: Callable[[], None], change: Callable[[Path], None]) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "file").write_text("words")
    target = Target("0", "directory", str(tmp_path))
    settled()
    before = look(target)
    assert before == look(target)
    change(tmp_path)
    settled()
    assert look(target).signature not in (None, before.signature)


def test_repository(repo: Repository, settled: Callable[[], None]) -> None:
    repo.write("file", "words")
    repo.commit("first")
    history = Target("0", "repository", str(repo.path))
    files = Target("0", "directory", str(repo.path))
    settled()
    before, tree = look(history), look(files)
    assert look(history) == before
    repo.git("branch", "other")
    settled()
    assert look(history).signature not in (None, before.signature)
    assert look(files) == tree  # what a git directory holds is the history's


def test_borrowed_objects(repo: Repository, tmp_path: Path, settled: Callable[[], None]) -> None:
    repo.write("file", "words")
    repo.commit("first")
    borrower = tmp_path / "borrower"
    repo.git("clone", "--bare", "--shared", "--quiet", str(repo.path), str(borrower))
    target = Target("0", "repository", str(borrower))
    settled()
    before = look(target).signature
    repo.write("file", "more words")
    repo.commit("second")
    settled()
    assert look(target).signature not in (None, before)


def test_what_is_not_there_has_none(tmp_path: Path) -> None:
    for kind in ("file", "directory", "repository"):
        assert look(Target("0", kind, str(tmp_path / "nowhere"))).signature is None
