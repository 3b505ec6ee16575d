"""The places of findings, ordered for formats with a limit, with stable names."""

from __future__ import annotations

from collections import Counter, defaultdict
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote_to_bytes

from akpatrol.model.credential import VerificationStatus
from akpatrol.model.scan import Severity, State
from akpatrol.report import order
from akpatrol.report.messages import action_message, result_message
from akpatrol.report.overview import findings_of
from akpatrol.report.sarif_locations import artifact_uri
from akpatrol.report.spread import COMMIT_TEXTS, spread_of
from akpatrol.report.text_safety import path_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from akpatrol.model.credential import Credential, Occurrence
    from akpatrol.model.report import Report
    from akpatrol.model.scan import Target
    from akpatrol.report.spread import Spread
    from akpatrol.report.view import CredentialView, OccurrenceView, ReportView

_LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
}
_STATUS_LEVELS = {VerificationStatus.ACTIVE: "error", VerificationStatus.INACTIVE: "note"}
"""The others leave it to the severity."""


class PathFinding(NamedTuple):
    """One finding on one path, as found and as a visible document shows it, represented by its worst place.

    ``uri`` is relative to the repository's root, ``name`` the same from run to run, ``action`` what to do, ``spread``
    which further places it represents.
    """

    credential: Credential
    view: CredentialView
    occurrence: Occurrence
    occurrence_view: OccurrenceView
    target: Target | None
    uri: str
    name: str
    action: str
    spread: Spread

    @property
    def path(self) -> str:
        """The URI as text; see ``path_text`` for bytes that are not UTF-8."""
        return path_text(unquote_to_bytes(self.uri))

    @property
    def level(self) -> str:
        """How urgent it is: ``error``, ``warning`` or ``note``."""
        if self.occurrence.state is State.IGNORED:
            return "note"
        verification = self.credential.verification
        by_severity = level_of(self.credential.severity)
        return _STATUS_LEVELS.get(verification.status, by_severity) if verification else by_severity

    @property
    def message(self) -> str:
        """The credential, its place and what to do."""
        return result_message(self.view, self.occurrence_view, self.action, self.spread)

    @property
    def lines(self) -> tuple[int, int] | None:
        """The first and last line in the file; None for a member of a container, whose lines are its own."""
        line = self.occurrence.line
        if line is None or self.occurrence.containers:
            return None
        return line, max(line, self.occurrence.end_line or line)


def level_of(severity: Severity) -> str:
    """Return the level of a severity: ``error``, ``warning`` or ``note``."""
    return _LEVELS[severity]


def in_order(report: Report, view: ReportView, redact: Callable[[str], str]) -> list[PathFinding]:
    """Return every finding of a visible document once for each of its paths, most urgent first.

    Each finding's worst place comes before any other place, so that a cut leaves out no finding before it must.
    """
    targets = {target.id: target for target in report.targets}
    by_credential = [
        list(_places(credential, credential_view, targets, redact))
        for credential, credential_view in zip(
            order.credentials_in_order(report.findings), findings_of(view), strict=True
        )
    ]
    firsts = [places[0] for places in by_credential if places]
    return [*firsts, *(place for places in by_credential for place in places[1:])]


def _places(
    credential: Credential,
    view: CredentialView,
    targets: Mapping[str, Target],
    redact: Callable[[str], str],
) -> Iterator[PathFinding]:
    occurrences = order.occurrences_in_order(credential.occurrences)
    groups: dict[tuple[str, ...], list[_Member]] = defaultdict(list)
    for occurrence, occurrence_view in zip(occurrences, view["occurrences"], strict=True):
        uri = artifact_uri(occurrence, targets.get(occurrence.target), redact)
        # A credential in many commits' texts is one thing to act on, as in many versions of a file.
        path = "" if occurrence.place in COMMIT_TEXTS else uri
        groups[occurrence.target, occurrence.place, path].append(_Member(occurrence, occurrence_view, uri))
    action = action_message(view)
    names = _names(view["fingerprint"], list(groups.values()))
    for members, name in zip(groups.values(), names, strict=True):
        lead = members[0]
        target = targets.get(lead.occurrence.target)
        spread = spread_of([member.occurrence for member in members])
        yield PathFinding(credential, view, lead.occurrence, lead.view, target, lead.uri, name, action, spread)


class _Member(NamedTuple):
    occurrence: Occurrence
    view: OccurrenceView
    uri: str


def _names(fingerprint: str, groups: list[list[_Member]]) -> list[str]:
    """Return a stable name for each group: its credential and path, and a number, 1 for the oldest with these.

    It contains no line, member or content, so that editing a file closes and opens no alert.
    """
    oldest = [min(members, key=lambda member: _age(member.occurrence)) for members in groups]
    stems = [_stem(fingerprint, member) for member in oldest]
    counted: Counter[str] = Counter()
    names = [""] * len(groups)
    for index in sorted(range(len(groups)), key=lambda index: _age(oldest[index].occurrence)):
        counted[stems[index]] += 1
        names[index] = f"{stems[index]}:{counted[stems[index]]}"
    return names


def _age(occurrence: Occurrence) -> tuple[str, int, str, str]:
    introduced = occurrence.introduced.date if occurrence.introduced else "~"
    return (introduced, occurrence.offset, occurrence.object or "", occurrence.target)


def _stem(fingerprint: str, member: _Member) -> str:
    parts = [fingerprint, member.occurrence.place, member.uri]
    return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
