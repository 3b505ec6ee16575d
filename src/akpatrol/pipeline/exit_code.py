"""The exit code of a report: findings win over gaps. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.errors import ExitCode

if TYPE_CHECKING:
    from akpatrol.config.settings import Settings
    from akpatrol.model.report import Report


def exit_code(report: Report, settings: Settings) -> ExitCode:
    """Return the report's exit code, without regard to ``--exit-zero``.

    A queried credential counts even if it is allowed.
    """
    if report.answers and report.credentials and settings.options.fail_on != "live":
        return ExitCode.FINDINGS
    return _of_findings(report, settings)


def final(code: ExitCode, report: Report, settings: Settings) -> ExitCode:
    """Return the exit code of the process: ``--exit-zero`` hides findings, but not gaps."""
    if settings.options.exit_zero and code is ExitCode.FINDINGS:
        return _without_findings(report)
    return code


def is_news(report: Report) -> bool:
    """Return whether the report says more than what was read."""
    changed = report.changes and report.changes.credentials
    mostly = report.coverage.changed and report.coverage.changed.is_mostly_excluded
    return bool(report.findings or report.notices or report.stale or report.answers or changed or mostly)


def _of_findings(report: Report, settings: Settings) -> ExitCode:
    """Return the code for findings and gaps; ``--fail-on live`` weighs findings by their verification.

    An allowed credential is a finding only if it is live; with ``--fail-on-stale`` a stale allowance counts as one.
    """
    if settings.policy.fail_on_stale and report.stale:
        return ExitCode.FINDINGS
    if not report.findings:
        return _without_findings(report)
    if settings.options.fail_on != "live":
        return ExitCode.FINDINGS
    from akpatrol.verify.consequences import exit_code_of_live  # noqa: PLC0415 - only when asked for

    code = exit_code_of_live(
        {credential.verification.status for credential in report.findings if credential.verification}
    )
    return _without_findings(report) if code is ExitCode.CLEAN else code


def _without_findings(report: Report) -> ExitCode:
    return ExitCode.CLEAN if report.coverage.complete else ExitCode.INCOMPLETE
