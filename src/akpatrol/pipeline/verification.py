"""Verification of a report: ask the API, look keys up in the inventory, and apply the answers to the credentials."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from akpatrol.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from akpatrol.config.options import Options
    from akpatrol.config.settings import Settings
    from akpatrol.model.credential import Credential, Verification
    from akpatrol.model.report import Report
    from akpatrol.verify import Verified, VerifyOptions
    from akpatrol.verify.inventory import ListedKey

    OnResult = Callable[[Credential, Verification], None]
    Watching = Callable[[int, Settings], AbstractContextManager[OnResult]]


class VerifiedReport(NamedTuple):
    """A report with the results of verification; ``interrupted`` when Ctrl-C cut the verification short."""

    report: Report
    interrupted: bool = False


def prepare(settings: Settings) -> Sequence[ListedKey] | None:
    """Return the inventory, None without one. Raises UsageError, before any scanning, for unusable settings."""
    _check(settings)
    if not settings.options.inventory:
        return None
    from akpatrol.verify import inventory  # noqa: PLC0415 - only when asked for

    return inventory.load(settings.options.inventory)


def _check(settings: Settings) -> None:
    options = settings.options
    if not options.verify:
        idle = {
            "--org": options.organizations,
            "--verify-rps": "verify_rps" in options.explicit,
            "--send-unattributed": options.send_unattributed,
            "--no-scopes": options.no_scopes,
            "--fail-on live": options.fail_on == "live",
        }
        for name, is_set in idle.items():
            if is_set:
                raise UsageError(f"{name} requires --verify")
        return
    from akpatrol import verify  # noqa: PLC0415 - only when asked for

    verify.check(_options(options))


def verify_report(
    report: Report, settings: Settings, entries: Sequence[ListedKey] | None, watch: Watching
) -> VerifiedReport:
    """Ask the API about the report's credentials if the settings want it, and look them up in the inventory.

    ``watch`` shows progress for that number of credentials.
    """
    if not report.credentials:
        return VerifiedReport(report, report.interrupted)
    verified = None
    if settings.options.verify:
        verified = _interrupted(report) if report.interrupted else _ask(report, settings, watch)
    known = tuple(_applied(_owned(credential, entries), verified) for credential in report.credentials)
    return VerifiedReport(
        report._replace(credentials=known), interrupted=report.interrupted or bool(verified and verified.interrupted)
    )


def _ask(report: Report, settings: Settings, watch: Watching) -> Verified:
    from akpatrol import verify  # noqa: PLC0415 - only when asked for

    with watch(len(report.credentials), settings) as on_result:
        try:
            return verify.verify_all(report.credentials, _options(settings.options), on_result)
        except UsageError as error:  # an unusable proxy, for example: the scan's result must not be lost
            return verify.Verified(
                {(credential.kind, credential.secret): _unasked(error) for credential in report.credentials}
            )


def _interrupted(report: Report) -> Verified:
    """Verify nothing: a user who interrupts the scan wants it to end."""
    from akpatrol.verify import Verified  # noqa: PLC0415 - only when asked for
    from akpatrol.verify.results import INTERRUPTED, not_sent  # noqa: PLC0415

    return Verified(
        {(credential.kind, credential.secret): not_sent(INTERRUPTED) for credential in report.credentials},
        interrupted=True,
    )


def _unasked(error: UsageError) -> Verification:
    from akpatrol.model.credential import Verification, VerificationStatus  # noqa: PLC0415 - only when asked for

    return Verification(VerificationStatus.UNKNOWN, f"The API could not be asked: {error}.")


def _options(options: Options) -> VerifyOptions:
    from akpatrol.verify import VerifyOptions  # noqa: PLC0415 - only when asked for

    return VerifyOptions(
        api_url=options.api_url,
        organizations=options.organizations,
        scopes=not options.no_scopes,
        send_unattributed=options.send_unattributed,
        ca_bundle=options.ca_bundle,
        rps=options.verify_rps,
    )


def _owned(credential: Credential, entries: Sequence[ListedKey] | None) -> Credential:
    if entries is None:
        return credential
    from akpatrol.verify import inventory  # noqa: PLC0415 - only when asked for

    return credential._replace(owner=inventory.owner(credential, entries))


def _applied(credential: Credential, verified: Verified | None) -> Credential:
    if verified is None:
        return credential
    from akpatrol.verify import consequences  # noqa: PLC0415 - only when asked for

    known = verified.results[credential.kind, credential.secret]
    return credential._replace(
        verification=known,
        severity=consequences.severity(credential.severity, credential.state, known.status),
        attribution=consequences.attribution(credential.attribution, known.status),
    )
