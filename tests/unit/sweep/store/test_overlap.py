"""Two sweeps that read the same target at once: what either found is told, once, and the next scan decides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from akpatrol.model.scan import Secret, State
from akpatrol.sweep.store.store import SweepStore
from tests.unit.sweep.looks import CONDITIONS, DIGEST, KEYS, day, found, look, places, signature, sweep, target, told

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def file(anywhere: Path | str) -> Path | str:
    return anywhere


def _masked(*keys: str) -> set[str]:
    return {Secret(key.encode()).redacted for key in keys}


def _begin(store: SweepStore) -> tuple[int, int]:
    return store.begin(day(8), DIGEST), store.begin(day(8), DIGEST)


def _found(file: Path | str, run: int) -> set[str]:
    report = told(file, run)
    assert len({one.secret.redacted for one in report.credentials}) == len(report.credentials)
    for one in report.credentials:
        assert len({(place.target, place.path, place.state) for place in one.occurrences}) == len(one.occurrences)
    return {*places(report)}


def test_what_the_earlier_run_stores_last_is_told_as_of_both(file: Path | str) -> None:
    sweep(file, look("one", found(KEYS[0])))
    with SweepStore(str(file), create=True) as store:
        first, second = _begin(store)
        store.put(second, look("one", found(KEYS[1])), "s2", CONDITIONS)
        store.put(first, look("one", found(KEYS[2], 2)), "s1", CONDITIONS)
        assert signature(store, "repository", "/org/one", CONDITIONS) is None  # the next sweep scans it
    assert _found(file, first) == _masked(KEYS[0], KEYS[2])
    assert _found(file, second) == _masked(KEYS[1], KEYS[2])
    sweep(file, look("one", found(KEYS[1])))
    assert _found(file, second + 1) == _masked(KEYS[1])


def test_who_comes_second_in_both_ways_is_told_as_ever(file: Path | str) -> None:
    with SweepStore(str(file), create=True) as store:
        first, second = _begin(store)
        store.put(first, look("one", found(KEYS[0])), "s1", CONDITIONS)
        store.put(second, look("one", found(KEYS[1])), "s2", CONDITIONS)
        assert signature(store, "repository", "/org/one", CONDITIONS) == "s2"
    assert _found(file, first) == _masked(KEYS[0])
    assert _found(file, second) == _masked(KEYS[1])


def test_a_place_that_the_later_run_found_gone_is_still_there(file: Path | str) -> None:
    sweep(file, look("one", found(KEYS[0], 2)))
    with SweepStore(str(file), create=True) as store:
        first, second = _begin(store)
        store.put(second, look("one"), "s2", CONDITIONS)
        store.put(first, look("one", found(KEYS[0], 3)), "s1", CONDITIONS)
    for run in (first, second):
        assert len(told(file, run).credentials[0].occurrences) == 3
    assert len(told(file, 1).credentials[0].occurrences) == 2


def test_unchanged_means_as_the_later_run_found_it(file: Path | str) -> None:
    sweep(file, look("one", found(KEYS[0])))
    with SweepStore(str(file), create=True) as store:
        first, second = _begin(store)
        store.put(second, look("one", found(KEYS[0], 1, State.REMOVED), found(KEYS[1])), "s2", CONDITIONS)
        store.unchanged(first, target("one"))
        assert not [gap for gap in store.gaps(first) if gap.kind]
    assert _found(file, first) == _masked(KEYS[0], KEYS[1])
    for run, state in ((1, State.PRESENT), (first, State.REMOVED), (second, State.REMOVED)):
        (one,) = (one for one in told(file, run).credentials if {one.secret.redacted} == _masked(KEYS[0]))
        assert one.state is state


def test_what_the_later_run_counted_as_gone_is_there_again(file: Path | str) -> None:
    sweep(file, look("one", found(KEYS[0])), look("two"))
    with SweepStore(str(file), create=True) as store:
        first, second = _begin(store)
        store.retire(second, target("one"))
        store.unchanged(second, target("two"))
        store.unchanged(first, target("one"))
    assert _found(file, first) == _found(file, second) == _masked(KEYS[0])


def test_what_a_later_run_has_read_is_not_counted_as_gone(file: Path | str) -> None:
    sweep(file, look("one", found(KEYS[0])))
    with SweepStore(str(file), create=True) as store:
        first, second = _begin(store)
        store.unchanged(second, target("one"))
        store.retire(first, target("one"))
    assert _found(file, second) == _masked(KEYS[0])


def test_a_run_that_spans_another_keeps_its_coverage(file: Path | str) -> None:
    sweep(file, look("one"), look("two"))
    with SweepStore(str(file), create=True) as store:
        first, second = _begin(store)
        store.unchanged(second - 1, target("two"))
        store.unchanged(second, target("two"))
        store.put(first, look("two", gaps=("big",)), "s1", CONDITIONS)
        for run in (first, second):
            assert [(gap.run, gap.reason) for gap in store.gaps(run) if gap.target == "/org/two"] == [
                (run, "too large (1)")
            ]


_STEP = st.tuples(st.integers(0, 2), st.dictionaries(st.integers(0, 2), st.integers(1, 2), max_size=3) | st.none())


@pytest.mark.slow
@settings(max_examples=30)
@given(st.lists(_STEP, min_size=1, max_size=8))
def test_nothing_that_a_run_found_is_missing_nor_told_twice(
    tmp_path_factory: pytest.TempPathFactory, steps: list[Any]
) -> None:
    """Each run tells what it stored last; as of the last one, after another scan by all, it is that scan alone."""
    file = tmp_path_factory.mktemp("store") / "s"
    last: dict[int, Any] = {}
    with SweepStore(str(file), create=True) as store:
        runs = [store.begin(day(1), DIGEST) for _ in range(3)]
        for which, step in steps:
            if step is not None:
                store.put(runs[which], look("one", *(found(KEYS[key], n) for key, n in step.items())), "s", CONDITIONS)
                last[which] = step
            elif last:
                store.unchanged(runs[which], target("one"))
    for which, step in last.items():
        now = {one.secret.redacted: one for one in told(file, runs[which]).credentials}
        assert _found(file, runs[which]) >= _masked(*(KEYS[key] for key in step))
        for key, number in step.items():
            (masked,) = _masked(KEYS[key])
            assert len(now[masked].occurrences) >= number
    final = look("one", found(KEYS[5]))
    sweep(file, final)
    assert _found(file, 4) == _masked(KEYS[5])
