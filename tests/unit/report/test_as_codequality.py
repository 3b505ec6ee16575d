from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator

from akpatrol.model.report import Coverage, Report
from akpatrol.model.scan import Severity, Skipped, State
from akpatrol.report import as_codequality, render
from akpatrol.report.as_codequality import COVERAGE_CHECK
from tests import reports, samples
from tests.unit.report.gitlab_schemas import CODE_QUALITY
from tests.unit.report.strategies import hostile, hostile_reports, results

VALIDATOR = Draft202012Validator(CODE_QUALITY)
KEY = reports.organization_key(reports.seeded(9))


def issues(report: Report) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(render(report, "gitlab-codequality", reports.options(report)))
    VALIDATOR.validate(found)
    return found


def test_a_clean_run_has_no_issue() -> None:
    assert issues(reports.report()) == []


@hostile
@given(hostile_reports)
def test_hostile_reports_are_valid(report: Report) -> None:
    found = [issue for issue in issues(report) if issue["check_name"] != COVERAGE_CHECK]
    total = results(report)
    assert len(found) == total
    distinct = {(credential.kind, credential.secret) for credential in report.findings}
    assert len({issue["fingerprint"] for issue in found}) == total or len(distinct) < len(report.findings)


def test_an_issue() -> None:
    (found,) = issues(reports.report(reports.credential(KEY)))
    assert found["check_name"] == "anyreach-organization-key"
    assert found["location"] == {"path": "config/settings.py", "lines": {"begin": 12}}


@pytest.mark.parametrize(
    ("severity", "state", "expected"),
    [
        (Severity.CRITICAL, State.WORKTREE, "blocker"),
        (Severity.HIGH, State.WORKTREE, "critical"),
        (Severity.MEDIUM, State.WORKTREE, "major"),
        (Severity.LOW, State.WORKTREE, "minor"),
        (Severity.HIGH, State.IGNORED, "info"),
    ],
)
def test_severities(severity: Severity, state: State, expected: str) -> None:
    place = reports.occurrence(KEY, state=state)
    assert issues(reports.report(reports.credential(KEY, place, severity=severity)))[0]["severity"] == expected


def test_a_place_without_a_line_is_at_the_first() -> None:
    place = reports.occurrence(KEY, line=None)
    assert issues(reports.report(reports.credential(KEY, place)))[0]["location"]["lines"] == {"begin": 1}


def test_fingerprints_stay_when_lines_move() -> None:
    before, after = (
        issues(reports.report(reports.credential(KEY, reports.occurrence(KEY, line=line, offset=line))))
        for line in (3, 30)
    )
    assert before[0]["fingerprint"] == after[0]["fingerprint"]


def test_an_incomplete_run_is_an_issue() -> None:
    (found,) = issues(reports.report(coverage=Coverage(skipped=(Skipped("a", "permission denied"),))))
    assert found["check_name"] == COVERAGE_CHECK
    assert found["description"].startswith("akpatrol: INCOMPLETE: ")
    assert found["description"].endswith("Not scanned: a: permission denied.")


def test_rules_that_were_switched_off_are_an_issue() -> None:
    (found,) = issues(reports.report(coverage=Coverage(unsearched_rules=("acme-key",))))
    assert (found["check_name"], found["description"]) == (
        COVERAGE_CHECK,
        "akpatrol: Rules not searched for: acme-key.",
    )


def test_too_many_findings_leave_the_least_urgent_out_with_a_notice(monkeypatch: pytest.MonkeyPatch) -> None:
    limit = as_codequality.SIZE_LIMIT // 10  # so that fewer findings are too many
    monkeypatch.setattr(as_codequality, "SIZE_LIMIT", limit)
    report = samples.crowd(3_000, reports.seeded(2))
    text = render(report, "gitlab-codequality", reports.options(redact=str))
    assert limit // 2 < len(text.encode()) <= limit
    notice, first, *others = json.loads(text)
    assert f"{3_000 - 1 - len(others):,} more places" in notice["description"]
    assert first["severity"] == "blocker"
