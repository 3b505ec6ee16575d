"""The cached state of a repository: only the parts that were read completely."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from akpatrol.cache.scan_cache import ScanCache
from akpatrol.gitdata.raw_object import RawObject
from akpatrol.model.scan import Counted, Exclusion, Skipped, Uncacheable
from akpatrol.scan.result import ScanResult
from akpatrol.sources.base import RescanUnit
from akpatrol.sources.git import scan_state_json
from akpatrol.sources.git.packs import partition, slices
from akpatrol.sources.git.ref_snapshot import RefSnapshot
from akpatrol.sources.git.scan_state import RepositoryCache
from akpatrol.sources.git.units import SliceUnit
from tests.objects import each, git_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from akpatrol.sources.base import Planned
    from tests.repositories import Repository


@pytest.fixture
def cached_repository(repo: Repository, tmp_path: Path) -> Iterator[Callable[[], RepositoryCache]]:
    """Make what a new run knows of a packed repository."""
    for number in range(9):
        repo.commit_file("f", f"{number}\n" * 100)
    repo.pack()
    with closing(ScanCache(str(tmp_path / "cache"))) as log:
        yield lambda: RepositoryCache(git_of(repo), RefSnapshot(git_of(repo)), log, "conditions")


def _plan(cached_repository: RepositoryCache) -> list[Planned]:
    assert cached_repository.survey() == ()
    return list(cached_repository.units("0"))


def _tally(*items: Counted | Skipped) -> ScanResult:
    tally = ScanResult()
    for item in items:
        tally.add(item)
    return tally


def _read(cached_repository: RepositoryCache, *items: Counted | Skipped) -> None:
    for number, unit in enumerate(_plan(cached_repository)):
        assert isinstance(unit, SliceUnit)
        cached_repository.record(unit, _tally(*items if not number else ()))
    cached_repository.store(complete=True)


def test_what_was_read_is_told(cached_repository: Callable[[], RepositoryCache]) -> None:
    _read(cached_repository(), Counted("blobs", 9, 100), Counted("members", 2, 50))
    assert _plan(cached_repository()) == [Counted("blobs", 9, 150), Counted("members", 2)]


def test_a_lost_unit_leaves_the_part_unknown(
    cached_repository: Callable[[], RepositoryCache], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its worker may have died."""
    monkeypatch.setattr(partition, "SLICE_ENTRIES", 3)
    one = cached_repository()
    units = _plan(one)
    assert len(units) > 2
    for unit in units[1:]:
        assert isinstance(unit, SliceUnit)
        one.record(unit, _tally(Counted("blobs")))
    one.store(complete=True)
    again = cached_repository()
    assert len(_plan(again)) == len(units)
    assert again.proof()


def test_what_was_not_planned_to_the_end_is_unknown(cached_repository: Callable[[], RepositoryCache]) -> None:
    one = cached_repository()
    one.survey()
    unit = next(one.units("0"))
    assert isinstance(unit, SliceUnit)
    one.record(unit, _tally())
    one.store(complete=True)
    assert any(isinstance(unit, SliceUnit) for unit in _plan(cached_repository()))


@pytest.mark.parametrize("kind", [Skipped, Uncacheable])
def test_an_object_with_a_skip_is_read_again(
    cached_repository: Callable[[], RepositoryCache], repo: Repository, kind: type
) -> None:
    wanted = repo.id("HEAD~4:f")
    inside = " > zip:a" if kind is Skipped else ""
    _read(cached_repository(), Counted("blobs", 9, 100), kind(wanted + inside, "why"))
    known, again = _plan(cached_repository())
    assert known == Counted("blobs", 9, 100)
    assert isinstance(again, RescanUnit)
    assert isinstance(again.unit, SliceUnit)
    found = each(slices.read(again.unit.part, again.unit.git))
    assert [item.id for item in found if isinstance(item, RawObject)] == [wanted]
    assert again.title == again.unit.title


@pytest.mark.parametrize("kind", [Skipped, Uncacheable])
def test_a_skip_that_is_no_objects_leaves_the_part_unknown(
    cached_repository: Callable[[], RepositoryCache], kind: type
) -> None:
    _read(cached_repository(), kind("objects", "why"))
    assert all(isinstance(unit, SliceUnit) for unit in _plan(cached_repository()))


def test_what_was_incomplete_is_walked_again(cached_repository: Callable[[], RepositoryCache]) -> None:
    one = cached_repository()
    _plan(one)
    one.store(complete=False)
    again = cached_repository()
    assert again.is_cached
    again.survey()
    assert again.proof() is None


def test_refs_that_move_meanwhile_prove_nothing(
    cached_repository: Callable[[], RepositoryCache], repo: Repository
) -> None:
    one = cached_repository()
    _plan(one)
    repo.git("tag", "new", "HEAD~3:f")
    one.store(complete=True)
    again = cached_repository()
    again.survey()
    assert again.proof() is None


def test_new_tips_are_known_as_such(cached_repository: Callable[[], RepositoryCache], repo: Repository) -> None:
    _read(cached_repository())
    repo.git("tag", "new", "HEAD~3:f")
    again = cached_repository()
    again.survey()
    proof = again.proof()
    assert proof
    assert proof.new == {repo.id("HEAD~3:f")}
    assert repo.id("HEAD") in proof.old


def test_a_part_goes_through_its_value() -> None:
    tally = _tally(Counted("blobs", 2, 7), Skipped(40 * "a" + " > zip:x", "why"))
    tally.excluded[Exclusion.SYMLINK] = 1
    known = scan_state_json.parse_part(scan_state_json.part_value(tally))
    assert known
    assert known.rescan == {40 * "a": ()}
    again = _tally()
    for item in known.counts:
        again.add(item)
    assert (again.counts, again.excluded, again.size) == (tally.counts, tally.excluded, tally.size)
