from __future__ import annotations

from xml.etree.ElementTree import Element, fromstring

import pytest
from hypothesis import given
from junitparser import JUnitXml

from akpatrol.model.report import Coverage, Report
from akpatrol.model.scan import Place, Skipped, Target
from akpatrol.report import as_junit, render
from akpatrol.report.as_junit import COVERAGE
from tests import reports, samples
from tests.unit.report.junit_schema import check
from tests.unit.report.strategies import hostile, hostile_reports, results

KEY, OTHER = (reports.organization_key(reports.seeded(seed)) for seed in (9, 10))
_TARGETS = tuple(
    Target(id=f"t{number}", kind="repository", root=f"/srv/git/{number}", remote=None) for number in (1, 2)
)


def rendered(report: Report) -> Element:
    text = render(report, "junit", reports.options(report))
    root = fromstring(text)  # noqa: S314 - our own
    check(root)
    _agrees(text, root)
    return root


def _agrees(text: str, root: Element) -> None:
    """Check that junitparser counts the same."""
    read = JUnitXml.fromstring(text.encode())
    said = [(suite.tests, suite.failures, suite.errors, suite.skipped) for suite in read]
    total = (read.tests, read.failures, read.errors)
    for suite in read:
        suite.update_statistics()  # type: ignore[no-untyped-call]
    read.update_statistics()  # type: ignore[no-untyped-call]
    assert said == [(suite.tests, suite.failures, suite.errors, suite.skipped) for suite in read]
    assert total == (read.tests, read.failures, read.errors)
    assert len(said) == len(root)


def suites(root: Element) -> dict[str, list[tuple[str, str]]]:
    """Return each suite's cases with their results."""
    return {
        suite.attrib["name"]: [
            (case.attrib["name"], case[0].tag if len(case) else "passed") for case in suite.iter("testcase")
        ]
        for suite in root
    }


def test_a_clean_run_passes() -> None:
    found = suites(rendered(reports.report(targets=_TARGETS)))
    assert found == {
        "/srv/git/1": [("no findings", "passed")],
        "/srv/git/2": [("no findings", "passed")],
        COVERAGE: [("complete", "passed")],
    }


def test_each_target_has_its_failures() -> None:
    both = reports.credential(KEY, reports.occurrence(KEY), reports.occurrence(KEY, target="t2", path=b"b"))
    found = suites(rendered(reports.report(both, targets=_TARGETS)))
    ((first, failed),) = found["/srv/git/1"]
    ((second, _),) = found["/srv/git/2"]
    assert failed == "failure"
    assert first.endswith(f"{KEY[:7]}***({len(KEY)}) in config/settings.py")
    assert second.endswith(" in b")
    assert found[COVERAGE] == [("complete", "passed")]


def test_nothing_of_an_incomplete_run_passes() -> None:
    skipped = (Skipped("a.7z", "permission denied"), Skipped("b", "too large", accepted="known"))
    root = rendered(reports.report(coverage=Coverage(skipped=skipped), targets=_TARGETS))
    results_of = suites(root)
    assert results_of.pop(COVERAGE) == [("complete", "error"), ("a.7z", "error"), ("b", "skipped")]
    assert {result for cases in results_of.values() for _, result in cases} == {"skipped"}
    assert root.attrib["errors"] == "2"


def test_accepted_skips_leave_it_green() -> None:
    coverage = Coverage(skipped=(Skipped("b", "too large", accepted="known"),))
    root = rendered(reports.report(coverage=coverage, targets=_TARGETS))
    assert (root.attrib["errors"], root.attrib["failures"]) == ("0", "0")


def test_a_name_stays_when_lines_move() -> None:
    before, after = (
        suites(rendered(reports.report(reports.credential(KEY, reports.occurrence(KEY, line=line, offset=line)))))
        for line in (3, 30)
    )
    assert before == after


def test_places_of_one_name_are_told_apart() -> None:
    places = [reports.occurrence(KEY), reports.occurrence(KEY, place=Place.PATH)]
    (cases, _) = suites(rendered(reports.report(reports.credential(KEY, *places)))).values()
    assert len({name for name, _ in cases}) == len(cases) == 2


@hostile
@given(hostile_reports)
def test_hostile_reports_are_valid(report: Report) -> None:
    root = rendered(report)
    assert len(root.findall(".//failure")) == results(report) == int(root.attrib["failures"])
    unread = sum(not skip.accepted for skip in report.coverage.skipped)
    assert len(root.findall(".//error")) == unread + bool(not report.coverage.complete)


@pytest.mark.parametrize(("places", "skips", "targets"), [(900, 5, 5), (3, 900, 5), (3, 5, 1_500), (900, 900, 1_500)])
def test_a_large_report_leaves_out_the_least_urgent_with_a_notice(
    monkeypatch: pytest.MonkeyPatch, places: int, skips: int, targets: int
) -> None:
    monkeypatch.setattr(as_junit, "SIZE_LIMIT", 400_000)  # so that fewer are too many
    report = samples.crowd(places, reports.seeded(2))
    others = tuple(Target(f"other {number}", "repository", f"/srv/git/{number}") for number in range(targets))
    skipped = tuple(Skipped(f"item {number}", "cannot be read") for number in range(skips))
    report = report._replace(targets=(*report.targets, *others), coverage=Coverage(skipped=skipped))
    text = render(report, "junit", reports.options(redact=str))
    assert len(text.encode()) <= 400_000
    root = fromstring(text)  # noqa: S314 - our own
    check(root)
    failures = len([*root.iter("failure")])
    errors = len([*root.iter("error")]) - 1
    clean = sum(case.attrib["name"] == "no findings" for case in root.iter("testcase"))
    said = ""
    for number, noun in (
        (places - failures, "places"),
        (skips - errors, "items that could not be scanned"),
        (targets - clean, "targets without findings"),
    ):
        said += f"{number:,} more {noun}, " if number else ""
    told = [case[0].attrib["message"] for case in root.iter("testcase") if case.attrib["name"] == "left out"]
    assert [text.replace(" and ", ", ") for text in told] == [f"Not in this file: {said.removesuffix(', ')}."]
    assert min(failures, errors, clean) > 0


def test_nothing_is_left_out_of_a_small_report() -> None:
    assert "left out" not in render(samples.crowd(50, reports.seeded(2)), "junit", reports.options(redact=str))
