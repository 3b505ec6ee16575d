"""``--verify``, ``--inventory`` and ``--fail-on``: what is asked, and what the answers change about a report."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import click

from akpatrol.cli.progress import StatusLine
from akpatrol.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from akpatrol.config.options import Settings, VerificationSettings
    from akpatrol.model.credential import Credential, Verification
    from akpatrol.model.report import Report
    from akpatrol.verify import Verified, VerifyOptions
    from akpatrol.verify.inventory import ListedKey

OPTIONS = (
    click.option("--verify/--no-verify", "verify", default=None,
                 help="Ask the API whether the credentials found are live."),
    click.option("--org", "organizations", multiple=True, metavar="ID",
                 help="An organization to ask about personal access tokens in; repeatable."),
    click.option("--api-url", metavar="URL", help="Where the API is.  [default: https://api.anyreach.ai]"),
    click.option("--ca-bundle", metavar="FILE", help="Certificates to trust besides the system's, PEM."),
    click.option("--verify-rps", type=click.FloatRange(min=0, min_open=True), metavar="N",
                 help="Requests a second at most.  [default: 5]"),
    click.option("--send-unattributed", is_flag=True,
                 help="Also send tokens that may be another vendor's."),
    click.option("--no-scopes", is_flag=True, help="Do not ask what live credentials can do."),
    click.option("--inventory", metavar="FILE",
                 help="The API's own list of keys, JSON: tells whose each organization key is, without a request."),
    click.option("--fail-on", type=click.Choice(["any", "live"]),
                 help="Exit 1 for any finding, or only for a live one.  [default: any]"),
)  # fmt: skip


class Answered(NamedTuple):
    """A report with what became known; ``interrupted`` when Ctrl-C cut the asking short."""

    report: Report
    interrupted: bool = False


def prepare(settings: Settings) -> Sequence[ListedKey] | None:
    """Return the inventory, None without one. Raises UsageError, before any scanning, for what cannot be done."""
    _check(settings)
    if not settings.verification.inventory:
        return None
    from akpatrol.verify import inventory  # noqa: PLC0415 - only when asked for

    return inventory.load(settings.verification.inventory)


def _check(settings: Settings) -> None:
    flags = settings.verification
    if not flags.verify:
        idle = {
            "--org": flags.organizations,
            "--verify-rps": flags.verify_rps,
            "--send-unattributed": flags.send_unattributed,
            "--no-scopes": flags.no_scopes,
            "--fail-on live": flags.fail_on == "live",
        }
        for name, given in idle.items():
            if given:
                raise UsageError(f"{name} needs --verify")
        return
    from akpatrol import verify  # noqa: PLC0415 - only when asked for

    verify.check(_wishes(flags))


def answer(report: Report, settings: Settings, entries: Sequence[ListedKey] | None) -> Answered:
    """Ask the API about the report's credentials if the settings want it, and look them up in the inventory."""
    if not report.credentials:
        return Answered(report, report.interrupted)
    verified = None
    if settings.verification.verify:
        verified = _interrupted(report) if report.interrupted else _ask(report, settings)
    told = tuple(_told(_owned(one, entries), verified) for one in report.credentials)
    return Answered(
        report._replace(credentials=told), interrupted=report.interrupted or bool(verified and verified.interrupted)
    )


def exit_code(report: Report, settings: Settings) -> ExitCode:
    """Return what the report means: findings win over an incomplete scan, and ``--fail-on live`` weighs them.

    What is allowed is none, unless it is live; with ``--fail-on-stale`` an allowance for nothing counts as one.
    """
    complete = ExitCode.CLEAN if report.coverage.complete else ExitCode.INCOMPLETE
    if settings.policy.fail_on_stale and report.stale:
        return ExitCode.FINDINGS
    if not report.findings:
        return complete
    if settings.verification.fail_on != "live":
        return ExitCode.FINDINGS
    from akpatrol.verify.consequences import exit_code_of_live  # noqa: PLC0415 - only when asked for

    code = exit_code_of_live({one.verification.status for one in report.findings if one.verification})
    return complete if code is ExitCode.CLEAN else code


def _ask(report: Report, settings: Settings) -> Verified:
    from akpatrol import verify  # noqa: PLC0415 - only when asked for

    done = 0
    with StatusLine(settings) as line:

        def show(_credential: Credential, _verification: Verification) -> None:
            nonlocal done
            done += 1
            if line.due():
                line.show(f"asked about {done:,} of {len(report.credentials):,} credentials")

        try:
            return verify.verify_all(report.credentials, _wishes(settings.verification), show)
        except UsageError as error:  # a proxy that cannot be used, say: the scan's result must not be lost with it
            return verify.Verified({(one.kind, one.secret): _unasked(error) for one in report.credentials})


def _interrupted(report: Report) -> Verified:
    """Ask about nothing: who interrupts the search does not want it to go on."""
    from akpatrol.verify import Verified  # noqa: PLC0415 - only when asked for
    from akpatrol.verify.results import INTERRUPTED, not_sent  # noqa: PLC0415

    return Verified({(one.kind, one.secret): not_sent(INTERRUPTED) for one in report.credentials}, interrupted=True)


def _unasked(error: UsageError) -> Verification:
    from akpatrol.model.credential import Verification, VerificationStatus  # noqa: PLC0415 - only when asked for

    return Verification(VerificationStatus.UNKNOWN, f"The API could not be asked: {error}.")


def _wishes(flags: VerificationSettings) -> VerifyOptions:
    from akpatrol.verify import VerifyOptions  # noqa: PLC0415 - only when asked for

    wishes = VerifyOptions(
        organizations=flags.organizations,
        scopes=not flags.no_scopes,
        send_unattributed=flags.send_unattributed,
        ca_bundle=flags.ca_bundle,
    )
    wishes = wishes._replace(api_url=flags.api_url) if flags.api_url else wishes
    return wishes._replace(rps=flags.verify_rps) if flags.verify_rps else wishes


def _owned(credential: Credential, entries: Sequence[ListedKey] | None) -> Credential:
    if entries is None:
        return credential
    from akpatrol.verify import inventory  # noqa: PLC0415 - only when asked for

    return credential._replace(owner=inventory.owner(credential, entries))


def _told(credential: Credential, verified: Verified | None) -> Credential:
    if verified is None:
        return credential
    from akpatrol.verify import consequences  # noqa: PLC0415 - only when asked for

    known = verified.results[credential.kind, credential.secret]
    return credential._replace(
        verification=known,
        severity=consequences.severity(credential.severity, credential.state, known.status),
        attribution=consequences.attribution(credential.attribution, known.status),
    )
