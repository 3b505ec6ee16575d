"""Verification and ownership in the document and in SARIF."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from akpatrol.kinds.personal_access_token import KIND as PERSONAL_ACCESS_TOKEN
from akpatrol.model.credential import Credential, Occurrence, Owner, VerificationStatus
from akpatrol.model.report import Report
from akpatrol.model.scan import Attribution, Exposure, Severity, State
from akpatrol.report import FORMATS, document, order, render
from tests import reports, samples
from tests.unit.report.strategies import NASTY

if TYPE_CHECKING:
    from akpatrol.model.report import Report
    from akpatrol.report.view import CredentialView

RANDOM = reports.seeded(8)
KEY = reports.organization_key(RANDOM)
TOKEN = reports.personal_access_token(RANDOM)
OTHER = reports.organization_key(RANDOM)
ACTIVE, INACTIVE, UNKNOWN, NOT_SENT = VerificationStatus
PRESENT = reports.occurrence(KEY, state=State.PRESENT)
IGNORED = reports.occurrence(KEY, state=State.IGNORED)


def found(credential: Credential) -> CredentialView:
    report = reports.report(credential)
    return document.build(report, reports.options(report))["credentials"][0]


def results(report: Report) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads(render(report, "sarif", reports.options(report)))["runs"][0]["results"]
    return listed


def asked(status: VerificationStatus, secret: str = KEY, place: Occurrence | None = None) -> Credential:
    return reports.asked(status, secret, place)


# The document


def test_what_was_not_asked_is_null() -> None:
    assert found(reports.credential(KEY))["verification"] is None
    assert found(reports.credential(KEY))["owner"] is None


def test_a_verification() -> None:
    live = samples.verified(reports.seeded(1)).credentials[1]
    answer = {"http_status": 200, "reason": "The API accepts it (200).", "scopes": ["child_organizations:manage"]}
    refused = {"http_status": 401, "reason": "The API refuses it (401).", "scopes": [], "blast_radius": []}
    words = {"blast_radius": ["acts on every descendant organization"]}
    assert found(live)["verification"] == {
        "status": "active",
        "checked_at": "2026-03-01T11:59:30Z",
        **answer,
        **words,
        "reason": "In org_one: The API accepts it (200).",
        "organizations": [
            {"organization": "org_one", "status": "active", **answer, **words},
            {"organization": "org_two", "status": "inactive", **refused},
        ],
    }


def test_an_owner() -> None:
    keys = (reports.inventory_key(), reports.inventory_key(name="old", expires_at=None, created_at=None))
    assert found(reports.live(KEY, owner=reports.owner(*keys)))["owner"] == {
        "reason": "One of 2 keys of the inventory.",
        "keys": [
            {
                "key_id": "Ab12",
                "name": "CI deploy",
                "created_at": "2024-02-01T00:00:00Z",
                "expires_at": "2027-01-01T00:00:00Z",
                "expired": False,
            },
            {"key_id": "Ab12", "name": "old", "created_at": None, "expires_at": None, "expired": False},
        ],
    }


def test_the_summary_counts_every_status() -> None:
    report = samples.verified(reports.seeded(1))
    summary = document.build(report, reports.options(report))["summary"]
    assert summary["by_verification"] == {"active": 2, "inactive": 1, "unknown": 1, "not_sent": 1, "unverified": 1}


def test_severity_and_attribution_are_as_given() -> None:
    odd = reports.live(KEY, severity=Severity.LOW, attribution=Attribution.OPEN)
    assert (found(odd)["severity"], found(odd)["attribution"]) == ("low", "open")


def test_live_ones_come_before_what_is_as_severe() -> None:
    exposed = [
        reports.credential(reports.organization_key(RANDOM), severity=Severity.CRITICAL, exposure=Exposure.BROWSER)
        for _ in range(5)
    ]
    live = reports.live(KEY, reports.occurrence(KEY, state=State.UNREACHABLE))
    ignored = reports.live(OTHER, reports.occurrence(OTHER, state=State.IGNORED))
    ordered = order.credentials_in_order([ignored, *exposed, live])
    assert (ordered[0], ordered[-1]) == (live, ignored)


@pytest.mark.parametrize(
    ("credential", "last"),
    [
        (asked(INACTIVE), "Nothing to revoke: the API refuses it. Add it to the baseline: akpatrol baseline update."),
        (asked(INACTIVE, place=PRESENT), "Rewriting history is optional."),
        (
            asked(INACTIVE, TOKEN),
            "Find out who issued it: Anyreach's API refuses it, but another vendor's may accept it.",
        ),
        (reports.live(KEY), "Verify it again until the API refuses it."),
        (
            reports.live(KEY, PRESENT),
            "Rewriting history comes last and replaces none of these steps: every clone keeps its copy.",
        ),
        (asked(UNKNOWN), "To find out whether it is live: verify it again."),
        (
            asked(UNKNOWN, TOKEN),
            "To find out whether it is live: verify it again with --org and its organization's id.",
        ),
        (
            asked(NOT_SENT, TOKEN),
            "To find out whether it is live: if it is Anyreach's, verify it again with --send-unattributed.",
        ),
        (asked(NOT_SENT), "Then clean the place where it was found."),
        (asked(ACTIVE, place=IGNORED), "Leave it in the ignored file: that is the right place. Never commit it."),
    ],
)
def test_steps_follow_the_status(credential: Credential, last: str) -> None:
    assert found(credential)["remediation"]["steps"][-1] == last


def test_nothing_is_to_be_deleted_when_it_is_refused() -> None:
    for credential in (asked(INACTIVE), asked(INACTIVE, place=PRESENT), asked(INACTIVE, TOKEN)):
        assert not any("elete" in step for step in found(credential)["remediation"]["steps"])


# SARIF


@pytest.mark.parametrize(
    ("credential", "level", "status", "words"),
    [
        (reports.live(KEY, severity=Severity.MEDIUM), "error", "active", "live: The API accepts it (200). It reads"),
        (asked(ACTIVE), "error", "active", "What it can do is not known, so assume everything. It is live, so delete"),
        (asked(INACTIVE), "note", "inactive", "inactive: The API refuses it (401). Nothing to revoke"),
        (asked(UNKNOWN), "error", "unknown", "unknown: No complete answer arrived in time. Delete it"),
        (asked(NOT_SENT, TOKEN), "warning", "not_sent", "not sent: Interrupted before it was sent. Find out"),
        (reports.credential(KEY), "error", "unverified", "likely Anyreach's, not verified. Delete it"),
    ],
)
def test_sarif_tells_the_status(credential: Credential, level: str, status: str, words: str) -> None:
    result = results(reports.report(credential))[0]
    assert result["level"] == level
    assert result["properties"]["verification"] == status
    assert words in result["message"]["text"]
    kind = "personal-access-token" if credential.kind is PERSONAL_ACCESS_TOKEN else "organization-key"
    assert result["ruleId"] == f"anyreach-{kind}"


def test_sarif_stays_gentle_where_git_ignores_a_live_one() -> None:
    ignored = reports.occurrence(KEY, state=State.IGNORED, path=b".env")
    assert [result["level"] for result in results(reports.report(reports.live(KEY, ignored)))] == ["note"]
    both = reports.live(KEY, reports.occurrence(KEY), ignored)
    assert [result["level"] for result in results(reports.report(both))] == ["error", "note"]
    assert "live: " in results(reports.report(both))[1]["message"]["text"]


def test_sarif_names_are_the_same_whatever_verification_says() -> None:
    names = {
        json.dumps(results(reports.report(credential))[0]["partialFingerprints"])
        for credential in (reports.credential(KEY), reports.live(KEY), *map(asked, VerificationStatus))
    }
    assert len(names) == 1


# Hostile texts


@pytest.mark.parametrize("nasty", NASTY)
@pytest.mark.parametrize("name", FORMATS)
def test_hostile_answers_and_lists_stay_inert(nasty: str, name: str) -> None:
    hostile = f"{nasty}{OTHER}{nasty}"
    said: dict[str, Any] = {"reason": hostile, "scopes": (hostile,), "blast_radius": (hostile, f"x{hostile}")}
    answer = reports.organization_answer(hostile, ACTIVE, **said)
    key = reports.inventory_key(name=hostile, key_id=hostile, created_at=hostile)
    owner = Owner(hostile, (key, key))
    report = reports.report(
        reports.live(KEY, verification=reports.verification(ACTIVE, organizations=(answer,), **said), owner=owner),
        reports.live(OTHER, verification=reports.verification(ACTIVE, **said), owner=Owner(hostile)),
    )
    for verbose in (0, 1):
        shown = render(report, name, reports.options(report, verbose=verbose))
        shown.encode()
        assert all(line.isprintable() for line in shown.split("\n"))
        assert OTHER not in shown
        assert OTHER.partition(".")[2] not in shown
