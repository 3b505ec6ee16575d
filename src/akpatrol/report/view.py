"""The view of a report that every format reads: ``schema.json`` as types.

``document.build`` builds it, and JSON writes it unchanged. Its texts are masked. A test holds both descriptions equal.
"""

from __future__ import annotations

from collections.abc import Sequence  # noqa: TC003 - the views' types are asked for at run time
from typing import TypedDict


class ToolView(TypedDict):
    """The program that wrote the report."""

    name: str
    version: str


class TargetView(TypedDict):
    """One thing that was scanned; ``head`` is a git object id."""

    id: str
    kind: str
    path: str
    remote: str | None
    head: str | None


class ScanView(TypedDict):
    """The run: ``started_at`` is RFC 3339, UTC."""

    command: str
    started_at: str
    duration_seconds: float
    interrupted: bool
    rules_digest: str
    targets: list[TargetView]


class ChangedFilesView(TypedDict):
    """How many files a change touches, and how many of them patterns exclude."""

    count: int
    excluded: int


class ExclusionView(TypedDict):
    """How many items are left out by design for one reason."""

    reason: str
    count: int


class SkipView(TypedDict):
    """One item that could not be scanned; ``accepted`` is why that is not a gap."""

    item: str
    reason: str
    accepted: str | None


class CoverageView(TypedDict):
    """How much was scanned, excluded and skipped."""

    complete: bool
    bytes: int
    counts: dict[str, int]
    changed_files: ChangedFilesView | None
    unsearched_rules: list[str]
    excluded: list[ExclusionView]
    skipped: list[SkipView]


class AnswerView(TypedDict):
    """The API's answer about a credential."""

    status: str
    reason: str
    http_status: int | None
    scopes: list[str]
    blast_radius: list[str]


class OrganizationAnswerView(AnswerView):
    """The API's answer in one organization."""

    organization: str


class VerificationView(AnswerView):
    """The answer of all organizations together; ``checked_at`` is RFC 3339, UTC."""

    checked_at: str | None
    organizations: list[OrganizationAnswerView]


class InventoryKeyView(TypedDict):
    """One key of the API's own list."""

    key_id: str
    name: str
    created_at: str | None
    expires_at: str | None
    expired: bool


class OwnerView(TypedDict):
    """The keys of the API's own list that a credential may be."""

    reason: str
    keys: list[InventoryKeyView]


class AllowanceView(TypedDict):
    """Why a credential is not a finding."""

    source: str
    reason: str
    owner: str | None
    expires: str | None
    where: str


class RemediationView(TypedDict):
    """The page of the dashboard, and the steps in order."""

    page: str | None
    steps: list[str]


class RemovalView(TypedDict):
    """The commit that removed a credential."""

    id: str
    date: str


class CommitView(RemovalView):
    """The commit that introduced a credential; ``boundary`` is true where a shallow clone ends."""

    author: str
    summary: str
    boundary: bool


class VersionView(TypedDict):
    """One version of a file."""

    object: str
    commit: str | None
    date: str | None


class VersionsView(TypedDict):
    """The versions of a file that hold a credential in the same line."""

    count: int
    first: VersionView
    last: VersionView


class MoveView(TypedDict):
    """The path that a file had before, and the commit that introduced the credential there."""

    kind: str
    path: str
    introduced: CommitView | None


class OccurrenceView(TypedDict):
    """One place of a credential; lines and columns begin with 1, ``offset`` is in bytes.

    ``match_lines`` are where the text begins that each of ``rule_ids`` matches, ``match_line`` the first of them.
    """

    target: str
    place: str
    path: str | None
    paths: list[str]
    paths_truncated: bool
    line: int | None
    match_line: int | None
    match_lines: list[int]
    column: int | None
    end_line: int | None
    end_column: int | None
    offset: int
    end: str
    alike: int | None
    encodings: list[str]
    containers: list[str]
    object: str | None
    versions: VersionsView | None
    introduced: CommitView | None
    moved_from: MoveView | None
    removed: RemovalView | None
    refs: list[str]
    state: str
    state_reason: str | None
    exposure: str | None
    rule_ids: list[str]
    owners: list[str]
    context: str


class CredentialView(TypedDict):
    """One credential with all its occurrences; ``secret`` is the raw one with ``--show-secrets`` only.

    ``title`` names what it is: its kind, or what the user's rule is described as.
    """

    fingerprint: str
    kind: str
    title: str
    rule_ids: list[str]
    tags: list[str]
    redacted: str
    secret: str | None
    key_id: str | None
    secret_sha256: str
    confidence: str
    attribution: str
    severity: str
    state: str
    exposure: str | None
    first_seen: str | None
    found_at: str | None
    owner: OwnerView | None
    verification: VerificationView | None
    allowed: AllowanceView | None
    remediation: RemediationView
    occurrences: Sequence[OccurrenceView]


class StaleView(TypedDict):
    """An allowance that matches nothing."""

    where: str
    entry: str
    reason: str


class QueryView(TypedDict):
    """One query of ``--hashes`` or ``trace``, how it was understood, and whether it matches a credential."""

    what: str
    taken_for: str | None
    found: bool


class RunView(TypedDict):
    """An earlier run of a store."""

    run: int
    at: str


class ChangeView(TypedDict):
    """One credential that is ``new``, ``gone`` or ``changed`` since an earlier run."""

    fingerprint: str
    kind: str
    redacted: str
    change: str
    detail: str


class ChangesView(TypedDict):
    """All that differs from an earlier run."""

    since: RunView
    credentials: list[ChangeView]


class LocalSourceView(TypedDict):
    """A place on a workstation: ``findings`` counts the credentials that need action."""

    id: str
    title: str
    state: str
    findings: int
    files: int
    left_out: int
    skipped: int
    newest: str | None
    advice: str
    pages: list[str]


class SummaryView(TypedDict):
    """Counts of findings by each of their properties; ``by_allowance`` counts allowed credentials."""

    credentials: int
    findings: int
    allowed: int
    allowed_but_live: int
    occurrences: int
    by_severity: dict[str, int]
    by_confidence: dict[str, int]
    by_attribution: dict[str, int]
    by_state: dict[str, int]
    by_kind: dict[str, int]
    by_verification: dict[str, int]
    by_allowance: dict[str, int]
    below_min_confidence: int
    already_in_base: int
    histories_not_read: list[str]


class ReportView(TypedDict):
    """The whole report."""

    schema_version: str
    tool: ToolView
    scan: ScanView
    coverage: CoverageView
    credentials: Sequence[CredentialView]
    notices: list[str]
    stale: list[StaleView]
    asked: list[QueryView]
    changes: ChangesView | None
    sources: list[LocalSourceView]
    summary: SummaryView
