"""What is kept answers as git does: the order of commits, what they changed, what trees hold, what is missing."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

from akpatrol.sources.git import diff_tree, revisions
from akpatrol.sources.git.history_walk import HistoryWalk
from akpatrol.sources.git.packs import plan
from akpatrol.sources.git.plain import plain_finder
from akpatrol.sources.git.plain.plain_changes import PlainChanges
from akpatrol.sources.git.plain.plain_walk import PlainWalk
from akpatrol.sources.git.ref_snapshot import RefSnapshot
from akpatrol.sources.git.units import SliceUnit
from tests.objects import git_of
from tests.repositories import Repository, damage_end
from tests.unit.sources.git.plain.histories import random_history

if TYPE_CHECKING:
    from pathlib import Path

    from akpatrol.sources.git.runner import Git


def kept(repo: Repository) -> Git:
    """Return a git that answers from what was kept while everything was read."""
    git = git_of(repo)
    git.plain = plain_finder.found(git)
    assert git.plain
    for part in plan.plan(git):
        for _ in SliceUnit("0", git, part).read():  # type: ignore[arg-type]
            pass
    assert git.plain.kept.is_complete
    return git


@pytest.mark.parametrize("seed", range(6))
def test_it_walks_and_compares_as_git_does(tmp_path: Path, seed: int) -> None:
    rng = Random(seed)
    repo = random_history(tmp_path / "repo", rng)
    if seed % 2:
        repo.git("pack-refs", "--all")
    git, plain = git_of(repo), kept(repo)
    assert plain.plain
    refs = RefSnapshot(plain)
    assert refs.named == RefSnapshot(git).named
    assert refs.refs == RefSnapshot(git).refs
    walk = PlainWalk(plain, plain.plain, refs)
    commits = HistoryWalk(git).commits()
    assert walk.commits() == commits
    missing = walk.missing()
    assert missing is not None
    assert missing.read() == b""
    ids = [commit.id for commit in commits]
    expected = [(found.id, found.changes) for found in diff_tree.compare(git, ids)]
    assert PlainChanges(plain.plain.kept).of(commits, None) == expected
    assert plain.plain.kept.reached(ids) == {
        line.partition(" ")[0] for line in repo.git("rev-list", "--objects", "--no-object-names", "--all").split()
    } - {*ids, *(id_ for id_, (type_, _) in plain.plain.kept.texts.items() if type_ == "tag")}


def test_what_is_missing_is_for_git_to_say(tmp_path: Path) -> None:
    repo = Repository(tmp_path / "repo")
    repo.commit_file("a", "b")
    blob = repo.git("rev-parse", "HEAD:a")
    (repo.git_dir / "objects" / blob[:2] / blob[2:]).unlink()
    plain = kept(repo)
    assert plain.plain
    missing = PlainWalk(plain, plain.plain, RefSnapshot(plain)).missing()
    assert missing is not None
    assert blob.encode() in missing.read()


def test_a_ref_of_an_object_that_is_not_there_is_for_git(tmp_path: Path) -> None:
    repo = random_history(tmp_path / "repo", Random("gone"))
    (repo.git_dir / "refs" / "heads" / "gone").write_text(f"{1:040x}\n")
    assert plain_finder.found(git_of(repo)) is None


def test_a_damaged_pack_is_for_git(tmp_path: Path) -> None:
    repo = random_history(tmp_path / "repo", Random("damaged"))
    repo.git("repack", "-adq")
    (pack,) = (repo.git_dir / "objects" / "pack").glob("*.pack")
    damage_end(pack)
    assert plain_finder.found(git_of(repo)) is None


def test_changes_that_are_not_wanted_are_left_out(tmp_path: Path) -> None:
    repo = random_history(tmp_path / "repo", Random("wanted"))
    plain = kept(repo)
    assert plain.plain
    commits = list(revisions.commits(git_of(repo), revisions.EVERYTHING))
    blob = next(line for line in repo.git("ls-tree", "-r", "b0").splitlines() if " blob " in line).split()[2]
    wanted = diff_tree.WantedChanges(frozenset([blob.encode()]))
    expected = [(one.id, one.changes) for one in diff_tree.compare(git_of(repo), [c.id for c in commits], wanted)]
    assert PlainChanges(plain.plain.kept).of(commits, wanted) == expected
    assert any(changes for _, changes in expected)
