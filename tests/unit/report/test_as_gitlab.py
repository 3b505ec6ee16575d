from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator

from akpatrol.kinds import CUSTOM
from akpatrol.model.report import Coverage, Report
from akpatrol.model.scan import Place, Severity, Skipped, State
from akpatrol.report import as_gitlab, render
from akpatrol.report.as_gitlab import MESSAGE_LIMIT, NO_COMMIT
from tests import reports, samples
from tests.unit.report.gitlab_schemas import SECRET_DETECTION
from tests.unit.report.strategies import hostile, hostile_reports, results

VALIDATOR = Draft202012Validator(SECRET_DETECTION)
KEY = reports.organization_key(reports.seeded(8))
COMMIT = reports.commit(reports.seeded(1), id="ab" * 20)


def rendered(report: Report) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(render(report, "gitlab", reports.options(report)))
    VALIDATOR.validate(found)
    return found


def one(place: Any, **changes: Any) -> dict[str, Any]:
    found: dict[str, Any] = rendered(reports.report(reports.credential(KEY, place), **changes))["vulnerabilities"][0]
    return found


def test_an_empty_report_is_whole() -> None:
    found = rendered(reports.report())
    assert found["vulnerabilities"] == []
    assert found["scan"]["messages"] == []
    assert (found["scan"]["start_time"], found["scan"]["end_time"]) == ("2026-03-01T11:59:00", "2026-03-01T11:59:01")
    assert found["scan"]["status"] == "success"


@hostile
@given(hostile_reports)
def test_hostile_reports_are_valid(report: Report) -> None:
    found = rendered(report)
    assert len(found["vulnerabilities"]) == results(report)


def test_a_finding() -> None:
    found = one(reports.occurrence(KEY))
    assert found["location"] == {
        "file": "config/settings.py",
        "commit": {"sha": NO_COMMIT},
        "start_line": 12,
        "end_line": 12,
    }
    assert found["severity"] == "High"
    assert found["identifiers"][0]["value"] == "organization_key"
    assert found["raw_source_code_extract"].endswith("***(48)")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"introduced": COMMIT}, {"commit": {"sha": COMMIT.id}}),
        ({"path": "caf\xe9 #1.py".encode()}, {"file": "caf\xe9 #1.py"}),
        ({"path": b"caf\xe9"}, {"file": "caf\\xe9"}),
        ({"place": Place.COMMIT_MESSAGE, "introduced": COMMIT}, {"file": f"git/commit/{COMMIT.id}"}),
    ],
)
def test_places(changes: dict[str, Any], expected: dict[str, Any]) -> None:
    assert one(reports.occurrence(KEY, **changes))["location"].items() >= expected.items()


def test_paths_are_relative_to_the_repositorys_root() -> None:
    target = reports.target(root="/src/shop/app", base="/src/shop")
    assert one(reports.occurrence(KEY), targets=(target,))["location"]["file"] == "app/config/settings.py"


def test_a_member_of_a_container_has_no_line_in_the_file() -> None:
    assert "start_line" not in one(reports.occurrence(KEY, containers=("a.py",)))["location"]


def test_ids_stay_and_differ() -> None:
    places = [reports.occurrence(KEY, path=b"f%d" % number) for number in range(3)]
    report = reports.report(reports.credential(KEY, *places))
    ids = [found["id"] for found in rendered(report)["vulnerabilities"]]
    assert len(set(ids)) == 3
    assert ids == [found["id"] for found in rendered(report)["vulnerabilities"]]


def test_what_git_ignores_is_told_gently() -> None:
    assert one(reports.occurrence(KEY, state=State.IGNORED))["severity"] == "Info"


def test_a_rule_of_ones_own_names_itself() -> None:
    report = reports.report(reports.credential(KEY, kind=CUSTOM, rule_ids=("acme",), severity=Severity.LOW))
    found = rendered(report)["vulnerabilities"][0]
    assert found["identifiers"][0] == {"type": "akpatrol_rule_id", "name": "akpatrol rule acme", "value": "acme"}
    assert found["severity"] == "Low"


def test_gaps_are_messages_and_a_failure() -> None:
    skipped = (Skipped("b", "too large", "known"), Skipped("a", "permission denied"))
    scan = rendered(reports.report(coverage=Coverage(skipped=skipped)))["scan"]
    assert scan["status"] == "failure"
    assert scan["messages"] == [
        {"level": "warn", "value": "Not scanned: a: permission denied."},
        {"level": "info", "value": "Not scanned: b: too large. Accepted: known."},
    ]


def test_many_gaps_are_summed_up() -> None:
    skipped = tuple(Skipped(f"f{number}", "unreadable") for number in range(250))
    messages = rendered(reports.report(coverage=Coverage(skipped=skipped)))["scan"]["messages"]
    assert len(messages) == MESSAGE_LIMIT + 1
    assert messages[-1]["value"] == "Not scanned: 150 more items; the JSON report lists them."


def test_what_is_allowed_is_counted() -> None:
    messages = [message["value"] for message in rendered(samples.triaged(reports.seeded(1)))["scan"]["messages"]]
    assert (
        messages[-1]
        == "Not in this file: 5 allowed: 2 by the baseline, 1 by the configuration, 1 inline, 1 by .gitleaksignore."
    )


def test_too_many_findings_leave_the_least_urgent_out_with_a_notice(monkeypatch: pytest.MonkeyPatch) -> None:
    limit = as_gitlab.SIZE_LIMIT // 10  # so that fewer findings are too many
    monkeypatch.setattr(as_gitlab, "SIZE_LIMIT", limit)
    report = samples.crowd(3_000, reports.seeded(2))
    text = render(report, "gitlab", reports.options(redact=str))
    assert limit // 2 < len(text.encode()) <= limit
    found = json.loads(text)
    assert found["vulnerabilities"][0]["severity"] == "Critical"
    left = 3_000 - len(found["vulnerabilities"])
    assert found["scan"]["messages"][-1]["value"].startswith(f"Not in this file: {left:,} more places")
