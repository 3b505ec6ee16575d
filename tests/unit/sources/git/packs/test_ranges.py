"""A pack that is read in ranges: every object once, whatever the ranges cut through."""

from __future__ import annotations

import pickle
from random import Random
from typing import TYPE_CHECKING

import pytest

from akpatrol.model.scan import Skipped
from akpatrol.sources.git.packs import plan, ranges
from akpatrol.sources.git.packs.object_slices import PackRange
from akpatrol.sources.git.units import SliceUnit
from tests.objects import git_of, read_part, truth
from tests.repositories import Repository

if TYPE_CHECKING:
    from pathlib import Path

    from akpatrol.sources.git.packs.object_slices import Slice


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """A pack of long delta chains."""
    made, rng = Repository(tmp_path / "repo"), Random("ranges")
    lines = [rng.randbytes(20).hex() for _ in range(200)]
    for number in range(30):
        lines[rng.randrange(200)] = rng.randbytes(20).hex()
        made.commit_file(f"file{number % 3}", "\n".join(lines))
    made.git("repack", "-adq", "--depth=50", "--window=50")
    return made


def read(repo: Repository, size: int) -> tuple[list[Slice | Skipped], dict[str, tuple[str, str]]]:
    """Return the slices, and type and digest of every object in them."""
    git = git_of(repo)
    parts = list(plan.plan(git, range_bytes=size))
    found: dict[str, tuple[str, str]] = {}
    for part in parts:
        assert not isinstance(part, Skipped)
        for item in read_part(part, git):
            assert not isinstance(item, Skipped)
            id_, type_, digest = item
            assert id_ not in found
            found[id_] = type_, digest
    return parts, found


@pytest.mark.parametrize("size", [100, 777, 4000])
def test_every_object_is_read_once(repo: Repository, size: int) -> None:
    parts, found = read(repo, size)
    assert len(parts) > 2
    assert all(isinstance(part, PackRange) for part in parts)
    assert found == truth(repo)


def test_what_is_in_two_packs_and_loose_is_read_once(repo: Repository) -> None:
    repo.commit_file("more", "more")
    repo.git("pack-objects", "--all", "-q", ".git/objects/pack/pack", stdin=b"")
    _, found = read(repo, 500)
    assert found == truth(repo)


def test_a_small_pack_is_not_divided(repo: Repository) -> None:
    parts, found = read(repo, 32 << 20)
    assert not any(isinstance(part, PackRange) for part in parts)
    assert found == truth(repo)


def test_a_range_is_small_to_send(repo: Repository) -> None:
    git = git_of(repo)
    part = next(plan.plan(git, range_bytes=1000))
    assert isinstance(part, PackRange)
    assert len(pickle.dumps(part)) < 1000
    assert len(pickle.dumps(SliceUnit("0", git, part))) < 5000


def test_packs_that_changed_are_not_read_in_ranges(repo: Repository) -> None:
    git = git_of(repo)
    parts = [part for part in plan.plan(git, range_bytes=1000) if isinstance(part, PackRange)]
    repo.commit_file("more", "more")
    repo.git("repack", "-adq")
    with pytest.raises(ranges.ChangedPackError):
        list(ranges.slices(parts[0], git))
