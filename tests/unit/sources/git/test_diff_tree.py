"""Changes as git prints them: of one git and of two at once, all of them and only the wanted ones."""

from __future__ import annotations

import re
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from akpatrol.errors import GitError
from akpatrol.sources.git import diff_tree
from akpatrol.sources.git.diff_tree import WantedChanges
from tests.objects import git_of

if TYPE_CHECKING:
    from tests.repositories import Repository


@pytest.fixture
def history(repo: Repository) -> list[str]:
    """Twelve commits, children first; each edits one of four files, one adds ``wanted.txt``."""
    commits = []
    for number in range(12):
        name = "wanted.txt" if number == 7 else f"file{number % 4}.txt"
        commits.append(repo.commit_file(name, f"content {number}\n"))
    return commits[::-1]


def test_two_gits_say_what_one_says(repo: Repository, history: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    alone = list(diff_tree.compare(git_of(repo), history))
    assert [compared.id for compared in alone] == history
    assert [compared.done for compared in alone] == list(range(1, 13))
    assert all(compared.number == len(compared.changes) == 1 for compared in alone)
    for many in (1, 5, 11, 12):
        monkeypatch.setattr(diff_tree, "_MANY", many)
        assert list(diff_tree.compare(git_of(repo), history)) == alone


@pytest.mark.parametrize("at", [0, 5, 6, 11])
def test_a_missing_commit_in_either_half_is_left_out_and_the_others_keep_their_number(
    repo: Repository, history: list[str], monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    monkeypatch.setattr(diff_tree, "_MANY", 1)
    ids = [*history[:at], "ab" * 20, *history[at:]]
    compared = list(diff_tree.compare(git_of(repo), ids))
    assert [item.id for item in compared] == history
    assert [ids[item.done - 1] for item in compared] == history


def test_only_commits_with_a_wanted_change_have_changes(repo: Repository, history: list[str]) -> None:
    every = {compared.id: compared for compared in diff_tree.compare(git_of(repo), history)}
    (change,) = every[history[-2]].changes
    added = WantedChanges(frozenset({change.new.encode()}))
    touched = [item.id for item in diff_tree.compare(git_of(repo), history, added) if item.changes]
    assert touched == [history[-6], history[-2]]  # the next version of that file takes it away
    by_name = WantedChanges(frozenset(), re.compile(rb"^wanted"))
    (found,) = [item for item in diff_tree.compare(git_of(repo), history, by_name) if item.changes]
    assert found == every[history[-8]]
    assert {item.number for item in diff_tree.compare(git_of(repo), history, by_name)} == {1}


def test_a_git_that_fails_in_the_second_half_is_an_error_after_the_first(
    repo: Repository, history: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(diff_tree, "_MANY", 1)
    broken = repo.loose(repo.id(f"{history[2]}^{{tree}}"))
    broken.chmod(0o644)
    broken.write_bytes(b"no object")
    seen: list[str] = []
    with pytest.raises(GitError):
        seen.extend(item.id for item in diff_tree.compare(git_of(repo), history[::-1]))
    assert seen == history[::-1][:9]


def test_leaving_early_ends_both_gits(repo: Repository, history: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diff_tree, "_MANY", 1)
    with closing(diff_tree.compare(git_of(repo), history)) as comparison:  # type: ignore[type-var]  # a generator
        assert next(comparison).id == history[0]
    assert next(comparison, None) is None
