"""Builders of reports and their parts. Credentials are generated from a seed, so that no file contains one."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from random import Random
from typing import TYPE_CHECKING, Any

from akpatrol.kinds import CUSTOM
from akpatrol.kinds.organization_key import KIND as ORGANIZATION_KEY
from akpatrol.kinds.personal_access_token import KIND as PERSONAL_ACCESS_TOKEN
from akpatrol.model.credential import (
    Allowance,
    AllowanceSource,
    Commit,
    Credential,
    InventoryKey,
    Occurrence,
    OrganizationAnswer,
    Owner,
    Verification,
    VerificationStatus,
)
from akpatrol.model.report import Coverage, Report
from akpatrol.model.scan import Attribution, Confidence, Place, Secret, Severity, State, Target
from akpatrol.report import RenderOptions
from akpatrol.rules.rule_file import load
from tests.credentials import random_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from akpatrol.rules.rule import RuleSet

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
RULE_IDS = {
    ORGANIZATION_KEY: "anyreach-organization-key",
    PERSONAL_ACCESS_TOKEN: "anyreach-personal-access-token",
    CUSTOM: "acme-token",
}


def seeded(seed: int) -> Random:
    """Return a source of credentials that are the same in every run."""
    return Random(seed)


def organization_key(random: Random) -> str:
    """Return an organization API key that opens nothing."""
    return f"ak_{random_text(random, 'base62', 12)}.{random_text(random, 'base62', 32)}"


def personal_access_token(random: Random) -> str:
    """Return a personal access token that opens nothing."""
    return f"pat_{random_text(random, 'base62', 40)}"


def commit(random: Random, date: str = "2024-03-01T09:30:00Z", **changes: Any) -> Commit:
    """Return a commit with a random id."""
    made = Commit(
        id=random.randbytes(20).hex(),
        date=date,
        author="Jane Doe <jane@example.org>",
        summary="Add the client",
    )
    return made._replace(**changes)


def occurrence(secret: str, **changes: Any) -> Occurrence:
    """Return an occurrence in a file of the first target."""
    made = Occurrence(
        target="t1",
        place=Place.CONTENT,
        path=b"config/settings.py",
        line=12,
        column=12,
        end_line=12,
        end_column=12 + len(secret),
        offset=311,
        state=State.WORKTREE,
        context=('API_KEY = "', Secret(secret.encode()), '"'),
    )
    return made._replace(**changes)


def credential(secret: str, *occurrences: Occurrence, **changes: Any) -> Credential:
    """Return a credential, in one file when no occurrence is given."""
    kind = ORGANIZATION_KEY if secret.startswith("ak_") else PERSONAL_ACCESS_TOKEN
    places = occurrences or (occurrence(secret),)
    made = Credential(
        kind=kind,
        secret=Secret(secret.encode()),
        rule_ids=(RULE_IDS[kind],),
        confidence=Confidence.HIGH,
        attribution=Attribution.LIKELY if kind is ORGANIZATION_KEY else Attribution.OPEN,
        severity=Severity.HIGH if kind is ORGANIZATION_KEY else Severity.MEDIUM,
        state=min((place.state for place in places), key=list(State).index),
        exposure=None,
        occurrences=places,
    )
    return made._replace(**changes)


REASONS = {
    VerificationStatus.ACTIVE: "The API accepts it (200).",
    VerificationStatus.INACTIVE: "The API refuses it (401).",
    VerificationStatus.UNKNOWN: "No complete answer arrived in time.",
    VerificationStatus.NOT_SENT: "Interrupted before it was sent.",
}
_HTTP_STATUSES = {VerificationStatus.ACTIVE: 200, VerificationStatus.INACTIVE: 401}


def verification(status: VerificationStatus, **changes: Any) -> Verification:
    """Return a verification."""
    made = Verification(
        status=status,
        reason=REASONS[status],
        checked_at=None if status is VerificationStatus.NOT_SENT else "2026-03-01T11:59:30Z",
        http_status=_HTTP_STATUSES.get(status),
    )
    return made._replace(**changes)


def asked(status: VerificationStatus, secret: str, place: Occurrence | None = None, **changes: Any) -> Credential:
    """Return a credential that was asked about; ``changes`` are the verification's."""
    return credential(secret, place or occurrence(secret), verification=verification(status, **changes))


def organization_answer(organization: str, status: VerificationStatus, **changes: Any) -> OrganizationAnswer:
    """Return the answer in one organization."""
    made = OrganizationAnswer(organization, status, REASONS[status], _HTTP_STATUSES.get(status))
    return made._replace(**changes)


def inventory_key(**changes: Any) -> InventoryKey:
    """Return a key of the API's own list."""
    made = InventoryKey("Ab12", "CI deploy", "2024-02-01T00:00:00Z", "2027-01-01T00:00:00Z")
    return made._replace(**changes)


def owner(*keys: InventoryKey) -> Owner:
    """Return whose a key is: the only one's, one of several, or nobody's of the list."""
    reasons = {0: "None of the inventory's keys.", 1: "The only key of the inventory whose id starts like this."}
    return Owner(reasons.get(len(keys), f"One of {len(keys)} keys of the inventory."), keys)


def live(secret: str, *occurrences: Occurrence, **changes: Any) -> Credential:
    """Return a credential that the API accepts, with scopes and an owner."""
    scopes = {
        "scopes": ("members:manage", "conversations:read_sensitive", "agents:read"),
        "blast_radius": ("reads transcripts and recordings", "manages members", "agents:read"),
    }
    made = credential(
        secret,
        *occurrences,
        severity=Severity.CRITICAL,
        attribution=Attribution.CONFIRMED,
        verification=verification(VerificationStatus.ACTIVE, **scopes),
        owner=owner(inventory_key()),
    )
    return made._replace(**changes)


def allowance(source: AllowanceSource = AllowanceSource.BASELINE, **changes: Any) -> Allowance:
    """Return why a credential is no finding."""
    made = Allowance(source, "used in tests only", ".akpatrol-baseline.json", "platform", "2027-01-01")
    return made._replace(**changes)


def target(**changes: Any) -> Target:
    """Return a repository."""
    made = Target(
        id="t1",
        kind="repository",
        root="/src/shop",
        remote="git@git.example.org:acme/shop.git",
        head="0123456789abcdef0123456789abcdef01234567",
        base="/src/shop",
    )
    return made._replace(**changes)


def report(*credentials: Credential, **changes: Any) -> Report:
    """Return a complete scan of one repository."""
    made = Report(
        command="scan",
        started_at="2026-03-01T11:59:00Z",
        duration=1.2345,
        targets=(target(),),
        coverage=Coverage(size=56_712_345, counts={"files": 1234}, excluded={"symlink": 3, "special_file": 1}),
        credentials=credentials,
    )
    return made._replace(**changes)


def options(report: Report | None = None, **changes: Any) -> RenderOptions:
    """Return options that mask every secret of the report."""
    made = RenderOptions(redact=redactor(report.credentials if report else ()), rules=rules(), now=NOW)
    return made._replace(**changes)


def redactor(credentials: Iterable[Credential]) -> Callable[[str], str]:
    """Return a function that masks the credentials' secrets."""
    secrets = [found.secret for found in credentials if found.secret.is_kept]
    masks = {secret.reveal().decode("utf-8", "surrogateescape"): secret.redacted for secret in secrets}

    def redact(text: str) -> str:
        for raw, mask in masks.items():
            text = text.replace(raw, mask)
        return text

    return redact


@cache
def rules() -> RuleSet:
    """Return the shipped rules."""
    return load()
