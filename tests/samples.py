"""Sample reports: what a run may find, from one staged key to a crowd. Their credentials come from a seed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.model.credential import AllowanceSource, VerificationStatus
from akpatrol.model.report import Coverage, LocalSource, Report, StaleAllowance
from akpatrol.model.scan import Exposure, Place, Secret, Severity, Skipped, State, StateReason, Target
from tests.reports import (
    REASONS,
    allowance,
    commit,
    credential,
    live,
    occurrence,
    organization_answer,
    organization_key,
    owner,
    personal_access_token,
    report,
    verification,
)

if TYPE_CHECKING:
    from random import Random


def staged(random: Random) -> Report:
    """Return what a developer's hook finds: one staged key."""
    key = organization_key(random)
    place = occurrence(key, state=State.STAGED, object=random.randbytes(20).hex())
    coverage = Coverage(size=2134, counts={"files": 1})
    return report(credential(key, place), command="staged", coverage=coverage, duration=0.083)


def history(random: Random) -> Report:
    """Return what a responder's sweep of a history finds: every state, several places, gaps."""
    key, old_key, token, ignored_key = (
        organization_key(random),
        organization_key(random),
        personal_access_token(random),
        organization_key(random),
    )
    many = tuple(
        occurrence(
            key,
            path=path,
            line=10 + number,
            end_line=10 + number,
            object=random.randbytes(20).hex(),
            state=State.PRESENT,
            introduced=commit(random, f"2024-03-{number + 1:02}T09:30:00Z"),
            refs=("refs/heads/main", "refs/remotes/origin/main", "refs/tags/v1.0", "refs/heads/next"),
            paths=(path,),
        )
        for number in range(5)
        for path in (b"src/app/config.py", b"deploy/values.yaml")
    )
    gone = occurrence(
        old_key,
        path="caf\xe9/old settings.env".encode("latin-1"),
        state=State.REMOVED,
        object=random.randbytes(20).hex(),
        introduced=commit(random, "2019-06-30T23:30:00-05:00"),
        removed=commit(random, "2019-07-02T08:00:00Z"),
        refs=("refs/tags/v0.9",),
        encodings=("base64",),
    )
    message = occurrence(
        old_key,
        place=Place.COMMIT_MESSAGE,
        path=None,
        line=3,
        column=1,
        end_line=3,
        end_column=1 + len(old_key),
        state=State.UNREACHABLE,
        state_reason=StateReason.REFLOG,
        introduced=commit(random, "2026-02-27T08:00:00Z"),
        context=("Use ", Secret(old_key.encode()), " for now"),
    )
    packed = occurrence(
        token,
        path=b"dist/app.whl",
        containers=("app/static/bundle.js",),
        line=1,
        column=18_233,
        end_line=1,
        end_column=18_233 + len(token),
        exposure=Exposure.BROWSER,
        context=(
            "e.exports=function(t){var n=r(12);" * 20,
            Secret(token.encode()),
            ";return{headers:n}" * 20,
        ),
    )
    return report(
        credential(key, *many, severity=Severity.CRITICAL),
        credential(old_key, gone, message),
        credential(token, packed, exposure=Exposure.BROWSER),
        credential(ignored_key, occurrence(ignored_key, path=b".env", state=State.IGNORED)),
        command="history",
        coverage=Coverage(
            size=1_834_000_000,
            counts={"blobs": 175_640, "commits": 12_004, "trees": 40_113, "tags": 1},
            excluded={"submodule": 2},
            skipped=(
                *(Skipped(f"vendor/lib{number}.tar.zst", "zstd is not supported") for number in range(8)),
                Skipped("data/huge.bin", "larger than 1 GiB", "generated test data"),
            ),
        ),
        below_confidence=7,
        unread_histories=("vendor/lib", "third party/tool"),
    )


def verified(random: Random) -> Report:
    """Return a verified scan: a live key, a live token in one of two organizations, and every other status."""
    token = personal_access_token(random)
    answers = (
        organization_answer(
            "org_one",
            VerificationStatus.ACTIVE,
            scopes=("child_organizations:manage",),
            blast_radius=("acts on every descendant organization",),
        ),
        organization_answer("org_two", VerificationStatus.INACTIVE),
    )
    known = verification(
        VerificationStatus.ACTIVE,
        reason="In org_one: " + REASONS[VerificationStatus.ACTIVE],
        organizations=answers,
        scopes=answers[0].scopes,
        blast_radius=answers[0].blast_radius,
    )
    others = (
        credential(organization_key(random), severity=severity, verification=verification(status), owner=owner())
        for status, severity in (
            (VerificationStatus.INACTIVE, Severity.LOW),
            (VerificationStatus.UNKNOWN, Severity.HIGH),
            (VerificationStatus.NOT_SENT, Severity.HIGH),
        )
    )
    return report(
        live(organization_key(random)),
        live(token, verification=known, owner=None),
        *others,
        credential(organization_key(random)),
    )


def triaged(random: Random) -> Report:
    """Return a scan with allowances: a live key allowed all the same, quiet ones of every source, and what is stale."""
    return report(
        credential(organization_key(random)),
        live(organization_key(random), allowed=allowance()),
        *(credential(organization_key(random), allowed=allowance(source)) for source in AllowanceSource),
        credential(personal_access_token(random), allowed=allowance(owner=None, expires=None)),
        notices=("The allowance in .akpatrol.toml for tests/ has expired on 2026-01-01.",),
        stale=(StaleAllowance(".akpatrol-baseline.json", "akp1:0123", "used in tests only"),),
    )


def crowd(number: int, random: Random) -> Report:
    """Return a scan with many findings, the last one the worst."""
    others = (credential(organization_key(random)) for _ in range(number - 1))
    return report(*others, live(organization_key(random)))


def workstation(random: Random) -> Report:
    """Return what a developer finds on a machine of their own: a key in a transcript, and gaps."""
    key = organization_key(random)
    transcripts = LocalSource(
        "transcripts", "Agent: transcripts", 14, newest="2026-02-27T10:00:00Z", advice="Delete it."
    )
    sources = (
        LocalSource("absent", "Absent"),
        LocalSource("history", "Shell: history", 1, newest="2026-03-01T11:00:00Z", advice="Remove the line."),
        transcripts._replace(pages=("https://docs.example.org/transcripts",)),
        LocalSource("browser", "Browser", 3, skipped=2, newest="2026-01-01T00:00:00Z"),
        LocalSource("cloud", "Cloud", skipped=1),
        LocalSource("downloads", "Downloads", left_out=7),
    )
    coverage = Coverage(
        size=5_000_000,
        counts={"files": 18},
        skipped=(
            Skipped(".browser/1.ldb", "not expanded"),
            Skipped(".browser/2.ldb", "not expanded"),
            Skipped(".cloud", "Permission denied"),
        ),
    )
    return report(
        credential(key, occurrence(key, target="transcripts", path=b".agent/a.jsonl")),
        command="workstation",
        targets=tuple(
            Target(source.id, "location", "/home/jane") for source in sources if source.files or source.skipped
        ),
        coverage=coverage,
        sources=sources,
    )
