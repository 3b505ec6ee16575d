"""A commit's files, and which commit a range starts from."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from akpatrol.errors import UsageError
from akpatrol.sources.git import range_base, repository
from akpatrol.sources.git.committed import CommittedFiles
from akpatrol.sources.git.runner import Git

if TYPE_CHECKING:
    from tests.repositories import Repository


def _git(repo: Repository) -> Git:
    found = repository.find(os.fsencode(repo.path))
    assert found
    return Git(found)


@pytest.fixture
def files(repo: Repository) -> CommittedFiles:
    repo.write("a/b/c.toml", "deep\n")
    repo.write("a:(top)*", "magic\n")
    (repo.path / "link").symlink_to("a/b/c.toml")
    (repo.path / "linked").symlink_to("a")
    commit = repo.commit_file("top", b"\xff\n")
    repo.write("top", "changed since\n")
    return CommittedFiles(_git(repo), commit, str(repo.path))


def test_reading(files: CommittedFiles, repo: Repository) -> None:
    assert files.read(str(repo.path / "top"), 10) == b"\xff\n"
    assert files.read(str(repo.path / "a" / ".." / "a" / "b" / "c.toml"), 10) == b"deep\n"
    assert files.read(str(repo.path / "a:(top)*"), 10) == b"magic\n"
    assert files.name(str(repo.path / "a" / "b" / "c.toml")) == f"{repo.id('HEAD')[:12]}:a/b/c.toml"
    assert files.listing(str(repo.path / "a" / "b")) == ["c.toml"]
    assert "top" in (files.listing(str(repo.path)) or [])


@pytest.mark.parametrize(
    ("path", "is_file", "words"),
    [
        ("missing", False, "no such file"),
        ("a/missing/x", False, "no such file"),
        ("a", False, "not a regular file"),
        ("link", True, "symbolic link"),
        ("linked/b/c.toml", False, "no such file"),
        ("../outside", False, "outside the scanned tree"),
        ("/etc/passwd", False, "outside the scanned tree"),
        ("a\0b", False, "outside the scanned tree"),
        (".", False, "no such file"),
    ],
)
def test_what_is_not_read(files: CommittedFiles, repo: Repository, path: str, is_file: bool, words: str) -> None:
    full = os.path.join(repo.path, path)
    assert files.is_file(full) is is_file
    with pytest.raises(UsageError, match=words):
        files.read(full, 10)
    assert files.listing(full) is None or path in ("a", ".")


def test_too_long(files: CommittedFiles, repo: Repository) -> None:
    with pytest.raises(UsageError, match="longer than"):
        files.read(str(repo.path / "top"), 1)


@pytest.fixture
def graph(repo: Repository) -> dict[str, str]:
    """main: a - b - d; topic, from b: c."""
    found = {"a": repo.commit_file("a", "a"), "b": repo.commit_file("b", "b")}
    repo.git("checkout", "-q", "-b", "topic")
    found["c"] = repo.commit_file("c", "c")
    repo.git("checkout", "-q", "main")
    found["d"] = repo.commit_file("d", "d")
    return found


@pytest.mark.parametrize(
    ("revisions", "default", "wanted"),
    [
        ("c --not d", "", "d"),
        ("c --not b", "", "b"),
        ("c --not a b", "", "b"),
        ("c --not b a b", "", "b"),
        ("c --not d c", "d", "b"),
        ("c --not d c", "", None),
        ("c --not --remotes", "d", "b"),
        ("c", "d", "b"),
        ("d", "d", "d"),
        ("c", "", None),
        ("--branches --not --remotes", "d", None),
    ],
)
def test_base(repo: Repository, graph: dict[str, str], revisions: str, default: str, wanted: str | None) -> None:
    if default:
        repo.git("update-ref", "refs/remotes/origin/main", graph[default])
    found = range_base.commit(_git(repo), [graph.get(word, word) for word in revisions.split()])
    assert found == (graph[wanted] if wanted else None)


def test_contents_with(repo: Repository) -> None:
    repo.write("-odd: name\n", "before TEXT.* after")
    repo.write("binary", b"\0\0TEXT.*\0")
    repo.write("other", "TEXTxx")
    repo.write(".gitattributes", "* diff=lfs -text\n")
    commit = repo.commit()
    git = _git(repo)
    assert sorted(range_base.contents_with(git, commit, b"TEXT.*")) == [b"\0\0TEXT.*\0", b"before TEXT.* after"]
    for nothing in (b"", b"two\nlines", b"missing"):
        assert list(range_base.contents_with(git, commit, nothing)) == []
    assert list(range_base.contents_with(git, "0" * 40, b"TEXT")) == []
