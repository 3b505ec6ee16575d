from __future__ import annotations

import html
import re
from urllib.parse import unquote

import pytest
from hypothesis import given, settings

from akpatrol.model.credential import VerificationStatus
from akpatrol.model.report import Coverage, Report, StaleAllowance
from akpatrol.model.scan import Place, Secret, Skipped, State
from akpatrol.report import FORMATS, render
from tests import reports
from tests.unit.report.strategies import SECRETS, hostile, hostile_reports

KEY = reports.organization_key(reports.seeded(5))


def everywhere() -> Report:
    """Return a report with the key everywhere that scanned data can put it."""
    commit = reports.commit(reports.seeded(6), author=f"{KEY} <{KEY}@example.org>", summary=f"Use {KEY}")
    places = [
        reports.occurrence(
            KEY,
            place=place,
            path=None if place is Place.REF_NAME else f"{KEY}/x{KEY}.py".encode(),
            paths=(KEY.encode(),),
            encodings=(KEY,),
            containers=(KEY,),
            introduced=commit,
            removed=commit,
            refs=(f"refs/heads/{KEY}",),
            state=State.PRESENT,
            context=(f"{KEY} = ", Secret(KEY.encode()), KEY),
            target=KEY,
        )
        for place in Place
    ]
    said = {"reason": KEY, "scopes": (KEY, f"x:{KEY}"), "blast_radius": (KEY, f"reads {KEY}")}
    active = VerificationStatus.ACTIVE
    answer = reports.organization_answer(KEY, active, **said)
    verification = reports.verification(active, organizations=(answer,), **said)
    key = reports.inventory_key(key_id=KEY, name=KEY, created_at=KEY)
    owner = reports.owner(key, key)._replace(reason=KEY)
    target = reports.target(
        id=KEY, root=f"/src/{KEY}", base=f"/src/{KEY}", remote=f"https://{KEY}@example.org/{KEY}", head=KEY
    )
    allowed = reports.allowance(reason=KEY, where=KEY, owner=KEY)
    coverage = Coverage(counts={KEY: 1}, skipped=(Skipped(KEY, KEY), Skipped(KEY, KEY, KEY)))
    return reports.report(
        reports.credential(
            KEY,
            *places,
            rule_ids=(KEY,),
            verification=verification,
            owner=owner,
            allowed=allowed,
            title=KEY,
            tags=(KEY,),
        ),
        targets=(target,),
        coverage=coverage,
        unread_histories=(KEY,),
        notices=(KEY,),
        stale=(StaleAllowance(KEY, KEY, KEY),),
    )


def assert_hidden(secret: str, text: str) -> None:
    for form in (text, unquote(text), html.unescape(text)):
        assert secret not in form
        assert secret.partition(".")[2] not in form or "." not in secret


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("verbose", [0, 1])
def test_no_format_shows_a_secret(name: str, verbose: int) -> None:
    report = everywhere()
    assert_hidden(KEY, render(report, name, reports.options(report, verbose=verbose, colour=True)))


# Drawing a report takes far longer than rendering it: each is for all formats.
@settings(hostile, max_examples=40)
@given(report=hostile_reports)
def test_no_format_shows_a_secret_of_a_hostile_report(report: Report) -> None:
    masked = reports.redactor(reports.credential(secret) for secret in SECRETS)
    for name in FORMATS:
        text = render(report, name, reports.options(redact=masked))
        for secret in SECRETS:
            assert_hidden(secret, text)


@pytest.mark.parametrize("name", ["text", "json", "jsonl"])
def test_secrets_are_shown_on_request(name: str) -> None:
    report = everywhere()
    assert KEY in render(report, name, reports.options(report, show_secrets=True))


@pytest.mark.parametrize("name", [name for name in FORMATS if name not in ("text", "json", "jsonl")])
def test_what_is_made_to_be_uploaded_never_shows_a_secret(name: str) -> None:
    report = everywhere()
    assert_hidden(KEY, render(report, name, reports.options(report, show_secrets=True)))


@settings(hostile, max_examples=40)
@given(report=hostile_reports)
def test_what_is_made_to_be_uploaded_never_names_an_author(report: Report) -> None:
    commit = reports.commit(reports.seeded(6), author="Jane Doe <jane@example.org>", summary="mail jane@example.org")
    credentials = tuple(
        found._replace(occurrences=tuple(place._replace(introduced=commit) for place in found.occurrences))
        for found in report.credentials
    )
    changed = report._replace(credentials=credentials)
    for name in ("sarif", "github", "gitlab", "gitlab-codequality", "csv", "junit"):
        assert not re.search("jane", unquote(render(changed, name, reports.options(changed))), re.IGNORECASE)
