"""The effects of a verification on a credential and on the exit code: pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.errors import ExitCode
from akpatrol.model.credential import VerificationStatus
from akpatrol.model.scan import Attribution, Severity, State

if TYPE_CHECKING:
    from collections.abc import Collection


def severity(unverified: Severity, state: State, status: VerificationStatus) -> Severity:
    """Return the severity after verification.

    A live credential in a file that git ignores is in the right place, so its severity does not rise.
    """
    if status is VerificationStatus.INACTIVE:
        return Severity.LOW
    if status is VerificationStatus.ACTIVE and state is not State.IGNORED:
        return Severity.CRITICAL
    return unverified


def attribution(unverified: Attribution, status: VerificationStatus) -> Attribution:
    """Return the attribution after verification: only a credential that the API accepts is confirmed."""
    return Attribution.CONFIRMED if status is VerificationStatus.ACTIVE else unverified


def exit_code_of_live(statuses: Collection[VerificationStatus]) -> ExitCode:
    """Return the exit code of a complete run under ``--fail-on live``."""
    if VerificationStatus.ACTIVE in statuses:
        return ExitCode.FINDINGS
    unsure = {VerificationStatus.UNKNOWN, VerificationStatus.NOT_SENT}
    return ExitCode.INCOMPLETE if unsure.intersection(statuses) else ExitCode.CLEAN
