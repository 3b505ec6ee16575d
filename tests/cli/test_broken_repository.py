"""A repository that is broken is not taken for the one that lies round it, and what git cannot read is named."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.repositories import Repository

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Run


def _pointer(sub: Path) -> None:
    (sub / ".git").write_text("gitdir: ../gone/.git/modules/sub\n")


def _submodule(sub: Path) -> None:
    library = Repository(sub.parent.parent / "library")
    library.commit_file("a", "x")
    Repository(sub.parent).git("submodule", "--quiet", "add", f"file://{library.path}", "sub")
    shutil.rmtree(sub.parent / ".git/modules")


def _linked(sub: Path) -> None:
    main = Repository(sub.parent.parent / "main")
    main.commit_file("a", "x")
    main.git("worktree", "add", "-q", str(sub))
    main.path.rename(main.path.with_name("moved"))


def _garbage(sub: Path) -> None:
    (sub / ".git").write_text("nothing\n")


def _no_git_directory(sub: Path) -> None:
    (sub / ".git").write_text("gitdir: ..\n")


def _dangling(sub: Path) -> None:
    (sub / ".git").symlink_to("nowhere")


def _fifo(sub: Path) -> None:
    os.mkfifo(sub / ".git")


def _damaged(sub: Path) -> None:
    (Repository(sub).git_dir / "HEAD").unlink()


def _without_common(sub: Path) -> None:
    (Repository(sub).git_dir / "commondir").write_text("../gone")


@pytest.mark.parametrize(
    ("break_", "cause"),
    [
        (_pointer, "gone/.git/modules/sub, which does not exist"),
        (_submodule, "git submodule update --init"),
        (_linked, "git worktree repair"),
        (_garbage, "does not begin with gitdir:"),
        (_no_git_directory, "is not a git directory"),
        (_dangling, "a link to nothing"),
        (_fifo, "neither a directory nor a file"),
        (_damaged, ": damaged: no HEAD"),
        (_without_common, "its commondir points to nothing"),
    ],
)
def test_a_broken_repository_is_not_the_outer_one(
    run: Run, repo: Repository, key: str, break_: Callable[[Path], None], cause: str
) -> None:
    repo.commit_file("outer", "x")
    sub = repo.path / "sub"
    if break_ not in (_submodule, _linked):
        sub.mkdir()
    break_(sub)
    (sub / "deep").mkdir()
    (sub / "deep/leak").write_text(key)
    for words in (("history", sub), ("history", sub / "deep"), ("staged", "-C", sub), ("scan", "--tracked", sub)):
        result = run(*words, cwd=repo.path)
        assert (result.code, cause in result.err, result.out) == (2, True, ""), (words, result.err)
    assert run("scan", sub, cwd=repo.path).one(key)["path"] == "deep/leak"
    assert run("scan", sub / "deep/leak", cwd=repo.path).code == 1
    assert run("history", ".", cwd=repo.path).code in (0, 3), "the outer one is read all the same"


def test_an_empty_directory_called_git(run: Run, repo: Repository) -> None:
    """It is nothing to git either."""
    repo.commit_file("sub/a", "x")
    (repo.path / "sub/.git").mkdir()
    assert run("history", "sub", cwd=repo.path).code == 0


def test_an_extension_that_git_does_not_know_is_named(run: Run, repo: Repository) -> None:
    repo.commit_file("a", "x")
    repo.git("config", "core.repositoryformatversion", "1")
    repo.git("config", "extensions.newest", "true")
    result = run("history", ".", cwd=repo.path)
    assert (result.code, "extension found: newest" in result.err) == (2, True)
    for words in (("staged",), ("scan", "--tracked", ".")):
        result = run(*words, cwd=repo.path)
        assert (result.code, "extension found: newest" in result.skipped[0]["reason"]) == (3, True)
