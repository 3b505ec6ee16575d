"""The one place where git is run."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from akpatrol.errors import GitError, UsageError
from akpatrol.sources.git import repository
from akpatrol.sources.git.runner import Git
from akpatrol.sources.git.stream import first_line

if TYPE_CHECKING:
    from pathlib import Path

    from tests.repositories import Repository


@pytest.fixture
def git(repo: Repository) -> Git:
    repo.commit_file("a", "x\n")
    found = repository.find(os.fsencode(repo.path))
    assert found
    return Git(found)


def fake(monkeypatch: pytest.MonkeyPatch, directory: Path, script: str) -> None:
    """Put another git first on PATH."""
    directory.mkdir()
    (directory / "git").write_text(f"#!/bin/sh\n{script}\n")
    (directory / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{directory}:{os.environ['PATH']}")


def test_answers_and_failures(git: Git) -> None:
    assert git.run("rev-parse", "--is-bare-repository") == b"false\n"
    assert git.run("hash-object", "--stdin", stdin=b"x\n") == git.run("rev-parse", "HEAD:a")
    with pytest.raises(GitError, match="bad revision"):
        git.run("rev-list", "none", "--")
    assert git.run("rev-parse", "--verify", "--quiet", "none", accept=(1,)) == b""


def test_git_is_asked_once_for_the_hash(git: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    assert git.object_format() == b"sha1"
    monkeypatch.setattr(Git, "run", None)
    assert git.object_format() == b"sha1"


def test_stream(git: Git) -> None:
    with git.stream("ls-files", "-z") as stream:
        assert list(stream.parts()) == [b"a"]
        stream.finish()
    with git.stream("rev-list", "none", "--") as stream:
        assert stream.read() == b""
        with pytest.raises(GitError, match="bad revision"):
            stream.finish()


def test_input_that_git_does_not_want(git: Git) -> None:
    with git.stream("rev-parse", "HEAD", stdin=(b"x" * 1000 for _ in range(100_000))) as stream:
        assert len(stream.readline()) == 41
        stream.finish()


def test_reading_more_than_memory_holds_gives_what_there_is(git: Git) -> None:
    """A damaged object's declared size reaches the reader as it is."""
    with git.stream("ls-files", "-z") as stream:
        assert stream.read(1 << 62) == b"a\0"
        stream.finish()


def test_deadline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, git: Git) -> None:
    fake(monkeypatch, tmp_path / "bin", "exec sleep 60")
    slow = Git(git.repository)
    with pytest.raises(GitError, match="did not answer"):
        slow.run("x", deadline=0.2)


def test_silence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, git: Git) -> None:
    fake(monkeypatch, tmp_path / "bin", "echo first; exec sleep 60")
    monkeypatch.setattr("akpatrol.sources.git.stream._SILENCE_SECONDS", 0.2)
    with Git(git.repository).stream("x") as stream:
        assert stream.readline() == b"first\n"
        assert stream.readline() == b""
        with pytest.raises(GitError, match="silent"):
            stream.finish()


def test_many_complaints_fill_no_memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, git: Git) -> None:
    fake(monkeypatch, tmp_path / "bin", "yes 'error: no' | head -c 3000000 >&2; echo done; exit 3")
    with Git(git.repository).stream("x") as stream:
        assert stream.readline() == b"done\n"
        with pytest.raises(GitError, match="no"):
            stream.finish()
        assert stream.errors() in {("no",), ("no", "n"), ("no", "")}


def test_without_git(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, git: Git) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="git was not found"):
        Git(git.repository).run("x")


def test_git_that_cannot_be_started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, git: Git) -> None:
    """What is missing is named; it is not git."""
    with pytest.raises(GitError, match=f"{tmp_path}/gone: No such file"):
        git.run("rev-parse", "HEAD", cwd=os.fsencode(tmp_path / "gone"))
    with monkeypatch.context() as patch:
        patch.setattr(os, "devnull", f"{tmp_path}/null")
        with pytest.raises(GitError, match=f"{tmp_path}/null: No such file"), git.stream("ls-files"):
            pass
    program = tmp_path / "bin/git"
    program.parent.mkdir()
    program.write_text("#!/none\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    with pytest.raises(UsageError, match=f"{program} cannot be run"):
        Git(git.repository).run("x")
    program.chmod(0o644)
    with pytest.raises(GitError, match="Permission denied"):
        Git(git.repository).run("x")


@pytest.mark.parametrize(
    ("complaint", "line"),
    [
        (b"", ""),
        (b"error: a\nfatal: b\n", "b"),
        (b"warning: a\nerror: b\n", "b"),
        (b"caf\xe9\n", "caf\\xe9"),
        (b"\nx\n", "x"),
        (b"fatal: unknown extensions found:\n\ta\n\tb\nfatal: c\n", "unknown extensions found: a, b"),
        (b"fatal: a:\nb\n", "a:"),
    ],
)
def test_first_line(complaint: bytes, line: str) -> None:
    assert first_line(complaint) == line
