"""Comparing commits tree by tree: the same as git, and bounded where git does not end."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from akpatrol.sources.git import diff_tree, graph, repository, revisions, trees
from akpatrol.sources.git.runner import Git
from akpatrol.sources.git.walked_commit import WalkedCommit
from tests.repositories import Repository

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

    from tests.conftest import Run

ZEROS = "0" * 40


def _git(repo: Repository) -> Git:
    found = repository.find(os.fsencode(repo.path))
    assert found
    return Git(found)


def _told(found: list[tuple[str, tuple[trees.TreeChange, ...]]]) -> dict[str, set[tuple[bytes, str, frozenset[str]]]]:
    """Return paths, ids and distinct parents' ids by commit, except for directories, which git does not report."""
    return {
        id_: {
            (path, one.new[:40], frozenset(old[:40] for old in one.olds or (ZEROS,)))
            for one in changes
            for path in one.paths
            if not one.directory and one.new not in one.olds
        }
        for id_, changes in found
    }


@pytest.mark.parametrize("format_", ["sha1", "sha256"])
def test_as_git_tells_it(tmp_path: Path, rng: Random, format_: str) -> None:
    repo = Repository(tmp_path / "r", f"--object-format={format_}")
    for number in range(12):
        for _ in range(rng.randint(1, 4)):
            path = "/".join(rng.choice("abc") for _ in range(rng.randint(1, 4)))
            target = repo.path / path
            if any(parent.is_file() for parent in target.parents) or rng.random() < 0.3:
                repo.git("rm", "-q", "-r", "--ignore-unmatch", path.partition("/")[0])
            if not target.is_dir():
                repo.write(path, str(rng.randint(0, 5)))
        repo.commit(str(number))
        if number % 4 == 3:
            side = repo.id("HEAD~2")
            tree = repo.id("HEAD~1^{tree}")
            merge = repo.git("commit-tree", "-p", "HEAD", "-p", side, "-m", "merge", tree)
            repo.git("reset", "-q", "--hard", merge)
    git = _git(repo)
    walk = list(revisions.commits(git, ("HEAD",)))
    assert len(walk) == 15
    assert _told(list(trees.changes(git, walk))) == _told(list(revisions.changes(git, walk)))
    assert [commit.id for commit in graph.commits(git, ("HEAD", "--not", "HEAD~3"))] == [
        commit.id for commit in revisions.commits(git, ("HEAD", "--not", "HEAD~3"))
    ]


@pytest.fixture
def bomb(repo: Repository, key: str) -> str:
    """A commit with one blob under 10^10 paths."""
    tree = repo.git("mktree", stdin=f"100644 blob {repo.blob(f'anyreach {key}')}\tf\n")
    for _ in range(10):
        tree = repo.git("mktree", stdin="".join(f"040000 tree {tree}\td{number}\n" for number in range(10)))
    first = repo.commit_file("clean", "x\n")
    commit = repo.git("commit-tree", "-p", first, "-m", "bomb", tree)
    repo.git("update-ref", "refs/heads/bomb", commit)
    return commit


def test_a_tree_of_many_paths(repo: Repository, bomb: str) -> None:
    git = _git(repo)
    ((_, found),) = trees.changes(git, list(revisions.commits(git, (bomb, "--not", "main"))))
    assert {one.name for one in found} == {b"clean", b"f", *(b"d%d" % number for number in range(10))}
    (blob,) = (one for one in found if one.name == b"f")
    assert (len(list(blob.paths)), blob.more, blob.path) == (trees.MOST_PATHS, True, b"d0/" * 10 + b"f")


@pytest.mark.parametrize("command", ["history", "range"])
def test_what_stands_on_more_paths_than_are_listed(
    run: Run, repo: Repository, key: str, bomb: str, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("akpatrol.sources.git.diff_tree._PATIENCE", 0.2)
    arguments = ["--range", f"main..{bomb}"] if command == "range" else []
    result = run("history", *arguments, repo.path)
    found = result.one(key)
    assert (result.code, result.complete, found["paths_truncated"], len(found["paths"])) == (1, True, True, 100)
    assert found["introduced"]["id"] == bomb
    hidden = run("history", *arguments, "--exclude", "d0/", repo.path)
    assert hidden.found(key), "paths that are not listed are not excluded"


def test_names_in_a_tree_of_many_paths(run: Run, repo: Repository, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("akpatrol.sources.git.diff_tree._PATIENCE", 0.2)
    tree = repo.git("mktree", stdin=f"100644 blob {repo.blob('x')}\t{key}\n")
    for _ in range(10):
        tree = repo.git("mktree", stdin="".join(f"040000 tree {tree}\td{number}\n" for number in range(10)))
    base = repo.commit_file("clean", "x\n")
    commit = repo.git("commit-tree", "-p", base, "-m", "bomb", tree)
    found = run("history", "--range", f"{base}..{commit}", repo.path).one(key)
    assert (found["place"], found["introduced"]["id"]) == ("path", commit)


def test_more_than_anybody_commits_is_left_out(
    run: Run, repo: Repository, bomb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was not compared was not looked at."""
    monkeypatch.setattr("akpatrol.sources.git.diff_tree._PATIENCE", 0.2)
    monkeypatch.setattr("akpatrol.sources.git.trees._ENTRIES", 0)
    monkeypatch.setattr("akpatrol.sources.git.trees._ENTRIES_A_COMMIT", 20)
    result = run("history", "--range", f"main..{bomb}", repo.path)
    assert (result.code, [skip["item"] for skip in result.skipped]) == (3, [bomb])


def test_a_tree_that_is_broken_or_names_something_twice(repo: Repository) -> None:
    base = repo.commit("Base")
    blobs = [repo.blob(text) for text in "ab"]
    twice = b"".join(b"100644 f\0" + bytes.fromhex(id_) for id_ in blobs)
    for data, wanted in ((twice, [(b"f", set(blobs))]), (twice[:-1], None)):
        tree = repo.git("hash-object", "-t", "tree", "-w", "--stdin", "--literally", stdin=data)
        commit = repo.git("commit-tree", "-p", base, "-m", "odd", tree)
        git = _git(repo)
        found = list(trees.changes(git, [WalkedCommit(commit, 0, (base,))]))
        told = [(b"f", {one.new for one in changes if one.name == b"f"}) for _, changes in found]
        assert (told or None) == wanted


@pytest.mark.slow
def test_git_may_take_so_much_memory(repo: Repository, bomb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Git holds all changes of a commit in memory before it prints one."""
    git = _git(repo)
    commit = WalkedCommit(bomb, 0, (repo.id("main"),))
    monkeypatch.setattr(diff_tree, "_MEMORY", 30 << 20)
    monkeypatch.setattr(diff_tree, "_PATIENCE", 60.0)
    assert list(revisions.changes(git, [commit])) == list(trees.changes(git, [commit]))
