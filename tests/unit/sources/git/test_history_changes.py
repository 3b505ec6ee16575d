"""One walk beside the scan says what ``diff-tree`` says of each commit, and which paths the commits add."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from akpatrol.errors import GitError
from akpatrol.model.scan import Skipped
from akpatrol.sources.git import describe, diff_tree, history_changes, revisions
from akpatrol.sources.git.diff_tree import WantedChanges
from akpatrol.sources.git.history import HistorySource
from akpatrol.sources.git.history_changes import HistoryChanges
from tests.objects import git_of

if TYPE_CHECKING:
    from akpatrol.sources.git.runner import Git
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


@pytest.mark.parametrize("setting", ["", "diff.orderFile=order", "diff.ignoreSubmodules=all", "diff.relative=true"])
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
    assert list(changes.of([], None) or ()) == []


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


def test_what_could_not_be_read_to_its_end_is_an_error(branched: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_parts: object) -> list[str]:
        raise MemoryError

    monkeypatch.setattr(diff_tree, "walked", broken)
    monkeypatch.setattr("threading.excepthook", lambda _: None)
    with pytest.raises(GitError, match="could not be read"):
        HistoryChanges(git_of(branched)).added_paths()


def test_git_compares_nothing_again(branched: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    git = git_of(branched)
    commits = list(revisions.commits(git, revisions.EVERYTHING))
    expected = list(revisions.changes(git, commits))
    changes = HistoryChanges(git)
    monkeypatch.delattr(diff_tree, "compare")
    assert list(revisions.changes(git, commits, None, changes.of)) == expected
