from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import sarif_om as om
from hypothesis import given

from akpatrol.kinds import CUSTOM, KINDS
from akpatrol.model.report import Coverage, Report
from akpatrol.model.scan import Severity, Skipped, State
from akpatrol.report import as_sarif, render
from akpatrol.report.as_sarif import FINGERPRINT, NOTIFICATION_LIMIT, tree
from tests import reports, samples
from tests.unit.report.sarif import COMMIT, KEY, log, one, run
from tests.unit.report.strategies import hostile, hostile_reports, results

if TYPE_CHECKING:
    from pathlib import Path

RANDOM = reports.seeded(8)
TOKEN = reports.personal_access_token(RANDOM)
_OF_KINDS = [kind.sarif.id for kind in KINDS if not kind.is_custom]


def test_the_serialiser_writes_schema_names_and_leaves_out_defaults() -> None:
    region = om.Region(start_line=3, end_column=9)
    assert tree(region) == {"startLine": 3, "endColumn": 9}
    assert tree(om.Result(message=om.Message(text="x"), rule_id="r")) == {
        "message": {"text": "x"},
        "ruleId": "r",
        "level": "warning",
    }
    assert tree(om.Run(tool=om.Tool(driver=om.ToolComponent(name="t")), results=[])) == {
        "tool": {"driver": {"name": "t"}},
        "results": [],
    }
    assert tree({"a": (region, None, 1)}) == {"a": [{"startLine": 3, "endColumn": 9}, None, 1]}


def test_the_frame() -> None:
    found = log(reports.report())
    assert found["version"] == "2.1.0"
    assert found["$schema"].endswith("sarif-schema-2.1.0.json")
    assert found["runs"][0]["results"] == []
    assert found["runs"][0]["columnKind"] == "unicodeCodePoints"
    assert found["runs"][0]["automationDetails"] == {"id": "akpatrol/scan/"}
    assert found["runs"][0]["originalUriBaseIds"] == {"SRCROOT": {"uri": "file:///src/shop/"}}
    assert found["runs"][0]["versionControlProvenance"] == [
        {
            "repositoryUri": "ssh://git.example.org/acme/shop.git",
            "revisionId": reports.target().head,
            "mappedTo": {"uriBaseId": "SRCROOT"},
        }
    ]


def test_the_rules_of_all_kinds_are_always_there() -> None:
    rules = run(reports.report())["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == _OF_KINDS
    for rule in rules:
        assert rule["shortDescription"]["text"]
        assert rule["fullDescription"]["text"]
        assert rule["help"]["text"]
        assert rule["help"]["markdown"]
        assert rule["defaultConfiguration"]["level"] == "error"
        assert rule["properties"]["security-severity"] == "8.0"
        assert "security" in rule["properties"]["tags"]
        assert "helpUri" not in rule


def test_a_rule_of_ones_own_has_its_own_id() -> None:
    custom = reports.credential(KEY, kind=CUSTOM, rule_ids=("acme_token",), severity=Severity.LOW)
    found = run(reports.report(custom))
    assert [rule["id"] for rule in found["tool"]["driver"]["rules"]] == [*_OF_KINDS, "acme_token"]
    assert found["tool"]["driver"]["rules"][-1]["name"] == "AcmeToken"
    assert found["results"][0]["ruleId"] == "acme_token"
    assert found["results"][0]["ruleIndex"] == len(_OF_KINDS)
    assert found["results"][0]["level"] == "note"


def test_one_rule_id_a_kind_whatever_rule_found_it() -> None:
    assert one(reports.occurrence(KEY))["ruleId"] == "anyreach-organization-key"
    other = reports.credential(KEY, rule_ids=("mine",))
    assert run(reports.report(other))["results"][0]["ruleId"] == "anyreach-organization-key"


def test_a_level_that_is_the_default_is_written_since_the_rules_differs() -> None:
    found = run(reports.report(reports.credential(KEY, severity=Severity.MEDIUM)))
    assert found["results"][0]["level"] == "warning"


def test_a_hit_in_history_says_commit_path_and_line() -> None:
    place = reports.occurrence(
        KEY, state=State.REMOVED, introduced=COMMIT, removed=reports.commit(reports.seeded(1), "2025-01-02T03:04:05Z")
    )
    message = one(place)["message"]["text"]
    assert "config/settings.py:12:12" in message
    assert "since commit abababababab of 2024-03-01" in message
    assert "of 2025-01-02" in message
    assert "clean history" in message
    dangling = reports.occurrence(KEY, state=State.UNREACHABLE, object="cd" * 20)
    assert "git object cdcdcdcdcdcd" in one(dangling)["message"]["text"]


def test_messages_are_no_templates_and_hold_no_links() -> None:
    message = one(reports.occurrence(KEY, path=b"{0}[x](https://example.org)\n"))["message"]["text"]
    assert not re.search(r"[\[\]{}\n]", message)
    assert r"\x7b0\x7d\x5bx\x5d(https" in message


def test_fingerprints_are_our_own_and_stay_when_lines_move() -> None:
    before = one(reports.occurrence(KEY))["partialFingerprints"]
    after = one(reports.occurrence(KEY, line=99, offset=9999, object="ab" * 20))["partialFingerprints"]
    assert before == after
    assert list(before) == [FINGERPRINT]


def test_versions_of_a_path_are_one_result_whose_fingerprint_stays() -> None:
    places = [
        reports.occurrence(
            KEY, state=State.PRESENT, object=f"{year}", introduced=reports.commit(RANDOM, f"{year}-01-01")
        )
        for year in (2021, 2022, 2023)
    ]
    (alone,) = run(reports.report(reports.credential(KEY, places[0])))["results"]
    (all_,) = run(reports.report(reports.credential(KEY, *reversed(places))))["results"]
    assert alone["partialFingerprints"] == all_["partialFingerprints"]
    assert all_["occurrenceCount"] == 3


@hostile
@given(hostile_reports)
def test_hostile_reports(report: Report) -> None:
    found = run(report)
    total = results(report)
    assert len(found["results"]) == total
    names = [result["partialFingerprints"][FINGERPRINT] for result in found["results"]]
    distinct = {(credential.kind, credential.secret) for credential in report.findings}
    assert len(set(names)) == total or len(distinct) < len(report.findings)
    for result in found["results"]:
        assert result["message"]["text"]
        location = result["locations"][0]["physicalLocation"]["artifactLocation"]
        assert re.fullmatch(r"(?:[0-9A-Za-z._~/-]|%[0-9A-F]{2})+", location["uri"])
        assert not location["uri"].startswith("/")
        assert found["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    for detail in found.get("versionControlProvenance", []):
        assert urlsplit(detail["repositoryUri"]).scheme
        assert re.fullmatch(r"[!-~]+", detail["repositoryUri"])


def test_more_places_than_github_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    limit = as_sarif.RESULT_LIMIT // 50  # so that fewer places are too many
    monkeypatch.setattr(as_sarif, "RESULT_LIMIT", limit)
    many = [reports.occurrence(KEY, path=b"f%d" % number) for number in range(limit)]
    found = run(reports.report(reports.credential(KEY, *many), reports.credential(TOKEN)))
    assert len(found["results"]) == limit
    assert {result["ruleId"] for result in found["results"]} == {
        "anyreach-organization-key",
        "anyreach-personal-access-token",
    }
    notes = found["invocations"][0]["toolExecutionNotifications"]
    assert notes[-1]["message"]["text"] == "Not in this file: 1 more place; the JSON report lists them."


def test_the_invocation() -> None:
    assert run(reports.report())["invocations"] == [
        {
            "executionSuccessful": True,
            "startTimeUtc": "2026-03-01T11:59:00.000Z",
            "endTimeUtc": "2026-03-01T11:59:01.234Z",
        }
    ]


def test_gaps_are_notifications() -> None:
    skipped = (Skipped("a\x1b[0m", "permission denied"), Skipped("b", "too large", "known"))
    invocation = run(reports.report(coverage=Coverage(skipped=skipped)))["invocations"][0]
    assert invocation["executionSuccessful"] is False
    assert [(note["level"], note["message"]["text"]) for note in invocation["toolExecutionNotifications"]] == [
        ("error", "Not scanned: a\\x1b\\x5b0m: permission denied."),
        ("note", "Not scanned: b: too large. Accepted: known."),
    ]


def test_allowed_ones_are_left_out_unless_live_and_none_is_suppressed() -> None:
    """GitHub shows suppressed results as open alerts."""
    found = run(samples.triaged(reports.seeded(1)))
    assert [result["properties"]["verification"] for result in found["results"]] == ["active", "unverified"]
    assert "Allowed by the baseline" in found["results"][0]["message"]["text"]
    assert not any("suppressions" in result for result in found["results"])
    notes = [note["message"]["text"] for note in found["invocations"][0]["toolExecutionNotifications"]]
    assert notes == [
        "Not in this file: 5 allowed: 2 by the baseline, 1 by the configuration, 1 inline, 1 by .gitleaksignore.",
        "The allowance in .akpatrol.toml for tests/ has expired on 2026-01-01.",
        "Stale allowances: 1.",
    ]


def test_many_gaps_are_summed_up() -> None:
    skipped = tuple(Skipped(f"f{number}", "unreadable") for number in range(250))
    notes = run(reports.report(coverage=Coverage(skipped=skipped)))["invocations"][0]["toolExecutionNotifications"]
    assert len(notes) == NOTIFICATION_LIMIT + 1
    assert notes[-1] == {
        "message": {"text": "Not scanned: 150 more items; the JSON report lists them."},
        "level": "error",
    }


def test_of_very_many_targets_those_with_results_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    targets = tuple(
        reports.target(id=name, root=f"/srv/{name}", base=f"/srv/{name}", remote=f"https://github.com/acme/{name}")
        for name in ("a", "b", "c")
    )
    report = reports.report(reports.credential(KEY, reports.occurrence(KEY, target="b")), targets=targets)
    whole = run(report)
    assert len(whole["versionControlProvenance"]) == len(targets)
    monkeypatch.setattr(as_sarif, "_MOST_TARGETS", 2)
    cut = run(report)
    assert [entry["repositoryUri"] for entry in cut["versionControlProvenance"]] == ["https://github.com/acme/b"]
    (result,) = cut["results"]
    base = result["locations"][0]["physicalLocation"]["artifactLocation"]["uriBaseId"]
    assert {base: "file:///srv/b/"} == {name: entry["uri"] for name, entry in cut["originalUriBaseIds"].items()}


def test_several_targets_have_several_bases() -> None:
    targets = (reports.target(), reports.target(id="t2", root="/src/other", base=None, remote=None))
    places = (reports.occurrence(KEY), reports.occurrence(KEY, target="t2"))
    found = run(reports.report(reports.credential(KEY, *places), targets=targets))
    assert list(found["originalUriBaseIds"]) == ["SRCROOT", "SRCROOT2"]
    bases = [item["locations"][0]["physicalLocation"]["artifactLocation"]["uriBaseId"] for item in found["results"]]
    assert bases == ["SRCROOT", "SRCROOT2"]
    assert [detail["repositoryUri"] for detail in found["versionControlProvenance"]] == [
        "ssh://git.example.org/acme/shop.git",
        "file:///src/other/",
    ]


VALIDATOR = shutil.which("sarif-multitool") or shutil.which("sarif-multitool-linux")


@pytest.mark.skipif(VALIDATOR is None, reason="npm's sarif-multitool is not on PATH")
@pytest.mark.parametrize("rule_kind", ["Sarif", "Ghas"])
def test_the_independent_validator_finds_no_error(tmp_path: Path, rule_kind: str) -> None:
    history = samples.history(reports.seeded(1))
    told = {
        "findings": history,
        "verified": samples.verified(reports.seeded(1)),
        "triaged": samples.triaged(reports.seeded(1)),
        "empty": reports.report(),
        "incomplete": history._replace(credentials=()),
    }
    for name, report in told.items():
        file = tmp_path / f"{name}.sarif"
        file.write_text(render(report, "sarif", reports.options(report)))
        command = [
            VALIDATOR or "",
            "validate",
            str(file),
            "--rule-kind",
            rule_kind,
            "-o",
            str(tmp_path / "out.sarif"),
        ]
        done = subprocess.run([*command, "--log", "ForceOverwrite"], capture_output=True, text=True, check=True)
        assert "Analysis completed successfully" in done.stdout
        assert "error" not in done.stdout
