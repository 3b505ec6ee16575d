"""Verification and ownership in the text report."""

from __future__ import annotations

import re
from typing import Any

import pytest

from akpatrol.kinds import CUSTOM
from akpatrol.model import identity
from akpatrol.model.credential import Credential, VerificationStatus
from akpatrol.model.scan import Attribution, Severity, State
from akpatrol.report import render
from tests import reports, samples
from tests.reports import asked

RANDOM = reports.seeded(9)
KEY = reports.organization_key(RANDOM)
TOKEN = reports.personal_access_token(RANDOM)
OTHER = reports.organization_key(RANDOM)
ACTIVE, INACTIVE, UNKNOWN, NOT_SENT = VerificationStatus
PRESENT = reports.occurrence(KEY, state=State.PRESENT)

BASELINE = "add it to the baseline: akpatrol baseline update."


def text(*credentials: Credential, **changes: Any) -> str:
    report = reports.report(*credentials)
    return render(report, "text", reports.options(report, **{"width": 300, **changes}))


def first_line(*credentials: Credential) -> str:
    return text(*credentials).partition("\n")[0]


@pytest.mark.parametrize(
    ("credentials", "expected"),
    [
        ([reports.credential(KEY)], "1 credential found (1 unverified) in 1 place"),
        ([reports.live(KEY)], "1 live in 1 place"),
        ([reports.credential(OTHER), reports.live(KEY)], "1 live, 1 unverified in 2 places"),
        ([asked(UNKNOWN, KEY), asked(INACTIVE, OTHER)], "1 inactive, 1 unknown in 2 places"),
        ([asked(NOT_SENT, KEY)], "1 not sent in 1 place"),
        (
            [reports.live(KEY, reports.occurrence(KEY, state=State.IGNORED))],
            "1 live in 1 place; all only in files that git ignores (1 of them live)",
        ),
        (
            [asked(INACTIVE, KEY), reports.credential(OTHER, reports.occurrence(OTHER, state=State.IGNORED))],
            "1 inactive, 1 unverified in 2 places; 1 only in files that git ignores",
        ),
    ],
)
def test_the_first_line_leads_with_the_live(credentials: list[Credential], expected: str) -> None:
    assert first_line(*credentials) == expected


def test_the_first_line_counts_repositories_and_other_targets() -> None:
    places = (reports.occurrence(KEY), reports.occurrence(KEY, target="t2"))
    for kind, noun in (("repository", "repositories"), ("directory", "targets")):
        other = reports.target(id="t2", root="/src/other", kind=kind)
        report = reports.report(reports.live(KEY, *places), targets=(reports.target(), other))
        assert render(report, "text", reports.options(report)).startswith(f"1 live in 2 places of 2 {noun}\n")


def test_a_live_key_at_one_glance() -> None:
    live = reports.live(KEY, PRESENT)
    lines = text(live).splitlines()
    short = identity.fingerprint(live.kind, live.secret)[5:13]
    assert lines[2:7] == [
        f"CRITICAL  LIVE  {live.secret.redacted}  {short}  Anyreach organization API key",
        "  live: The API accepts it (200). Checked 2026-03-01, today.",
        "  it reads transcripts and recordings, manages members; other scopes: agents:read",
        '  owner: "CI deploy", key id Ab12; created 2024-02-01, 2 years ago; expires 2027-01-01',
        f"  high confidence; confirmed to be Anyreach's; key id {KEY[3:].split('.')[0]}",
    ]
    steps = "delete it at /api-keys in your Anyreach organization now, then replace it where it is used, then clean"
    assert f"  Next: it is live, so {steps} history." in lines


def test_verbose_shows_all_scopes_and_how_the_owner_is_known() -> None:
    shown = text(reports.live(KEY), verbose=1)
    assert "  all scopes: members:manage, conversations:read_sensitive, agents:read\n" in shown
    assert "expires 2027-01-01. The only key of the inventory whose id starts like this.\n" in shown
    assert "all scopes" not in text(reports.live(KEY))


def test_many_scopes_are_cut() -> None:
    scopes = tuple(f"thing{number}:read" for number in range(40))
    live = asked(ACTIVE, KEY, scopes=scopes, blast_radius=scopes)
    assert "  scopes: thing0:read, thing1:read, thing2:read and 37 more\n" in text(live)
    assert "thing39:read" in text(live, verbose=1)


def test_a_live_one_without_known_scopes_is_expected_to_do_everything() -> None:
    assert "  what it can do is not known, so assume everything\n" in text(asked(ACTIVE, KEY))


def test_each_organization_is_told() -> None:
    token = samples.verified(reports.seeded(1)).credentials[1]
    lines = text(token).splitlines()
    assert lines[2].startswith("CRITICAL  LIVE  pat_")
    assert lines[3:7] == [
        "  live: In org_one: The API accepts it (200). Checked 2026-03-01, today.",
        "  in org_one: live",
        "  - it acts on every descendant organization",
        "  in org_two: inactive: The API refuses it (401).",
    ]
    steps = "ask its owner to delete it at /account/tokens in your Anyreach organization now"
    assert f"Next: it is live, so {steps}" in text(token)


@pytest.mark.parametrize(("status", "mark"), [(INACTIVE, "inactive"), (UNKNOWN, "unknown"), (NOT_SENT, "not sent")])
def test_other_statuses_say_why(status: VerificationStatus, mark: str) -> None:
    lines = text(asked(status, KEY)).splitlines()
    assert lines[2].startswith(f"HIGH  {mark}  ak_")
    assert lines[3].startswith(f"  {mark}: {reports.REASONS[status]}")
    assert "LIVE" not in text(asked(status, KEY))
    assert "not verified" not in text(asked(status, KEY))
    assert ("Checked" in lines[3]) == (status is not NOT_SENT)


@pytest.mark.parametrize(
    ("credential", "expected"),
    [
        (
            asked(INACTIVE, KEY),
            f"Next: nothing to revoke; remove it from the file, or {BASELINE}",
        ),
        (
            asked(INACTIVE, KEY, place=PRESENT),
            f"Next: nothing to revoke; {BASELINE} Rewriting history is optional.",
        ),
        (asked(INACTIVE, TOKEN), "Next: find out who issued it: Anyreach's API refuses it"),
        (asked(UNKNOWN, KEY), "Next: delete it at /api-keys in your Anyreach organization now, then"),
        (asked(UNKNOWN, KEY), "To find out whether it is live: verify it again.\n"),
        (asked(UNKNOWN, TOKEN), "To find out whether it is live: verify it again with --org"),
        (
            asked(UNKNOWN, TOKEN, organizations=(reports.organization_answer("org_one", UNKNOWN),)),
            "To find out whether it is live: verify it again.\n",
        ),
        (asked(NOT_SENT, TOKEN), "verify it again with --send-unattributed."),
    ],
)
def test_what_to_do_follows_the_status(credential: Credential, expected: str) -> None:
    assert expected in text(credential)
    assert text(credential).count("Next:") == 1


@pytest.mark.parametrize(
    "credential",
    [
        asked(UNKNOWN, TOKEN, reason="It cannot be told. Give --org to find out."),
        asked(NOT_SENT, KEY),
        asked(NOT_SENT, KEY)._replace(kind=CUSTOM, attribution=Attribution.OPEN),
        asked(INACTIVE, KEY),
        reports.live(KEY),
        reports.credential(KEY),
    ],
)
def test_how_to_know_is_said_once_and_only_where_it_helps(credential: Credential) -> None:
    assert "To find out whether" not in text(credential)


def test_a_live_one_that_git_ignores_stays_in_the_gentle_group() -> None:
    ignored = reports.live(KEY, reports.occurrence(KEY, state=State.IGNORED), severity=Severity.HIGH)
    shown = text(ignored)
    assert f"\nLIVE  {ignored.secret.redacted}" in shown
    assert shown.index("Ignored by git: the right place") < shown.index("LIVE")
    assert "HIGH" not in shown
    assert "Next: leave it there, which is the right place, and never commit it." in shown


def test_a_live_one_that_is_staged_has_not_leaked() -> None:
    shown = text(reports.live(KEY, reports.occurrence(KEY, state=State.STAGED)))
    assert "CRITICAL  LIVE" in shown
    assert "Nothing has leaked yet. Remove it, then: git add" in shown


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, '"CI deploy", key id Ab12; created 2024-02-01, 2 years ago; expires 2027-01-01'),
        ({"expires_at": None}, "2 years ago; never expires"),
        ({"expires_at": "2026-01-01T00:00:00Z", "expired": True}, "; expired 2026-01-01, 8 weeks ago"),
        ({"expires_at": None, "expired": True}, "; expired"),
        ({"created_at": None}, '"CI deploy", key id Ab12; expires 2027-01-01'),
        ({"created_at": "last spring"}, "; created last spring;"),
        ({"name": ""}, "owner: a key without a name, key id Ab12"),
    ],
)
def test_whose_it_is(changes: dict[str, Any], expected: str) -> None:
    shown = text(reports.credential(KEY, owner=reports.owner(reports.inventory_key(**changes))))
    assert next(line for line in shown.splitlines() if "owner:" in line).endswith(expected) or expected in shown
    assert "not verified" in shown


def test_several_owners_are_all_named() -> None:
    keys = [reports.inventory_key(name=f"key {number}") for number in range(9)]
    shown = text(reports.live(KEY, owner=reports.owner(*keys)))
    assert "  owner: One of 9 keys of the inventory.\n" in shown
    assert all(f'  - "key {number}", key id Ab12; created' in shown for number in range(9))


def test_no_owner_is_said() -> None:
    assert "  owner: None of the inventory's keys.\n" in text(reports.live(KEY, owner=reports.owner()))


def test_colour_marks_the_live() -> None:
    assert re.search(r"\x1b\[[0-9;]*7m[^\n]*LIVE|\x1b\[7mLIVE", text(reports.live(KEY), colour=True))
