"""The places of a report in a temporary file: as many as there are, sorted as all at once, and nothing of them left."""

from __future__ import annotations

import gc
import os
import tempfile
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akpatrol.errors import UsageError
from akpatrol.model import places
from akpatrol.model.places import KeptPlaces
from akpatrol.report.order import badness, facts_of
from akpatrol.sweep.store import place_file
from akpatrol.sweep.store.place_file import PlaceFile
from tests import reports
from tests.unit.report.strategies import occurrence_lists

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.model.credential import Occurrence

KEY = reports.organization_key(reports.seeded(7))
MANY = tuple(
    reports.occurrence(KEY, offset=7 * number % 50, refs=(f"refs/heads/{number % 3}",)) for number in range(50)
)


@pytest.fixture(autouse=True)
def little_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "MOST_IN_MEMORY", 2)
    monkeypatch.setattr(place_file, "_RUN", 3)
    monkeypatch.setattr(place_file, "_BLOCK", 2)


def _files() -> list[str]:
    """Return the open files without a name."""
    links = [f"/proc/self/fd/{name}" for name in os.listdir("/proc/self/fd")]
    return [os.readlink(link) for link in links if os.path.islink(link) and "(deleted)" in os.readlink(link)]


@given(st.lists(occurrence_lists, max_size=5))
def test_places_are_all_there_and_in_the_order_in_which_they_would_be_sorted(lists: list[list[Occurrence]]) -> None:
    file = PlaceFile()
    kept = [file.keep(iter(listed)) for listed in lists]
    for sequence, listed in zip(kept, lists, strict=True):
        is_kept = isinstance(sequence, KeptPlaces)
        assert list(sequence) == (sorted(listed, key=badness) if is_kept else listed)
        assert facts_of(sequence) == facts_of(tuple(listed))


def test_the_first_places_are_in_memory_and_each_later_one_is_not() -> None:
    file = PlaceFile()
    kept = [file.keep(iter(MANY[:number])) for number in (1, 2, 0, 1)]
    assert [isinstance(one, KeptPlaces) for one in kept] == [False, True, False, True]


def test_several_passes_at_once_do_not_disturb_one_another() -> None:
    file = PlaceFile()
    one, two = file.keep(iter(MANY)), file.keep(iter(MANY[:9]))
    assert list(zip(one, one, two, strict=False)) == [
        (place, place, other)
        for place, other in zip(sorted(MANY, key=badness), sorted(MANY[:9], key=badness), strict=False)
    ]


def test_equal_places_stay_in_their_order() -> None:
    alike = [reports.occurrence(KEY, line=line) for line in (5, 1, 9, 3, 7, 2, 8)]
    assert [place.line for place in PlaceFile().keep(iter(alike))] == [5, 1, 9, 3, 7, 2, 8]


def test_the_file_has_no_name_and_goes_with_the_places() -> None:
    before = _files()
    kept = PlaceFile().keep(iter(MANY))
    assert len(_files()) == len(before) + 1
    assert list(kept) == sorted(MANY, key=badness)
    del kept
    gc.collect()
    assert _files() == before


def test_a_disk_that_is_full_is_told_with_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**_: Any) -> Any:
        return open("/dev/full", "w+b", buffering=0)

    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    with pytest.raises(UsageError, match="No space left on device") as caught:
        PlaceFile().keep(iter(MANY))
    assert tempfile.gettempdir() in str(caught.value)
    assert "TMPDIR" in str(caught.value.hint)


def test_places_that_cannot_be_read_are_an_error_of_whoever_reads_them() -> None:
    def damaged() -> Iterator[Occurrence]:
        yield from MANY
        raise ValueError("damaged")

    with pytest.raises(ValueError, match="damaged"):
        PlaceFile().keep(damaged())
