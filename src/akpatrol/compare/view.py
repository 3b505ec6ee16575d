"""A comparison as plain values, the same for every format; ``schema.json`` describes it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple, TypedDict

from akpatrol import __version__
from akpatrol.compare.reasons import FindingPresence
from akpatrol.report.text_safety import plain

if TYPE_CHECKING:
    from akpatrol.compare.findings import ComparedFinding, Grouping
    from akpatrol.compare.reasons import Explainer, FindingStatus
    from akpatrol.compare.rows import NamedReport

SCHEMA_VERSION = "1"
_SHA256 = "sha256:"


class ReasonView(TypedDict):
    """Why a finding is missing."""

    code: str
    detail: str


class ReasonCountView(TypedDict):
    """How many findings a reason explains first."""

    code: str
    count: int


class FindingInReportView(TypedDict):
    """One report's view of a finding; ``entries`` counts its entries for it."""

    report: str
    status: str
    entries: int
    rules: list[str]
    reasons: list[ReasonView]


class ComparedFindingView(TypedDict):
    """One secret at one place."""

    redacted: str
    secret_sha256: str | None
    kind: str | None
    rules: list[str]
    place: str
    path: str | None
    line: int | None
    containers: list[str]
    encodings: list[str]
    commits: list[str]
    objects: list[str]
    refs: list[str]
    state: str | None
    state_reason: str | None
    reports: list[FindingInReportView]


class ComparedReportView(TypedDict):
    """One report: what it is, what it has and what it misses.

    ``findings`` it has, ``folded`` it has in another version of the file, ``missed`` it has not. ``credentials_missed``
    are those of which it has no place at all. ``left_out`` are entries of rules that are not compared.
    """

    label: str
    tool: str
    version: str
    format: str
    entries: int
    left_out: int
    findings: int
    folded: int
    missed: int
    credentials_missed: int
    missed_by_reason: list[ReasonCountView]
    unreadable: list[str]
    incomplete: list[str]


class ComparisonToolView(TypedDict):
    """The program that made the comparison."""

    name: str
    version: str


class ComparisonSummaryView(TypedDict):
    """Numbers over all reports."""

    agree: bool
    findings: int
    credentials: int
    unreadable: int


class ComparisonView(TypedDict):
    """The document."""

    schema_version: str
    tool: ComparisonToolView
    repository: str | None
    notices: list[str]
    summary: ComparisonSummaryView
    reports: list[ComparedReportView]
    findings: list[ComparedFindingView]


class Comparison(NamedTuple):
    """Reports, their findings and how they are explained; ``repository`` is the one that was asked, if any."""

    reports: list[NamedReport]
    grouping: Grouping
    explainer: Explainer
    repository: str | None = None
    notices: tuple[str, ...] = ()


def build(comparison: Comparison) -> ComparisonView:
    """Return the document."""
    reports, all_findings = comparison.reports, sorted(comparison.grouping.findings, key=_order)
    statuses = [
        [comparison.explainer.status(number, finding) for number in range(len(reports))] for finding in all_findings
    ]
    findings = [_finding(finding, row, reports) for finding, row in zip(all_findings, statuses, strict=True)]
    views = [
        _report(number, report, all_findings, [row[number] for row in statuses])
        for number, report in enumerate(reports)
    ]
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "akpatrol", "version": __version__},
        "repository": None if comparison.repository is None else plain(comparison.repository),
        "notices": [plain(notice) for notice in comparison.notices],
        "summary": {
            "agree": not any(view["missed"] for view in views),
            "findings": len(findings),
            "credentials": _credentials(all_findings),
            "unreadable": sum(len(report.unreadable) for report in reports),
        },
        "reports": views,
        "findings": findings,
    }


def _order(finding: ComparedFinding) -> tuple[bool, str, int, str, str]:
    row = finding.best
    return not row.kind, row.path or "", row.line or 0, row.place.value, min(row.names, default="")


def _credentials(findings: list[ComparedFinding]) -> int:
    """Return the number of secrets; a finding whose secret no report names counts as one."""
    named = {finding.secret for finding in findings if finding.secret is not None}
    return len(named) + sum(finding.secret is None for finding in findings)


def _report(
    number: int, report: NamedReport, findings: list[ComparedFinding], statuses: list[FindingStatus]
) -> ComparedReportView:
    count = Counter(status.status for status in statuses)
    reasons = Counter(status.reasons[0].code for status in statuses if status.status is FindingPresence.MISSED)
    missed = [
        finding for finding, status in zip(findings, statuses, strict=True) if status.status is FindingPresence.MISSED
    ]
    known = {finding.secret for finding in findings if number in finding.rows}
    facts = report.facts
    return {
        "label": plain(report.label),
        "tool": plain(facts.tool),
        "version": plain(facts.version),
        "format": facts.format,
        "entries": len(report.rows),
        "left_out": report.left_out,
        "findings": count[FindingPresence.FOUND],
        "folded": count[FindingPresence.FOLDED],
        "missed": count[FindingPresence.MISSED],
        "credentials_missed": _credentials(
            [finding for finding in missed if finding.secret is None or finding.secret not in known]
        ),
        "missed_by_reason": [{"code": code, "count": number} for code, number in reasons.most_common()],
        "unreadable": [plain(reason) for reason in report.unreadable],
        "incomplete": [plain(words) for words in facts.incomplete],
    }


def _finding(
    finding: ComparedFinding, statuses: list[FindingStatus], reports: list[NamedReport]
) -> ComparedFindingView:
    rows, best = finding.all_rows, finding.best
    digests = (name for row in rows for name in sorted(row.names) if name.startswith(_SHA256))
    return {
        "redacted": next((plain(row.masked) for row in rows if row.masked), "***"),
        "secret_sha256": next((digest.removeprefix(_SHA256) for digest in digests), None),
        "kind": next((row.kind for row in rows if row.kind), None),
        "rules": [plain(rule) for rule in dict.fromkeys(row.rule for row in rows)],
        "place": best.place.value,
        "path": None if best.path is None else plain(best.path),
        "line": best.line,
        "containers": [plain(part) for part in next((row.containers for row in rows if row.containers), ())],
        "encodings": [plain(part) for part in next((row.encodings for row in rows if row.encodings), ())],
        "commits": sorted(finding.commits),
        "objects": list(dict.fromkeys(id_ for row in rows for id_ in row.objects)),
        "refs": [plain(ref) for ref in best.refs],
        "state": best.state,
        "state_reason": best.state_reason,
        "reports": [
            _in_report(number, report, finding, status)
            for number, (report, status) in enumerate(zip(reports, statuses, strict=True))
        ],
    }


def _in_report(
    number: int, report: NamedReport, finding: ComparedFinding, status: FindingStatus
) -> FindingInReportView:
    rows = finding.rows.get(number, [])
    return {
        "report": plain(report.label),
        "status": status.status,
        "entries": len(rows),
        "rules": [plain(rule) for rule in dict.fromkeys(row.rule for row in rows)],
        "reasons": [{"code": reason.code, "detail": plain(reason.detail)} for reason in status.reasons],
    }
