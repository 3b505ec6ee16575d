"""``-C DIR`` before and behind the command, alone and in a hook, where git's own variables name another place."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING

import pytest

from akpatrol.main import main
from tests.program import inside
from tests.repositories import Repository

if TYPE_CHECKING:
    from pathlib import Path


def test_before_the_command(repo: Repository, key: str) -> None:
    repo.write("sub/leak", key)
    repo.git("add", "-A")
    for words in (
        ("-C", repo.path, "staged"),
        ("-C", repo.path / "sub", "staged", "leak"),
        ("-C", repo.path, "staged", "-C", "sub", "leak"),
        ("--repo", repo.path, "scan", "sub"),
        (f"-C{repo.path}", "commit-msg", "sub/leak"),
    ):
        assert inside(*words).code == 1, words
    repo.commit("A leak")
    assert inside("-C", repo.path, "history").code == 1
    assert inside("-C", repo.path / "none", "staged").code == 2
    assert inside("-C", repo.path.parent, "staged").code == 2


def test_another_option_before_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    for option, command in (("-q", "staged"), ("--format", "history"), ("--exclude", "scan")):
        assert main([option, command]) == 2
        told = capsys.readouterr().err
        assert f"{option} belongs after the command" in told
        assert f"akpatrol {command} {option}" in told
    assert main(["--none"]) == 2
    assert "No such option" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        "akpatrol staged -C sub",
        "akpatrol -C sub staged",
        "cd sub && akpatrol staged",
        "cd sub && akpatrol -C .. staged",
        "cd /; akpatrol staged -C {top}",
    ],
)
def test_in_a_hook(repo: Repository, key: str, words: str) -> None:
    """git gives its hooks a relative index, which is one of the work tree's top."""
    repo.commit_file("sub/a", "x")
    install(repo, words)
    repo.git("commit", "-q", "--allow-empty", "-m", "Clean")
    repo.write("leak", key)
    repo.git("add", "-A")
    repo.git("commit", "-m", "x", code=1)
    repo.git("commit", "-m", "x", "leak", code=1)
    repo.git("commit", "-m", "x", code=1, cwd=repo.path / "sub")
    repo.git("commit", "-m", "x", code=1, variables={"GIT_DIR": ".git"})


@pytest.mark.slow
def test_another_repository_in_a_hook(repo: Repository, tmp_path: Path, key: str) -> None:
    library = Repository(tmp_path / "library")
    library.commit_file("a", "x")
    repo.git("submodule", "--quiet", "add", f"file://{library.path}", "vendor")
    repo.commit_file("a", "x")
    install(repo, "akpatrol staged -C vendor")
    (repo.path / "vendor/leak").write_text(key)
    repo.git("add", "leak", cwd=repo.path / "vendor")
    repo.write("a", "y")
    repo.git("add", "a")
    for arguments in (("-m", "x"), ("-m", "x", "a")):
        for variables in ({}, {"GIT_DIR": str(repo.git_dir), "GIT_WORK_TREE": str(repo.path)}):
            repo.git("commit", *arguments, code=1, variables=variables)
    install(repo, "cd vendor && akpatrol staged")
    repo.git("commit", "-m", "x", code=1)
    repo.git("reset", "-q", "--hard", cwd=repo.path / "vendor")
    install(repo, "akpatrol staged -C vendor")
    repo.git("commit", "-q", "-m", "x")


def install(repo: Repository, words: str) -> None:
    """Write a pre-commit hook."""
    hook = repo.git_dir / "hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    program = f"{shlex.quote(sys.executable)} -m akpatrol"
    hook.write_text("#!/bin/sh\n" + words.replace("akpatrol", program).replace("{top}", str(repo.path)) + "\n")
    hook.chmod(0o755)
