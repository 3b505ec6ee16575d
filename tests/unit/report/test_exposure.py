from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from hypothesis import given

from akpatrol.model.credential import VerificationStatus
from akpatrol.model.scan import State
from akpatrol.report import document, exposure, timeline
from tests import reports
from tests.unit.report.strategies import hostile, hostile_reports

if TYPE_CHECKING:
    from akpatrol.model.credential import Occurrence
    from akpatrol.model.report import Report

RANDOM = reports.seeded(81)


def build(*credentials: Any) -> exposure.ExposureChart:
    report = reports.report(*credentials)
    found = document.build(report, reports.options(report))["credentials"]
    return exposure.build(found, timeline.build(found, reports.NOW).axis)


def place(key: str, start: str, end: str | None = None) -> Occurrence:
    return reports.occurrence(
        key,
        state=State.REMOVED if end else State.PRESENT,
        introduced=reports.commit(RANDOM, f"{start}T00:00:00Z"),
        removed=reports.commit(RANDOM, f"{end}T00:00:00Z") if end else None,
    )


def found(start: str, end: str | None = None, **changes: Any) -> Any:
    key = reports.organization_key(RANDOM)
    return reports.credential(key, place(key, start, end), **changes)


def test_what_is_in_files_ends_with_its_removal_and_what_leaked_does_not() -> None:
    chart = build(found("2024-01-01", "2024-06-01"), found("2024-03-01", "2024-04-01"), found("2025-01-01"))
    assert (chart.leaked.now, chart.leaked.most) == (3, 3)
    assert (chart.in_files.now, chart.in_files.most) == (1, 2)
    assert chart.text == (
        "Leaked and not known to be revoked: 3 now, at most 3 at once; in files: 1 now, at most 2 at once"
    )


def test_what_the_api_refuses_is_no_longer_open() -> None:
    dead = reports.verification(VerificationStatus.INACTIVE, checked_at="2025-06-01T00:00:00Z")
    chart = build(found("2024-01-01", "2024-02-01", verification=dead), found("2025-01-01"))
    assert (chart.leaked.now, chart.leaked.most) == (1, 2)


def test_what_has_no_date_is_open_all_the_time() -> None:
    chart = build(reports.credential(reports.organization_key(RANDOM)), found("2024-01-01"))
    assert (chart.in_files.now, chart.in_files.most) == (2, 2)


def test_what_git_ignores_has_not_leaked() -> None:
    key = reports.organization_key(RANDOM)
    chart = build(reports.credential(key, reports.occurrence(key, state=State.IGNORED)), found("2024-01-01"))
    assert (chart.leaked.now, chart.in_files.now) == (1, 1)


def test_two_places_of_one_credential_count_once() -> None:
    key = reports.organization_key(RANDOM)
    chart = build(reports.credential(key, place(key, "2024-01-01"), place(key, "2024-02-01")))
    assert (chart.leaked.most, chart.in_files.most) == (1, 1)


@hostile
@given(hostile_reports)
def test_every_outline_stays_within_the_drawing(report: Report) -> None:
    chart = build(*report.credentials)
    for steps in (chart.leaked, chart.in_files):
        assert re.fullmatch(r"M0 40(H[0-9.]+V[0-9.]+)*Z", steps.path)
        assert all(0 <= float(x) <= 100 for x in re.findall(r"H([0-9.]+)", steps.path))
        assert all(0 <= float(y) <= exposure.HEIGHT for y in re.findall(r"V([0-9.]+)", steps.path))
        assert 0 <= steps.now <= steps.most
