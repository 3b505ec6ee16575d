"""``staged`` as git runs it: with a temporary index, in linked work trees and submodules, through a real hook."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.repositories import Repository

if TYPE_CHECKING:
    from pathlib import Path


def install(git_dir: Path, arguments: str = "") -> None:
    """Write a pre-commit hook."""
    hook = git_dir / "hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m akpatrol staged {arguments}\n')
    hook.chmod(0o755)


@pytest.fixture
def hooked(repo: Repository) -> Repository:
    """A repository with one commit and the hook."""
    repo.commit_file("clean", "x\n")
    repo.commit_file("a", "x\n")
    install(repo.git_dir)
    return repo


def test_commit_is_stopped(hooked: Repository, key: str) -> None:
    head = hooked.id("HEAD")
    hooked.write("a", key)
    hooked.git("add", "a")
    hooked.git("commit", "-m", "x", code=1)
    assert hooked.id("HEAD") == head
    hooked.write("a", "y\n")
    hooked.git("add", "a")
    hooked.git("commit", "-q", "-m", "x")
    assert hooked.id("HEAD") != head


def test_commit_all(hooked: Repository, key: str) -> None:
    hooked.write("a", key)
    hooked.git("commit", "-am", "x", code=1)
    hooked.write("a", "y\n")
    hooked.git("commit", "-q", "-am", "x")


def test_commit_of_a_path_reads_the_temporary_index(hooked: Repository, key: str) -> None:
    hooked.write("a", key)
    hooked.git("commit", "-m", "x", "a", code=1)
    hooked.write("clean", "y\n")
    hooked.git("add", "a")
    hooked.git("commit", "-q", "-m", "x", "clean")
    assert hooked.git("show", "HEAD:a") == "x"
    hooked.git("commit", "-m", "x", code=1)


def test_commit_from_a_subdirectory(hooked: Repository, key: str) -> None:
    hooked.write("sub/b", key)
    hooked.git("add", "-A")
    hooked.git("commit", "-m", "x", code=1, cwd=hooked.path / "sub")
    hooked.write("sub/b", "x")
    hooked.git("add", "-A")
    hooked.git("commit", "-q", "-m", "x", ".", cwd=hooked.path / "sub")


def test_first_commit_and_amend(repo: Repository, key: str) -> None:
    install(repo.git_dir)
    repo.write("a", key)
    repo.git("add", "a")
    repo.git("commit", "-m", "x", code=1)
    repo.write("a", "x")
    repo.git("add", "a")
    repo.git("commit", "-q", "-m", "x")
    repo.write("a", key)
    repo.git("commit", "-a", "--amend", "-m", "x", code=1)


def test_linked_work_tree(hooked: Repository, tmp_path: Path, key: str) -> None:
    linked = tmp_path / "linked"
    hooked.git("worktree", "add", "-q", str(linked))
    (linked / "a").write_text(key)
    hooked.git("commit", "-am", "x", code=1, cwd=linked)
    hooked.git("commit", "-m", "x", "a", code=1, cwd=linked)
    (linked / "a").write_text("y\n")
    hooked.git("commit", "-q", "-am", "x", cwd=linked)


def test_inside_a_submodule(hooked: Repository, tmp_path: Path, key: str) -> None:
    library = Repository(tmp_path / "library")
    library.commit_file("lib", "x\n")
    hooked.git("submodule", "--quiet", "add", f"file://{library.path}", "vendor")
    hooked.git("commit", "-q", "-m", "Add it")
    install(hooked.git_dir / "modules/vendor")
    inside = hooked.path / "vendor"
    (inside / "lib").write_text(key)
    hooked.git("commit", "-am", "x", code=1, cwd=inside)
    (inside / "lib").write_text("y\n")
    hooked.git("commit", "-q", "-am", "x", cwd=inside)


def test_separate_git_directory(tmp_path: Path, key: str) -> None:
    repo = Repository(tmp_path / "work", f"--separate-git-dir={tmp_path / 'elsewhere'}")
    install(tmp_path / "elsewhere")
    repo.write("a", key)
    repo.git("add", "a")
    repo.git("commit", "-m", "x", code=1)
    work = tmp_path / "other work"
    work.mkdir()
    (work / "b").write_text(key)
    outside = {"GIT_DIR": str(tmp_path / "elsewhere"), "GIT_WORK_TREE": str(work)}
    repo.git("rm", "-q", "--cached", "a")
    repo.git("add", "b", cwd=work, variables=outside)
    repo.git("commit", "-m", "x", code=1, cwd=work, variables=outside)


def test_merge_commit(hooked: Repository, key: str) -> None:
    hooked.git("checkout", "-q", "-b", "side")
    hooked.commit_file("s", key)
    hooked.git("checkout", "-q", "main")
    hooked.commit_file("m", "x")
    hooked.git("merge", "-q", "--no-commit", "side")
    hooked.git("commit", "-m", "x", code=1)
