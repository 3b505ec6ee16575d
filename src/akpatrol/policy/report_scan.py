"""Read a report as the scan that a baseline learns from: only names and masked forms are used."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from akpatrol.errors import UsageError
from akpatrol.model import identity
from akpatrol.model.credential import AllowanceSource
from akpatrol.model.scan import Confidence, Exclusion
from akpatrol.policy.baseline import FILES, HISTORY, BaselineEntry, Seen

if TYPE_CHECKING:
    from akpatrol.model.credential import Credential
    from akpatrol.model.report import Report

# The content of a range, an index or a message is in history once it is committed.
_SCANS = {"history": HISTORY, "range": HISTORY, "staged": HISTORY, "commit-msg": HISTORY, "scan": FILES}
_WHOLE = ("history", "scan")


class BaselineTarget(NamedTuple):
    """The repository whose baseline it is: only a report about all of it may drop entries."""

    root: str
    remote: str | None = None


class BaselineSource(NamedTuple):
    """A report's findings, why it may not drop entries ("" when it may), and how many of its credentials are live."""

    seen: Seen
    partial: str
    live: int


def learned(report: Report, name: str, here: BaselineTarget, template: BaselineEntry) -> BaselineSource:
    """Return a report's findings; ``template`` has the fields that all new entries share.

    Raises UsageError, which calls the report ``name``.
    """
    if report.command not in _SCANS:
        raise UsageError(f"{name}: a report of akpatrol {report.command} cannot be used for a baseline")
    credentials = [credential for credential in report.credentials if _is_to_learn(credential)]
    entries = {entry.fingerprint: entry for entry in (_entry(credential, template) for credential in credentials)}
    partial = _partial(report, here) or ("" if report.coverage.complete else "it is incomplete")
    seen = Seen(_SCANS[report.command], entries, complete=not partial)
    return BaselineSource(seen, partial, sum(credential.is_live for credential in credentials))


def _is_to_learn(credential: Credential) -> bool:
    """Return whether it is allowed by anything but a baseline: then it needs no entry."""
    return credential.allowed is None or credential.allowed.source is AllowanceSource.BASELINE


def _entry(credential: Credential, template: BaselineEntry) -> BaselineEntry:
    name = identity.fingerprint(credential.kind, credential.secret)
    return template._replace(fingerprint=name, kind=str(credential.kind), redacted=credential.secret.redacted)


def _partial(report: Report, here: BaselineTarget) -> str:
    """Return why a report does not cover the whole repository."""
    if report.command not in _WHOLE:
        return f"a report of {report.command} covers only a part"
    root, remote = [target.root for target in report.targets], [target.remote for target in report.targets]
    same_remote = report.command == "history" and bool(here.remote) and remote == [here.remote]
    if root != [here.root] and not same_remote:
        return "it covers more than this repository"
    if Exclusion.EXCLUDE_OPTION in report.coverage.excluded:
        return "something was excluded from it"
    if report.coverage.unsearched_rules:
        return "some rules were not searched for"
    low = any(credential.confidence is not Confidence.HIGH for credential in report.credentials)
    if report.below_confidence and not low:
        return "it may leave out findings of lower confidence"
    return ""
