"""When a store says that a credential was open: from its sightings, its allowances and the API's answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akpatrol.model.credential import VerificationStatus
from akpatrol.model.history import OpenSpan, PastRun
from akpatrol.model.scan import Confidence, State
from akpatrol.report import document
from akpatrol.sweep.store.history import _joined, _without
from akpatrol.sweep.store.store import SweepStore
from tests import reports
from tests.unit.sweep.looks import KEYS, day, found, look, sweep, told

if TYPE_CHECKING:
    from pathlib import Path

    from akpatrol.model.history import SweepHistory
    from akpatrol.report.view import VerificationView


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "s.sqlite3"


def history(file: Path, run: int | None = None, minimum: Confidence = Confidence.LOW) -> SweepHistory:
    known = told(file, run, minimum=minimum, with_history=True).history
    assert known
    return known


def spans(file: Path, run: int | None = None) -> list[tuple[int, int | None]]:
    """Return the runs of the only credential in the only target."""
    found = history(file, run).spans
    assert len({(span.fingerprint, span.target) for span in found}) <= 1
    return [(span.since, span.until) for span in found]


def answer(status: VerificationStatus) -> VerificationView:
    asked = reports.credential(KEYS[0], verification=reports.verification(status))
    view = document.build(reports.report(asked), reports.options())["credentials"][0]["verification"]
    assert view
    return view


def test_a_report_has_no_history_unless_it_is_asked_for(file: Path) -> None:
    sweep(file, look("a", found(KEYS[0])))
    assert told(file).history is None


def test_runs_and_the_last_scan_of_each_target(file: Path) -> None:
    sweep(file, look("a"), look("b"))
    sweep(file, look("a"))
    known = history(file)
    assert known.runs == (PastRun(1, day(1)), PastRun(2, day(2)))
    assert known.scans == {"1": 2, "2": 1}
    assert history(file, 1).runs == (PastRun(1, day(1)),)


def test_a_credential_is_open_while_it_is_found(file: Path) -> None:
    sweep(file, look("a", found(KEYS[0])))
    sweep(file, look("a", found(KEYS[0], 2, State.REMOVED)))  # changed, and still there
    assert spans(file) == [(1, None)]
    sweep(file, look("a"))
    assert spans(file) == [(1, 3)]
    assert spans(file, 2) == [(1, None)]
    sweep(file, look("a", found(KEYS[0])))
    assert spans(file) == [(1, 3), (4, None)]


def test_an_allowed_credential_is_not_open(file: Path) -> None:
    sweep(file, look("a", found(KEYS[0], allowed=reports.allowance())))
    assert spans(file) == []
    sweep(file, look("a", found(KEYS[0])))
    assert spans(file) == [(2, None)]


def test_a_refused_credential_is_not_open(file: Path) -> None:
    statuses = [
        VerificationStatus.ACTIVE,
        VerificationStatus.INACTIVE,
        VerificationStatus.NOT_SENT,
        VerificationStatus.UNKNOWN,
        VerificationStatus.INACTIVE,
    ]
    fingerprint = ""
    for status in statuses:
        run = sweep(file, look("a", found(KEYS[0])))
        fingerprint = fingerprint or history(file).spans[0].fingerprint
        with SweepStore(str(file), create=True) as store:
            store.verified(run, {fingerprint: answer(status)})
    # In run 3 it was not sent, and keeps the answer of run 2.
    assert spans(file) == [(1, 2), (4, 5)]
    assert spans(file, 3) == [(1, 2)]


def test_low_confidence_counts_only_when_it_is_reported(file: Path) -> None:
    sweep(file, look("a", found(KEYS[0], confidence=Confidence.LOW)))
    assert history(file, minimum=Confidence.MEDIUM).spans == ()
    assert spans(file) == [(1, None)]


def test_each_target_has_its_own_spans_in_order(file: Path) -> None:
    sweep(file, look("a", found(KEYS[0]), found(KEYS[1])), look("b", found(KEYS[0])))
    sweep(file, look("b"))
    known = history(file).spans
    assert list(known) == sorted(known, key=lambda span: (span.fingerprint, int(span.target), span.since))
    assert sorted((span.target, span.until or 0) for span in known) == [("1", 0), ("1", 0), ("2", 2)]
    assert all(isinstance(span, OpenSpan) for span in known)


def test_what_could_not_be_scanned_is_named(file: Path) -> None:
    run = sweep(file, look("a"))
    with SweepStore(str(file), create=True) as store:
        store.skip(run, "https://git.example.org/org/gone.git", "it is gone")
    assert history(file).failed == {"https://git.example.org/org/gone.git"}


_ENDS = 9


@given(
    st.lists(st.integers(1, _ENDS), unique=True).map(sorted), st.lists(st.integers(1, _ENDS), unique=True).map(sorted)
)
def test_spans_are_what_is_seen_and_not_refused(seen: list[int], refused: list[int]) -> None:
    """Read one row a run, and as runs of numbers: what is left is the difference of both sets."""
    left = _without(_joined([(run, run + 1) for run in seen]), list(_joined([(run, run + 1) for run in refused])))
    found = list(left)
    assert sorted(run for since, until in found for run in range(since, until or 0)) == sorted({*seen} - {*refused})
    assert all(until is not None and since < until for since, until in found)


def test_what_is_refused_for_good_ends_a_span() -> None:
    assert list(_without(iter([(1, None), (9, None)]), [(2, 4), (6, None)])) == [(1, 2), (4, 6)]


def test_rows_of_two_sweeps_at_once_are_one_span() -> None:
    assert list(_joined([(1, 5), (3, 4), (5, 6), (8, None), (9, 10)])) == [(1, 6), (8, None)]
