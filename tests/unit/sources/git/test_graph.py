"""Histories that git walks for too long are read without its walk, with the same result."""

from __future__ import annotations

import os
from time import monotonic, sleep
from typing import TYPE_CHECKING

import pytest

from akpatrol.model.scan import Target
from akpatrol.sources.git import graph, repository, walked_commit
from akpatrol.sources.git.history_walk import HistoryWalk
from akpatrol.sources.git.push import PushSource, RefUpdate, RepositoryViews
from akpatrol.sources.git.runner import Git

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Run
    from tests.repositories import Repository


def _git(repo: Repository) -> Git:
    found = repository.find(os.fsencode(repo.path))
    assert found
    return Git(found)


def _never(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every walk of git take too long."""
    for waits in (
        "stream.Stream.answers_within",
        "history_walk._Output.commits_within",
        "history_walk._Output.ends_within",
    ):
        monkeypatch.setattr(f"akpatrol.sources.git.{waits}", lambda _output, _seconds: False)


@pytest.fixture
def merged(repo: Repository, key: str) -> str:
    """A merge of seven, the first of which leaks; the commit that does."""
    leak = repo.commit_file("f", key)
    tree = repo.id("HEAD^{tree}")
    sides = [repo.git("commit-tree", "-p", leak, "-m", str(number), tree) for number in range(6)]
    words = (word for id_ in (leak, *sides) for word in ("-p", id_))
    repo.git("reset", "-q", "--hard", repo.git("commit-tree", *words, "-m", "all", tree))
    repo.git("rm", "-q", "f")
    repo.commit_file("g", "x\n")
    return leak


@pytest.mark.parametrize("lost", ["", "HEAD:g", "HEAD~2"])
def test_a_history_is_told_as_git_walks_it(
    run: Run, repo: Repository, merged: str, key: str, lost: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if lost:
        repo.loose(repo.id(lost)).unlink()
    plain = run("history", repo.path)
    _never(monkeypatch)
    slow = run("history", repo.path)
    assert slow.json["credentials"] == plain.json["credentials"]
    assert slow.skipped == plain.skipped
    assert slow.complete is not bool(lost)
    if lost != "HEAD~2":
        assert slow.one(key)["introduced"]["id"] == merged


@pytest.mark.parametrize("range_", ["HEAD~2..HEAD", "HEAD...HEAD~1", "tagged..HEAD"])
def test_a_range_is_the_same(
    run: Run, repo: Repository, merged: str, range_: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.git("tag", "-a", "tagged", "-m", "first", f"{merged}~0")
    plain = run("history", "--range", range_, repo.path)
    _never(monkeypatch)
    slow = run("history", "--range", range_, repo.path)
    assert (slow.code, slow.json["credentials"]) == (plain.code, plain.json["credentials"])
    assert slow.json["coverage"]["counts"] == plain.json["coverage"]["counts"]


def test_what_a_push_brings_is_the_same(repo: Repository, merged: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also what a tag leads to; and nothing that was there, though git ends at each commit."""
    repo.write("d/new", "new\n")
    tip = repo.commit("New")
    repo.git("tag", "-a", "v1", "-m", "one", tip)
    tag = repo.id("v1")
    repo.git("update-ref", "refs/heads/main", merged)
    repo.git("tag", "-d", "v1")
    update = RefUpdate("", tag, b"refs/tags/v1")

    def brought() -> set[str]:
        git = _git(repo)
        source = PushSource(RepositoryViews(git, git, None), Target("0", "repository", "r", base="r"), [update])
        return {id_ for unit in source.plan() for id_ in getattr(unit, "ids", ())}

    plain = brought()
    assert {tip, tag, repo.id(f"{tip}:d/new")} <= plain
    assert repo.id(f"{merged}:f") not in plain
    _never(monkeypatch)
    assert brought() == plain


def test_a_walk_is_waited_for_as_long_as_its_objects_may_take(
    repo: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit_file("f", "x\n")
    monkeypatch.setattr(walked_commit, "WALK_SECONDS", 0.05)
    git = _git(repo)
    with git.stream("cat-file", "--batch", stdin=_delayed()) as stream:
        assert not graph.finishes_in_time(git, stream.answers_within, monotonic())
    assert graph.is_slow(git)
    other = _git(repo)
    monkeypatch.setattr(graph, "_RATE", 0.1)
    with other.stream("cat-file", "--batch", stdin=_delayed()) as stream:
        assert graph.finishes_in_time(other, stream.answers_within, monotonic())
    assert not graph.is_slow(other)


def _delayed() -> Iterator[bytes]:
    """Give git something to answer only after a moment."""
    sleep(0.4)
    yield b"HEAD\n"


def test_a_walk_that_is_late_is_ended(repo: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.commit_file("f", "x\n")
    git = _git(repo)
    walk = HistoryWalk(git)
    _never(monkeypatch)
    walk.give_up()
    assert not graph.is_slow(git)  # it is not late
    monkeypatch.setattr(walked_commit, "WALK_SECONDS", 0.0)
    walk.give_up()
    assert graph.is_slow(git)
    assert walk.missing() is None
