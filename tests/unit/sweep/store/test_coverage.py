"""Of many green repositories, which were not really looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from akpatrol.model.scan import Skipped
from akpatrol.sweep.store.store import SweepStore
from tests import reports
from tests.unit.sweep.looks import DIGEST, day, look, sweep, target, told

if TYPE_CHECKING:
    from pathlib import Path

    from akpatrol.sweep.store.coverage import IncompleteTarget


@pytest.fixture
def file(anywhere: Path | str) -> Path | str:
    return anywhere


def _gaps(file: Path | str, run: int | None = None) -> list[IncompleteTarget]:
    with SweepStore(str(file), create=False) as store:
        return store.gaps(run)


def test_a_full_sweep_has_no_gaps(file: Path | str) -> None:
    sweep(file, look("one"), look("two"))
    assert _gaps(file) == []
    report = told(file)
    assert report.coverage.complete
    assert (report.coverage.size, report.coverage.counts, report.coverage.excluded) == (
        200,
        {"blobs": 14},
        {"submodule": 2},
    )
    assert report.notices == ()


def test_what_could_not_be_read_is_told_by_target(file: Path | str) -> None:
    sweep(file, look("one"), look("two", gaps=("a.7z", "b.7z")), look("three", gaps=("/org/three",)))
    skipped = told(file).coverage.skipped
    assert [skip.item for skip in skipped] == ["/org/two: a.7z", "/org/two: b.7z", "/org/three"]
    three, two = _gaps(file)
    assert (three.target, three.reason) == ("/org/three", "too large (1)")
    assert two == (
        "/org/two", "repository", "https://git.example.org/org/two.git", 1, day(1), False, "too large (2)",
    )  # fmt: skip


def test_what_is_accepted_is_no_gap(file: Path | str) -> None:
    whole = look("one", gaps=("a.7z",))
    whole["coverage"]["skipped"][0]["accepted"] = "test data"
    whole["coverage"]["complete"] = True
    sweep(file, whole)
    assert _gaps(file) == []
    assert told(file).coverage.complete
    assert told(file).coverage.skipped == (Skipped("/org/one: a.7z", "too large", "test data"),)


def test_many_reasons_are_cut(file: Path | str) -> None:
    whole = look("one", gaps=tuple("abcdefgh"))
    for number, skip in enumerate(whole["coverage"]["skipped"]):
        skip["reason"] = f"reason {number}"
    sweep(file, whole)
    assert _gaps(file)[0].reason.endswith("reason 4 (1); 3 more reasons")


def test_what_was_not_looked_at_lately(file: Path | str) -> None:
    sweep(file, look("one"), look("two"), look("three", gaps=("big",)))
    sweep(file, look("one"), same=("two",))
    sweep(file, same=("one",))
    three, two = _gaps(file)
    assert (three.target, three.complete, three.run) == ("/org/three", False, 1)
    assert three.reason == "too large (1); not scanned since run 1 (2026-03-01)"
    assert (two.target, two.complete, two.run, two.at) == ("/org/two", True, 2, day(2))
    assert two.reason == "not scanned since run 2 (2026-03-02)"
    notice = "2 targets were not scanned in run 3: results are from earlier runs, from run 1 (2026-03-01) on"
    assert told(file).notices == (f"{notice}; akpatrol report --coverage lists them.",)
    assert [gap.target for gap in _gaps(file, 2)] == ["/org/three"]
    assert [gap.target for gap in _gaps(file, 1)] == ["/org/three"]
    assert _gaps(file, 1)[0].reason == "too large (1)"


def test_what_was_left_out_once_and_is_the_same_after(file: Path | str) -> None:
    sweep(file, look("one"), look("two"))
    sweep(file, same=("two",))
    sweep(file, same=("one", "two"))
    assert [[gap.target for gap in _gaps(file, run)] for run in (1, 2, 3)] == [[], ["/org/one"], []]
    assert _gaps(file, 2)[0].run == 1


def test_a_run_that_was_broken_off(file: Path | str) -> None:
    sweep(file, look("one"), finished=False)
    assert not told(file).coverage.complete
    assert [(gap.target, gap.complete) for gap in _gaps(file)] == [("run 1", False)]
    sweep(file, same=("one",))
    assert told(file).coverage.complete
    assert _gaps(file) == []


@pytest.mark.parametrize("name", ["https://git.example.org/org/one.git", "/org/one"])
def test_what_failed_is_told_until_it_is_looked_at(file: Path | str, name: str) -> None:
    sweep(file, look("two"))
    with SweepStore(str(file), create=True) as store:
        run = store.begin(day(2), DIGEST)
        store.skip(run, name, "the server refused: https://me:pass@git.example.org/")
        store.unchanged(run, target("two"))
        store.finish(run, day(3))
    sweep(file, same=("two",))
    (gap,) = _gaps(file)
    assert gap[:-1] == (name, None, None, None, None, False)
    assert gap.reason == "the server refused: https://***@git.example.org/"
    assert told(file).coverage.skipped == (Skipped(name, gap.reason),)
    assert _gaps(file, 1) == []
    sweep(file, look("one"), same=("two",))
    assert _gaps(file) == []
    assert _gaps(file, 3) == [gap]


def test_a_failure_after_a_look(file: Path | str) -> None:
    sweep(file, look("one"))
    with SweepStore(str(file), create=True) as store:
        run = store.begin(day(2), DIGEST)
        store.skip(run, "/org/one", "it is locked")
        store.skip(run, "/org/one", "it is still locked")
        store.finish(run, day(3))
    failed, old = _gaps(file)
    assert (failed.reason, failed.complete) == ("it is still locked", False)
    assert (old.reason, old.complete) == ("not scanned since run 1 (2026-03-01)", True)


def test_histories_that_are_targets_themselves_were_read(file: Path | str) -> None:
    tree = reports.target(id="0", kind="directory", root="/org", remote=None, head=None)
    whole = look(tree, unread_histories=("/org/one", "/org/three"), below_confidence=2, notices=("An old one.",))
    sweep(file, whole, look("one"))
    report = told(file)
    assert report.unread_histories == ("/org/three",)
    assert report.below_confidence == 2
    assert report.notices == ("/org: An old one.",)
