"""Entries of an index are those that git lists, whichever way they are read."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

from akpatrol.errors import GitError
from akpatrol.sources.git import index_entries
from akpatrol.sources.git.runner import Git
from tests.objects import git_of
from tests.repositories import Repository, damage

if TYPE_CHECKING:
    from pathlib import Path

_CHANGES: dict[str, list[tuple[str, ...]]] = {
    "plain": [],
    "version 4": [("update-index", "--index-version", "4")],
    "marked to be added": [("rm", "-q", "--cached", "a"), ("add", "--intent-to-add", "a")],
    "skipped in the work tree": [("update-index", "--skip-worktree", "a", "é\n")],
    "split": [("config", "splitIndex.maxPercentChange", "100"), ("update-index", "--split-index"), ("add", "new")],
    "sparse": [("sparse-checkout", "init", "--cone", "--sparse-index"), ("sparse-checkout", "set", "d1")],
    "without a checksum": [("config", "index.skipHash", "true"), ("add", "new")],
}


@pytest.fixture(params=["sha1", "sha256"])
def repo(tmp_path: Path, request: pytest.FixtureRequest) -> Repository:
    made = Repository(tmp_path / "repo", f"--object-format={request.param}")
    rng = Random("index")
    for name in ("a", "é\n", "d1/b", *(f"d2/{'x' * length}" for length in range(1, 12)), "d2/" + "long" * 60):
        made.write(name, rng.randbytes(9))
    made.git("add", "-A")
    made.git("commit", "-q", "-m", "all")
    made.write("new", b"x")
    return made


def listed(repo: Repository) -> list[tuple[str, bytes]]:
    lines = repo.raw("ls-files", "-s", "-z").split(b"\0")[:-1]
    return [(line.split(b" ")[1].decode(), line.partition(b"\t")[2]) for line in lines]


@pytest.mark.parametrize("change", _CHANGES)
def test_they_are_those_that_git_lists(repo: Repository, change: str) -> None:
    for arguments in _CHANGES[change]:
        repo.git(*arguments)
    assert index_entries.entries(git_of(repo), str(repo.git_dir / "index").encode()) == listed(repo)


def test_git_is_asked_for_none_of_a_usual_index(repo: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    git, expected = git_of(repo), listed(repo)
    git.object_format()
    monkeypatch.setattr(Git, "run", None)
    assert index_entries.entries(git, str(repo.git_dir / "index").encode()) == expected


def test_conflicting_versions_are_entries(repo: Repository) -> None:
    repo.git("checkout", "-q", "-b", "other")
    repo.commit_file("a", "other\n")
    repo.git("checkout", "-q", "-")
    repo.commit_file("a", "this\n")
    repo.git("merge", "-q", "other", code=1)
    found = index_entries.entries(git_of(repo), str(repo.git_dir / "index").encode())
    assert found == listed(repo)
    assert sum(entry.path == b"a" for entry in found) == 3


@pytest.mark.parametrize("cut", [4, 40, 100])
def test_one_that_is_cut_short_has_what_git_reads_of_it(repo: Repository, cut: int) -> None:
    file = repo.git_dir / "index"
    damage(file, file.read_bytes()[:-cut])
    assert index_entries.entries(git_of(repo), str(file).encode()) == listed(repo)


def test_no_index_at_all_is_for_git_to_refuse(repo: Repository) -> None:
    file = repo.git_dir / "index"
    damage(file, b"DIRC" + bytes(40))
    with pytest.raises(GitError):
        index_entries.entries(git_of(repo), str(file).encode())
