from __future__ import annotations

import hashlib
import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator

from akpatrol.kinds import CUSTOM, KINDS
from akpatrol.model.report import Report
from akpatrol.model.scan import Attribution, Confidence, Exposure, Secret, Severity, Skipped, State
from akpatrol.report import advice, document, render
from tests import reports, samples
from tests.unit.report.strategies import hostile, hostile_reports

if TYPE_CHECKING:
    from akpatrol.model.report import Report
    from akpatrol.report.view import CredentialView, ReportView

SCHEMA = json.loads((files("akpatrol.report") / "schema.json").read_text())
VALIDATOR = Draft202012Validator(SCHEMA)
RANDOM = reports.seeded(3)
KEY = reports.organization_key(RANDOM)
TOKEN = reports.personal_access_token(RANDOM)
SAMPLES = [samples.staged(reports.seeded(1)), samples.history(reports.seeded(1)), reports.report()]
SAMPLES += [samples.verified(reports.seeded(1)), samples.triaged(reports.seeded(1))]
SAMPLES += [samples.workstation(reports.seeded(1))]


def line_validator(name: str) -> Draft202012Validator:
    return Draft202012Validator({**SCHEMA["$defs"][name], "$defs": SCHEMA["$defs"]})


def build(report: Report, **changes: Any) -> ReportView:
    return document.build(report, reports.options(report, **changes))


def first(report: Report, **changes: Any) -> CredentialView:
    return build(report, **changes)["credentials"][0]


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_the_schema_closes_every_object_and_wants_every_field() -> None:
    def check(schema: Any) -> None:
        if isinstance(schema, list):
            for item in schema:
                check(item)
        elif isinstance(schema, dict):
            if "properties" in schema and isinstance(schema.get("type", "object"), str | list):
                assert schema["additionalProperties"] is False
                assert set(schema["required"]) == set(schema["properties"])
            for item in schema.values():
                check(item)

    check({key: value for key, value in SCHEMA.items() if key != "$defs"})
    for definition in SCHEMA["$defs"].values():
        check(definition)


@pytest.mark.parametrize("report", SAMPLES)
@pytest.mark.parametrize("show_secrets", [False, True])
def test_samples_are_valid(report: Report, show_secrets: bool) -> None:
    VALIDATOR.validate(json.loads(render(report, "json", reports.options(report, show_secrets=show_secrets))))


@hostile
@given(hostile_reports)
def test_hostile_reports_are_valid_in_json_and_json_lines(report: Report) -> None:
    options = reports.options(report)
    whole = json.loads(render(report, "json", options))
    VALIDATOR.validate(whole)
    lines = [json.loads(line) for line in render(report, "jsonl", options).splitlines()]
    header, *credentials, last = lines
    line_validator("header").validate(header)
    line_validator("last_line").validate(last)
    assert [{**found, "type": "credential"} for found in whole["credentials"]] == credentials
    assert last == {
        "type": "coverage",
        **{key: whole[key] for key in ("coverage", "notices", "stale", "asked", "changes", "sources", "summary")},
    }


@hostile
@given(hostile_reports)
def test_json_is_printable_and_can_be_encoded(report: Report) -> None:
    options = reports.options(report)
    for name in ("json", "jsonl", "sarif"):
        text = render(report, name, options)
        text.encode()
        assert all(line.isprintable() for line in text.split("\n"))
        assert text.endswith("\n")


@hostile
@given(hostile_reports)
def test_the_same_report_in_another_order_is_the_same_document(report: Report) -> None:
    changed = report._replace(
        coverage=report.coverage._replace(skipped=report.coverage.skipped[::-1]),
        unread_histories=report.unread_histories[::-1],
    )
    assert build(report) == build(changed)


def test_fingerprint_is_of_kind_and_secret_only() -> None:
    digest = hashlib.sha256(b"organization_key\0" + KEY.encode()).hexdigest()
    changes: dict[str, Any] = {"rule_ids": ("other",), "severity": Severity.LOW, "state": State.REMOVED}
    for credential in (reports.credential(KEY), reports.credential(KEY, **changes)):
        found = first(reports.report(credential))
        assert found["fingerprint"] == f"akp1:{digest}"
        assert found["secret_sha256"] == hashlib.sha256(KEY.encode()).hexdigest()


def test_key_id_is_of_organization_keys_only() -> None:
    assert first(reports.report(reports.credential(KEY)))["key_id"] == KEY[3:].split(".")[0]
    assert first(reports.report(reports.credential(TOKEN)))["key_id"] is None
    odd = reports.credential(KEY)._replace(secret=Secret(b"no id in here at all"))
    assert first(reports.report(odd))["key_id"] is None


def test_key_id_survives_masking() -> None:
    key_id = KEY[3:].split(".")[0]
    report = reports.report(reports.credential(KEY))
    assert first(report)["key_id"] == key_id
    assert first(report)["redacted"] == Secret(KEY.encode()).redacted


def test_first_seen_is_the_earliest_introduction() -> None:
    places = [
        reports.occurrence(KEY, introduced=reports.commit(RANDOM, f"{year}-01-01T00:00:00Z"), offset=year)
        for year in (2024, 2021, 2025)
    ]
    assert first(reports.report(reports.credential(KEY, *places)))["first_seen"] == "2021-01-01T00:00:00Z"
    assert first(reports.report(reports.credential(KEY)))["first_seen"] is None


def test_credentials_are_ordered_by_urgency() -> None:
    order = [
        (Severity.CRITICAL, State.REMOVED, Confidence.LOW),
        (Severity.HIGH, State.WORKTREE, Confidence.MEDIUM),
        (Severity.HIGH, State.STAGED, Confidence.HIGH),
        (Severity.HIGH, State.STAGED, Confidence.LOW),
        (Severity.HIGH, State.PRESENT, Confidence.HIGH),
        (Severity.HIGH, State.REMOVED, Confidence.HIGH),
        (Severity.HIGH, State.UNREACHABLE, Confidence.HIGH),
        (Severity.LOW, State.WORKTREE, Confidence.HIGH),
        (Severity.CRITICAL, State.IGNORED, Confidence.HIGH),
    ]
    credentials = [
        reports.credential(reports.organization_key(RANDOM), severity=severity, state=state, confidence=confidence)
        for severity, state, confidence in order
    ]
    RANDOM.shuffle(credentials)
    found = build(reports.report(*credentials))["credentials"]
    assert [(item["severity"], item["state"], item["confidence"]) for item in found] == [
        (severity.name.lower(), state.value, confidence.name.lower()) for severity, state, confidence in order
    ]


def test_occurrences_are_ordered_by_state_then_age() -> None:
    old, new = reports.commit(RANDOM, "2020-01-01T00:00:00Z"), reports.commit(RANDOM, "2024-01-01T00:00:00Z")
    places = [
        reports.occurrence(KEY, state=State.IGNORED, path=b"4"),
        reports.occurrence(KEY, state=State.PRESENT, path=b"3", introduced=new),
        reports.occurrence(KEY, state=State.PRESENT, path=b"2", introduced=old),
        reports.occurrence(KEY, state=State.WORKTREE, path=b"1"),
    ]
    found = first(reports.report(reports.credential(KEY, *places)))
    assert [place["path"] for place in found["occurrences"]] == ["1", "2", "3", "4"]


def test_the_secret_is_shown_only_on_request() -> None:
    place = reports.occurrence(KEY, path=f"{KEY}.txt".encode())
    report = reports.report(reports.credential(KEY, place))
    assert first(report)["secret"] is None
    shown = first(report, show_secrets=True)
    assert shown["secret"] == KEY
    assert shown["occurrences"][0]["path"] == f"{KEY}.txt"
    assert shown["occurrences"][0]["context"] == f'API_KEY = "{KEY}"'


def test_a_remotes_password_is_never_shown() -> None:
    target = reports.target(remote="https://jane:hunter2@git.example.org/x.git")
    report = reports.report(targets=(target,))
    assert build(report)["scan"]["targets"][0]["remote"] == "https://***@git.example.org/x.git"


def test_summary_counts() -> None:
    summary = build(samples.history(reports.seeded(1)))["summary"]
    assert summary["credentials"] == 4
    assert summary["occurrences"] == 14
    assert summary["by_severity"] == {"critical": 1, "high": 2, "medium": 1, "low": 0}
    assert summary["by_state"]["ignored"] == 1
    assert summary["by_kind"] == dict.fromkeys(KINDS, 0) | {"organization_key": 3, "personal_access_token": 1}
    assert summary["by_verification"] == {"active": 0, "inactive": 0, "unknown": 0, "not_sent": 0, "unverified": 4}
    assert summary["below_min_confidence"] == 7
    assert summary["histories_not_read"] == ["third party/tool", "vendor/lib"]


def test_findings_and_allowed_ones_are_counted_apart() -> None:
    summary = build(samples.triaged(reports.seeded(1)))["summary"]
    told = {key: summary[key] for key in ("credentials", "findings", "allowed", "allowed_but_live", "occurrences")}
    assert told == {"credentials": 7, "findings": 2, "allowed": 5, "allowed_but_live": 1, "occurrences": 2}
    assert summary["by_allowance"] == {"baseline": 2, "configuration": 1, "inline": 1, "gitleaksignore": 1}
    assert sum(summary["by_severity"].values()) == 2


@hostile
@given(hostile_reports)
def test_findings_stand_before_allowed_ones(report: Report) -> None:
    whole = build(report)
    findings = whole["credentials"][: whole["summary"]["findings"]]
    allowed = whole["credentials"][whole["summary"]["findings"] :]
    assert len(findings) == len(report.findings)
    assert len(allowed) == whole["summary"]["allowed"] == sum(whole["summary"]["by_allowance"].values())
    assert all(found["allowed"] for found in allowed)


def test_an_allowance_is_told_whole() -> None:
    found = build(samples.triaged(reports.seeded(1)))
    assert found["credentials"][0]["allowed"] == {
        "source": "baseline",
        "reason": "used in tests only",
        "owner": "platform",
        "expires": "2027-01-01",
        "where": ".akpatrol-baseline.json",
    }
    assert found["credentials"][1]["allowed"] is None
    assert found["stale"] == [
        {"where": ".akpatrol-baseline.json", "entry": "akp1:0123", "reason": "used in tests only"}
    ]
    assert len(found["notices"]) == 1


def test_nothing_is_to_be_done_about_an_allowed_one() -> None:
    credential = reports.credential(KEY, allowed=reports.allowance())
    assert first(reports.report(credential))["remediation"]["steps"] == [
        "Nothing to do while it is allowed and not live."
    ]


def test_an_accepted_skip_leaves_the_run_complete() -> None:
    coverage = reports.report().coverage._replace(skipped=(Skipped("a", "b", "known"),))
    assert build(reports.report(coverage=coverage))["coverage"]["complete"] is True


@pytest.mark.parametrize(
    ("states", "words"),
    [
        ({State.IGNORED}, "right place"),
        ({State.STAGED}, "nothing has leaked yet"),
        ({State.STAGED, State.IGNORED}, "nothing has leaked yet"),
        ({State.STAGED, State.PRESENT}, "Delete the key on the API Keys page"),
        ({State.WORKTREE}, "Delete the key on the API Keys page"),
        ({State.UNREACHABLE}, "Delete the key on the API Keys page"),
    ],
)
def test_advice_follows_every_place(states: set[State], words: str) -> None:
    places = [reports.occurrence(KEY, state=state, offset=index) for index, state in enumerate(sorted(states))]
    steps = first(reports.report(reports.credential(KEY, *places)))["remediation"]["steps"]
    assert words in steps[0]


def test_history_is_cleaned_last() -> None:
    place = reports.occurrence(KEY, state=State.REMOVED)
    steps = first(reports.report(reports.credential(KEY, place)))["remediation"]["steps"]
    assert steps[-1].startswith("Rewriting history comes last")


def test_an_open_token_is_asked_about_first() -> None:
    remediation = first(reports.report(reports.credential(TOKEN)))["remediation"]
    assert remediation["page"] == "/account/tokens"
    assert "another vendor's" in remediation["steps"][0]


def test_browsers_are_told_of() -> None:
    steps = first(reports.report(reports.credential(KEY, exposure=Exposure.BROWSER)))["remediation"]["steps"]
    assert any("browsers" in step for step in steps)


def test_a_rule_of_ones_own_gets_generic_steps() -> None:
    found = first(reports.report(reports.credential(KEY, kind=CUSTOM, rule_ids=("mine",))))
    assert found["remediation"] == {"page": None, "steps": list(advice.GENERIC_STEPS)}


def test_an_unknown_rule_of_a_known_kind_gets_the_kinds_steps() -> None:
    found = first(reports.report(reports.credential(KEY, rule_ids=("mine",), attribution=Attribution.CONFIRMED)))
    assert found["remediation"]["page"] == "/api-keys"
