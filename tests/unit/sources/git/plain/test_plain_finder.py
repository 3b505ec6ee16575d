"""A repository of any size is plain, but the objects of a large one are not kept."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

from akpatrol.sources.git import describe
from akpatrol.sources.git.history import HistorySource
from akpatrol.sources.git.history_walk import HistoryWalk
from akpatrol.sources.git.plain import plain_finder, plain_repository
from akpatrol.sources.git.ref_snapshot import RefSnapshot
from akpatrol.sources.git.runner import Git
from tests.objects import git_of
from tests.unit.sources.git.plain.histories import random_history

if TYPE_CHECKING:
    from pathlib import Path

    from tests.repositories import Repository


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    made = random_history(tmp_path / "repo", Random("plain"))
    made.git("symbolic-ref", "HEAD", "refs/heads/b0")
    return made


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every repository be a large one."""
    for module in (plain_finder, plain_repository):
        monkeypatch.setattr(module, "MOST_OBJECTS", 1)


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("packed", [True, False])
def test_refs_of_a_large_one_are_read_without_git(
    repo: Repository, monkeypatch: pytest.MonkeyPatch, *, packed: bool
) -> None:
    if packed:
        repo.pack()
    expected = RefSnapshot(git_of(repo)).named
    monkeypatch.setattr(Git, "run", None)
    git = git_of(repo)
    git.plain = plain_finder.found(git)
    assert git.plain
    assert not git.plain.kept.is_whole
    assert RefSnapshot(git).named == expected
    assert git.head_commit(1) == {name: id_ for id_, name in expected}["HEAD"]


@pytest.mark.usefixtures("few")
def test_git_walks_a_large_one_beside_the_reading(repo: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    walks: list[Git] = []
    original = HistoryWalk.__init__

    def init(self: HistoryWalk, git: Git) -> None:
        walks.append(git)
        original(self, git)

    monkeypatch.setattr(HistoryWalk, "__init__", init)
    git = git_of(repo)
    git.plain = plain_finder.found(git)
    next(iter(HistorySource(git, describe.target(git)).plan()))
    assert walks == [git]


def test_refs_that_move_meanwhile_are_seen_when_they_are_read_again(repo: Repository) -> None:
    git = git_of(repo)
    git.plain = plain_finder.found(git)
    assert git.plain
    before = RefSnapshot(git).tips()
    blob = repo.blob("later")
    repo.git("update-ref", "refs/notes/later", blob)
    assert RefSnapshot(git).tips() == before
    assert RefSnapshot(git, again=True).tips() == before | {blob}
    repo.git("symbolic-ref", "refs/heads/odd", "refs/heads/none")
    assert RefSnapshot(git, again=True).tips() == RefSnapshot(git_of(repo)).tips()


def test_an_object_in_two_packs_is_one(repo: Repository) -> None:
    repo.pack()
    number = len(repo.git("cat-file", "--batch-all-objects", "--batch-check").splitlines())
    repo.git(
        "pack-objects",
        "-q",
        str(repo.git_dir / "objects/pack/pack"),
        stdin=repo.git("rev-parse", "HEAD").encode() + b"\n",
    )
    git = git_of(repo)
    git.plain = plain_finder.found(git)
    assert git.plain
    assert git.plain.kept._number == number
