"""git's walk beside the scan: its commits are those of a walk alone, and it says which objects are missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from akpatrol.errors import GitError
from akpatrol.sources.git import graph, history_walk, revisions
from akpatrol.sources.git.history_walk import HistoryWalk
from tests.objects import git_of

if TYPE_CHECKING:
    from tests.repositories import Repository


def _missing(walk: HistoryWalk) -> list[str] | None:
    lines = walk.missing()
    return None if lines is None else [line[1:].decode().strip() for line in lines]


@pytest.fixture
def branched(repo: Repository) -> Repository:
    """A history with a merge, a tag of a tag, a stash, and a commit that only a reflog reaches."""
    first = repo.commit_file("f", "one\n")
    repo.git("checkout", "-q", "-b", "side")
    repo.commit_file("d/g", "two\n")
    repo.git("checkout", "-q", "main")
    repo.commit_file("h", "three\n")
    repo.git("merge", "-q", "--no-edit", "side")
    repo.git("tag", "-a", "-m", "inner", "inner", first)
    repo.git("tag", "-a", "-m", "outer", "outer", "inner")
    repo.commit_file("lost", "four\n")
    repo.git("reset", "-q", "--hard", "HEAD~1")
    repo.write("f", "changed\n")
    repo.git("stash")
    return repo


def test_its_commits_are_those_of_a_walk_alone(branched: Repository) -> None:
    git = git_of(branched)
    alone = list(revisions.commits(git, revisions.EVERYTHING))
    walk = HistoryWalk(git)
    assert walk.commits() == alone
    assert _missing(walk) == []
    assert len(alone) >= 7


def test_an_empty_repository_has_no_commits(repo: Repository) -> None:
    walk = HistoryWalk(git_of(repo))
    assert (walk.commits(), _missing(walk)) == ([], [])


def test_missing_files_and_directories_are_named_and_the_commits_are_there(branched: Repository) -> None:
    lost = {branched.id(name) for name in ("main:f", "main:d")}
    for id_ in lost:
        branched.loose(id_).unlink()
    git = git_of(branched)
    walk = HistoryWalk(git)
    assert walk.commits() == list(revisions.commits(git, revisions.EVERYTHING))
    assert {*(_missing(walk) or ())} == lost


def test_a_missing_commit_is_an_error(branched: Repository) -> None:
    branched.loose(branched.id("main~1")).unlink()
    walk = HistoryWalk(git_of(branched))
    with pytest.raises(GitError):
        walk.commits()
    with pytest.raises(GitError):
        walk.missing()


def test_too_many_commits_to_keep_are_walked_again(branched: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history_walk, "_MOST_BYTES", 100)
    git = git_of(branched)
    walk = HistoryWalk(git)
    assert walk.commits() == list(revisions.commits(git, revisions.EVERYTHING))
    assert _missing(walk) == []


def test_blocks_may_end_anywhere(branched: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    lost = branched.id("main:f")
    branched.loose(lost).unlink()
    git = git_of(branched)
    alone = list(revisions.commits(git, revisions.EVERYTHING))
    for size in (1, 39, 41, 64):
        monkeypatch.setattr(history_walk, "_BLOCK_BYTES", size)
        walk = HistoryWalk(git)
        assert walk.commits() == alone
        assert _missing(walk) == [lost]


def test_a_walk_that_was_given_up_is_done_again_without_git(branched: Repository) -> None:
    git = git_of(branched)
    alone = {commit.id for commit in revisions.commits(git, revisions.EVERYTHING)}
    walk = HistoryWalk(git)
    graph.mark_slow(git)
    assert {commit.id for commit in walk.commits()} == alone
    assert walk.missing() is None
