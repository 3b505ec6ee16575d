"""The document's summary: counts of findings by their properties."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from akpatrol.kinds import KINDS
from akpatrol.model.scan import Attribution, Confidence, Severity, State
from akpatrol.report.wording import ALLOWANCES, STATUSES, UNVERIFIED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from akpatrol.model.credential import Credential
    from akpatrol.model.report import Report
    from akpatrol.report.mask import Mask
    from akpatrol.report.view import SummaryView


def _status(credential: Credential) -> str:
    """Return one of STATUSES."""
    return credential.verification.status if credential.verification else UNVERIFIED


def build(report: Report, mask: Mask) -> SummaryView:
    """Return the summary: ``by_allowance`` is of the allowed ones, all other numbers are of the findings."""
    findings = report.findings
    allowed = [credential.allowed for credential in report.credentials if not credential.is_finding]
    severities = Counter(credential.severity for credential in findings)
    confidences = Counter(credential.confidence for credential in findings)
    return {
        "credentials": len(report.credentials),
        "findings": len(findings),
        "allowed": len(allowed),
        "allowed_but_live": sum(credential.allowed is not None for credential in findings),
        "occurrences": sum(len(credential.occurrences) for credential in findings),
        "by_severity": {severity.name.lower(): severities[severity] for severity in reversed(Severity)},
        "by_confidence": {confidence.name.lower(): confidences[confidence] for confidence in reversed(Confidence)},
        "by_attribution": _counted(Attribution, (credential.attribution for credential in findings)),
        "by_state": _counted(State, (credential.state for credential in findings)),
        "by_kind": _counted(KINDS, (credential.kind for credential in findings)),
        "by_verification": _counted(STATUSES, (_status(credential) for credential in findings)),
        "by_allowance": _counted(ALLOWANCES, (allowance.source for allowance in allowed if allowance)),
        "below_min_confidence": report.below_confidence,
        "already_in_base": report.already_in_base,
        "histories_not_read": sorted(mask.texts(report.unread_histories)),
    }


def _counted(members: Iterable[str], values: Iterable[str]) -> dict[str, int]:
    counted = Counter(values)
    return {str(member): counted[member] for member in members}
