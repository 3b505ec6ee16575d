"""The exit code of a report: findings win over gaps."""

from __future__ import annotations

import pytest

from akpatrol.config.options import Options
from akpatrol.config.settings import PolicySettings, Settings
from akpatrol.errors import ExitCode
from akpatrol.model.credential import VerificationStatus
from akpatrol.model.report import Coverage, QueryAnswer, Report, StaleAllowance
from akpatrol.model.scan import Skipped
from akpatrol.pipeline.exit_code import exit_code, final
from tests import reports

_COMPLETE = Coverage()
_GAP = Coverage(skipped=(Skipped("a", "b"),))
_SECRET = reports.organization_key(reports.seeded(7))


def _report(*statuses: VerificationStatus | None, coverage: Coverage = _COMPLETE, allowed: bool = False) -> Report:
    found = [
        reports.credential(
            _SECRET,
            verification=reports.verification(status) if status else None,
            allowed=reports.allowance() if allowed else None,
        )
        for status in statuses
    ]
    return reports.report(*found, coverage=coverage)


def _settings(*, fail_on: str = "any", stale: bool = False, exit_zero: bool = False) -> Settings:
    return Settings(
        {},
        Options(exit_zero=exit_zero, fail_on=fail_on),
        policy=PolicySettings(fail_on_stale=stale),
    )


@pytest.mark.parametrize(
    ("report", "code"),
    [
        (_report(), ExitCode.CLEAN),
        (_report(coverage=_GAP), ExitCode.INCOMPLETE),
        (_report(None), ExitCode.FINDINGS),
        (_report(None, coverage=_GAP), ExitCode.FINDINGS),
        (_report(None, allowed=True), ExitCode.CLEAN),
        (_report(VerificationStatus.ACTIVE, allowed=True), ExitCode.FINDINGS),
    ],
)
def test_findings_win_over_gaps(report: Report, code: ExitCode) -> None:
    assert exit_code(report, _settings()) is code


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (VerificationStatus.ACTIVE, ExitCode.FINDINGS),
        (VerificationStatus.INACTIVE, ExitCode.CLEAN),
        (VerificationStatus.UNKNOWN, ExitCode.INCOMPLETE),
    ],
)
def test_fail_on_live_weighs_findings(status: VerificationStatus, code: ExitCode) -> None:
    assert exit_code(_report(status), _settings(fail_on="live")) is code


def test_a_query_counts_although_it_is_allowed() -> None:
    asked = _report(None, allowed=True)._replace(answers=(QueryAnswer("x", True),))
    assert exit_code(asked, _settings()) is ExitCode.FINDINGS
    assert exit_code(asked, _settings(fail_on="live")) is ExitCode.CLEAN


def test_a_stale_allowance_counts_only_when_wanted() -> None:
    stale = _report()._replace(stale=(StaleAllowance("x", "y", "z"),))
    assert exit_code(stale, _settings()) is ExitCode.CLEAN
    assert exit_code(stale, _settings(stale=True)) is ExitCode.FINDINGS


def test_exit_zero_hides_findings_but_no_gap() -> None:
    settings = _settings(exit_zero=True)
    assert final(ExitCode.FINDINGS, _report(None), settings) is ExitCode.CLEAN
    assert final(ExitCode.FINDINGS, _report(None, coverage=_GAP), settings) is ExitCode.INCOMPLETE
    assert final(ExitCode.INTERRUPTED, _report(), settings) is ExitCode.INTERRUPTED
