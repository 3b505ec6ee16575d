"""One walk beside the scan says what ``diff-tree`` says of each commit, and which paths the commits add."""

from __future__ import annotations

import os
from threading import Event
from typing import TYPE_CHECKING

import pytest

from akpatrol.errors import GitError
from akpatrol.model.scan import Skipped
from akpatrol.sources.git import describe, diff_tree, history_changes, revisions
from akpatrol.sources.git.diff_tree import WantedChanges
from akpatrol.sources.git.history import HistorySource
from akpatrol.sources.git.history_changes import HistoryChanges
from akpatrol.sources.git.history_walk import HistoryWalk
from akpatrol.sources.git.runner import Git
from akpatrol.sources.git.stream import Stream
from tests.objects import git_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.repositories import Repository

_ODD = "odd\n:100644 100644 0 0 A"


@pytest.fixture
def branched(repo: Repository) -> Repository:
    """A history with merges, a rename, a submodule, odd names, and a commit that only a reflog reaches."""
    first = repo.commit_file("first", "one\n")
    repo.git("checkout", "-q", "-b", "side")
    repo.commit_file("d/renamed", "two\n")
    repo.git("mv", "first", "second")
    repo.git("commit", "-q", "-m", "rename")
    repo.git("checkout", "-q", "main")
    repo.commit_file(_ODD, "three\n")
    repo.git("merge", "-q", "--no-ff", "--no-commit", "side")
    repo.write("made by the merge", "four\n")
    repo.git("add", "-A")
    repo.git("commit", "-q", "-m", "merge")
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{first},linked")
    repo.git("commit", "-q", "-m", "submodule")
    repo.commit_file("lost", "five\n")
    repo.git("reset", "-q", "--hard", "HEAD~1")
    return repo


def _ids(git: Git) -> list[str]:
    return [commit.id for commit in revisions.commits(git, revisions.EVERYTHING)]


@pytest.mark.parametrize(
    "setting",
    ["", "diff.orderFile=order", "diff.ignoreSubmodules=all", "submodule.linked.ignore=all", "diff.relative=true"],
)
def test_changes_are_those_of_each_commit_compared_alone(branched: Repository, setting: str) -> None:
    if setting:
        (branched.path / "order").write_text("second\nd/*\n")
        branched.git("config", *setting.split("="))
    git = git_of(branched)
    ids = _ids(git)
    expected = list(diff_tree.compare(git_of(branched), ids))
    printed = HistoryChanges(git).of(ids, None)
    assert printed is not None
    assert list(printed) == expected
    assert len(expected) >= 7


def test_only_wanted_changes_are_parsed(branched: Repository) -> None:
    git = git_of(branched)
    wanted = WantedChanges(frozenset({branched.id("main:second").encode()}))
    assert list(HistoryChanges(git).of(_ids(git), wanted) or ()) == list(diff_tree.compare(git, _ids(git), wanted))


def test_added_paths_are_those_that_no_parent_has(branched: Repository) -> None:
    git = git_of(branched)
    every = [change for compared in diff_tree.compare(git, _ids(git)) for change in compared.changes]
    added = {change.path for change in every if change.adds_path and not change.link}
    paths = HistoryChanges(git).added_paths()
    assert sorted(paths) == sorted(added)
    assert {os.fsencode(_ODD), b"second", b"made by the merge", b"lost"} <= added
    assert b"linked" not in added


def test_an_empty_repository_adds_nothing(repo: Repository) -> None:
    changes = HistoryChanges(git_of(repo))
    assert changes.added_paths() == ()
    printed = changes.of([], None)
    assert printed is not None
    assert list(printed) == []


def test_other_commits_have_to_be_compared(branched: Repository) -> None:
    git = git_of(branched)
    changes, ids = HistoryChanges(git), _ids(git)
    assert changes.of(ids[1:], None) is None
    assert changes.of(ids[::-1], None) is None


def test_paths_are_known_where_there_was_too_much_to_keep(
    branched: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history_changes, "_MOST_BYTES", 100)
    git = git_of(branched)
    changes = HistoryChanges(git)
    assert changes.of(_ids(git), None) is None
    assert b"second" in changes.added_paths()


def test_a_missing_directory_is_an_error_and_a_skip_of_the_source(branched: Repository) -> None:
    branched.loose(branched.id("main:d")).unlink()
    git = git_of(branched)
    changes = HistoryChanges(git)
    with pytest.raises(GitError, match="unable to read tree"):
        changes.added_paths()
    assert changes.of(_ids(git), None) is None
    source = HistorySource(git, describe.target(git))
    source.list_paths()
    assert [skip.item for skip in source.plan() if isinstance(skip, Skipped)] == ["paths of the history"]


def test_a_damaged_list_of_submodules_is_not_read(branched: Repository) -> None:
    expected = HistoryChanges(git_of(branched)).added_paths()
    branched.write(".gitmodules", '[submodule "linked"\n bad')
    git = git_of(branched)
    assert HistoryChanges(git).added_paths() == expected
    assert len(list(diff_tree.compare(git, _ids(git)))) == len(_ids(git))


@pytest.mark.parametrize("name", [".gitmodules", ".mailmap"])
def test_a_pipe_in_the_work_tree_keeps_nobody_waiting(branched: Repository, name: str) -> None:
    os.mkfifo(branched.path / name)
    assert b"second" in HistoryChanges(git_of(branched)).added_paths()


def test_who_cannot_read_on_ends_git(branched: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(parts: Iterator[bytes]) -> Iterator[bytes]:
        yield next(parts)
        raise MemoryError

    for number in range(40):
        (branched.path / f"{number:0250}").touch()
    for number in range(20):  # more than a pipe holds
        branched.git("add", "-A")
        branched.git("commit", "-q", "-m", "names")
        branched.git("rm", "-q", "-r", "--cached", ".")
        branched.git("commit", "-q", "-m", f"none {number}")
    monkeypatch.setattr(diff_tree, "walked", broken)
    monkeypatch.setattr("threading.excepthook", lambda _: None)
    with pytest.raises(GitError, match="could not be read"):
        HistoryChanges(git_of(branched)).added_paths()


def test_git_has_its_time(branched: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    killed, kill = Event(), Stream.kill

    def noted(stream: Stream) -> None:
        killed.set()
        kill(stream)

    monkeypatch.setattr(Stream, "kill", noted)
    monkeypatch.setattr(diff_tree, "walked", lambda _: iter(killed.wait, True))
    monkeypatch.setattr(history_changes, "_SECONDS", 0.05)
    changes = HistoryChanges(git_of(branched))
    for _ in range(2):
        with pytest.raises(GitError, match="did not answer"):
            changes.added_paths()


def test_paths_are_not_held_without_limit(branched: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history_changes, "_MOST_PATHS_BYTES", 20)
    with pytest.raises(GitError, match="more than there is memory for"):
        HistoryChanges(git_of(branched)).added_paths()


def test_why_git_did_not_start_is_said(repo: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise GitError("cannot isolate git")

    monkeypatch.setattr(Git, "stream", refused)
    git = git_of(repo)
    with pytest.raises(GitError, match="cannot isolate git"):
        HistoryChanges(git).added_paths()
    with pytest.raises(GitError, match="cannot isolate git"):
        HistoryWalk(git).missing()


def test_git_compares_nothing_again(branched: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    git = git_of(branched)
    commits = list(revisions.commits(git, revisions.EVERYTHING))
    expected = list(revisions.changes(git, commits))
    changes = HistoryChanges(git)
    monkeypatch.delattr(diff_tree, "compare")
    assert list(revisions.changes(git, commits, None, changes.of)) == expected
