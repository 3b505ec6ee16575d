"""What is remembered of a repository: what was read whole, and nothing that is in doubt."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from akpatrol.cache.scan_cache import ScanCache
from akpatrol.model.scan import Counted, Exclusion, Skipped, Uncacheable
from akpatrol.scan.result import ScanResult
from akpatrol.sources.base import RescanUnit
from akpatrol.sources.git import scan_state_json
from akpatrol.sources.git.packs import partition, slices
from akpatrol.sources.git.packs.raw_object import RawObject
from akpatrol.sources.git.scan_state import Memory
from akpatrol.sources.git.units import SliceUnit
from tests.objects import each, git_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from akpatrol.sources.base import Planned
    from tests.repositories import Repository


@pytest.fixture
def memory(repo: Repository, tmp_path: Path) -> Iterator[Callable[[], Memory]]:
    """Make what a new run knows of a packed repository."""
    for number in range(9):
        repo.commit_file("f", f"{number}\n" * 100)
    repo.pack()
    with closing(ScanCache(str(tmp_path / "cache"))) as log:
        yield lambda: Memory(git_of(repo), log, "conditions")


def _plan(memory: Memory) -> list[Planned]:
    assert memory.survey() == ()
    return list(memory.units("0"))


def _tally(*items: Counted | Skipped) -> ScanResult:
    tally = ScanResult()
    for item in items:
        tally.add(item)
    return tally


def _read(memory: Memory, *items: Counted | Skipped) -> None:
    for unit in _plan(memory):
        assert isinstance(unit, SliceUnit)
        memory.note(unit, _tally(*items))
    memory.remember(complete=True)


def test_what_was_read_is_told(memory: Callable[[], Memory]) -> None:
    _read(memory(), Counted("blobs", 9, 100), Counted("members", 2, 50))
    assert _plan(memory()) == [Counted("blobs", 9, 150), Counted("members", 2)]


def test_a_lost_unit_leaves_the_part_unknown(memory: Callable[[], Memory], monkeypatch: pytest.MonkeyPatch) -> None:
    """Its worker may have died."""
    monkeypatch.setattr(partition, "SLICE_ENTRIES", 3)
    one = memory()
    units = _plan(one)
    assert len(units) > 2
    for unit in units[1:]:
        assert isinstance(unit, SliceUnit)
        one.note(unit, _tally(Counted("blobs")))
    one.remember(complete=True)
    again = memory()
    assert len(_plan(again)) == len(units)
    assert again.proof()


def test_what_was_not_planned_to_the_end_is_unknown(memory: Callable[[], Memory]) -> None:
    one = memory()
    one.survey()
    unit = next(one.units("0"))
    assert isinstance(unit, SliceUnit)
    one.note(unit, _tally())
    one.remember(complete=True)
    assert any(isinstance(unit, SliceUnit) for unit in _plan(memory()))


@pytest.mark.parametrize("kind", [Skipped, Uncacheable])
def test_an_object_with_a_skip_is_read_again(memory: Callable[[], Memory], repo: Repository, kind: type) -> None:
    wanted = repo.id("HEAD~4:f")
    inside = " > zip:a" if kind is Skipped else ""
    _read(memory(), Counted("blobs", 9, 100), kind(wanted + inside, "why"))
    known, again = _plan(memory())
    assert known == Counted("blobs", 9, 100)
    assert isinstance(again, RescanUnit)
    assert isinstance(again.unit, SliceUnit)
    found = each(slices.read(again.unit.part, again.unit.git))
    assert [item.id for item in found if isinstance(item, RawObject)] == [wanted]
    assert again.title == again.unit.title


@pytest.mark.parametrize("kind", [Skipped, Uncacheable])
def test_a_skip_that_is_no_objects_leaves_the_part_unknown(memory: Callable[[], Memory], kind: type) -> None:
    _read(memory(), kind("objects", "why"))
    assert all(isinstance(unit, SliceUnit) for unit in _plan(memory()))


def test_what_was_incomplete_is_walked_again(memory: Callable[[], Memory]) -> None:
    one = memory()
    _plan(one)
    one.remember(complete=False)
    again = memory()
    assert again.met
    again.survey()
    assert again.proof() is None


def test_refs_that_move_meanwhile_prove_nothing(memory: Callable[[], Memory], repo: Repository) -> None:
    one = memory()
    _plan(one)
    repo.git("tag", "new", "HEAD~3:f")
    one.remember(complete=True)
    again = memory()
    again.survey()
    assert again.proof() is None


def test_new_tips_are_known_as_such(memory: Callable[[], Memory], repo: Repository) -> None:
    _read(memory())
    repo.git("tag", "new", "HEAD~3:f")
    again = memory()
    again.survey()
    proof = again.proof()
    assert proof
    assert proof.new == {repo.id("HEAD~3:f")}
    assert repo.id("HEAD") in proof.old


def test_a_part_goes_through_its_value() -> None:
    tally = _tally(Counted("blobs", 2, 7), Skipped(40 * "a" + " > zip:x", "why"))
    tally.excluded[Exclusion.SYMLINK] = 1
    known = scan_state_json.known(scan_state_json.part_value(tally))
    assert known
    assert known.again == (40 * "a",)
    again = _tally()
    for item in known.counts:
        again.add(item)
    assert (again.counts, again.excluded, again.size) == (tally.counts, tally.excluded, tally.size)
