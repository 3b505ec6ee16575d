"""Many credentials in text: the most urgent in full, the others in a line each, and the verdict where it is seen."""

from __future__ import annotations

import pytest

from akpatrol.model.scan import Skipped
from akpatrol.report import render
from tests import reports, samples


@pytest.mark.parametrize(("number", "again"), [(2, False), (5, False), (6, True), (500, True)])
def test_the_verdict_is_told_again_once_it_has_left_the_screen(number: int, again: bool) -> None:
    report = samples.crowd(number, reports.seeded(number))
    lines = render(report, "text", reports.options(report)).splitlines()
    assert (lines[-2] == lines[0]) is again


def test_only_the_first_are_told_in_full() -> None:
    report = samples.crowd(30, reports.seeded(2))
    lines = render(report, "text", reports.options(report)).splitlines()
    start = lines.index("10 more; -v shows them in full")
    masks = {one.secret.redacted for one in report.credentials}
    assert sum("high confidence" in line for line in lines) == 20
    rest = lines[start + 1 : start + 11]
    assert all(any(mask in line for mask in masks) for line in rest)
    assert all(mask in "\n".join(lines) for mask in masks)
    assert lines[start + 11] == ""


def test_verbose_tells_all_in_full() -> None:
    report = samples.crowd(30, reports.seeded(2))
    told = render(report, "text", reports.options(report, verbose=1))
    assert told.count("high confidence") == 30
    assert "more; -v" not in told


def test_a_verdict_of_several_lines_is_told_again_as_a_whole() -> None:
    report = samples.crowd(9, reports.seeded(3))
    report = report._replace(coverage=report.coverage._replace(skipped=(Skipped("a.zip", "damaged"),)))
    lines = render(report, "text", reports.options(report, width=40)).splitlines()
    verdict = lines[: lines.index("") - 1]
    assert len(verdict) > 1
    assert lines[-len(verdict) - 1 : -1] == verdict
