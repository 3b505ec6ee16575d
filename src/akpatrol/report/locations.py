"""The places of findings, ordered for formats with a limit, with stable names."""

from __future__ import annotations

from collections import Counter
from hashlib import sha256
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote_to_bytes

from akpatrol.model.credential import VerificationStatus
from akpatrol.model.places import Reread
from akpatrol.model.scan import Severity, State
from akpatrol.report import order
from akpatrol.report.messages import action_message, result_message
from akpatrol.report.overview import findings_of
from akpatrol.report.place_view import view_of
from akpatrol.report.sarif_locations import artifact_uri
from akpatrol.report.spread import COMMIT_TEXTS, SpreadCounter
from akpatrol.report.text_safety import path_text

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from akpatrol.model.credential import Credential, Occurrence
    from akpatrol.model.report import Report
    from akpatrol.model.scan import Target
    from akpatrol.report.spread import Spread
    from akpatrol.report.view import CredentialView, OccurrenceView, ReportView

MOST_PATHS = 25_000
"""Paths of one finding; SARIF takes in so many of a whole report, the others fewer."""

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


def in_order(report: Report, view: ReportView, redact: Callable[[str], str]) -> Sequence[PathFinding]:
    """Return every finding of a visible document once for each of its paths, most urgent first.

    Each finding's worst place comes before any other place, so that a cut leaves out no finding before it must. Those
    of a large report are made on each pass: of a finding on more than ``MOST_PATHS`` paths, the first ones.
    """
    targets = {target.id: target for target in report.targets}
    findings = order.credentials_in_order(report.findings)
    if report.is_large:
        return Reread(
            lambda: _in_two_passes(findings, view, targets, redact),
            sum(_number(credential, targets, redact) for credential in findings),
        )
    by_credential = [
        list(_places(credential, credential_view, targets, redact))
        for credential, credential_view in zip(findings, findings_of(view), strict=True)
    ]
    firsts = [places[0] for places in by_credential if places]
    return [*firsts, *(place for places in by_credential for place in places[1:])]


def _in_two_passes(
    findings: Sequence[Credential], view: ReportView, targets: Mapping[str, Target], redact: Callable[[str], str]
) -> Iterator[PathFinding]:
    for credential, credential_view in zip(findings, findings_of(view), strict=True):
        yield from islice(_places(credential, credential_view, targets, redact), 1)
    for credential, credential_view in zip(findings, findings_of(view), strict=True):
        yield from islice(_places(credential, credential_view, targets, redact), 1, None)


def _number(credential: Credential, targets: Mapping[str, Target], redact: Callable[[str], str]) -> int:
    """Return on how many paths a credential is."""
    # By their hashes, which need a tenth of the memory.
    return len({hash(_group_of(place, _uri(place, targets, redact))) for place in credential.occurrences})


def _uri(occurrence: Occurrence, targets: Mapping[str, Target], redact: Callable[[str], str]) -> str:
    return artifact_uri(occurrence, targets.get(occurrence.target), redact)


def _group_of(occurrence: Occurrence, uri: str) -> tuple[str, str, str]:
    # A credential in many commits' texts is one thing to act on, as in many versions of a file.
    return occurrence.target, occurrence.place, "" if occurrence.place in COMMIT_TEXTS else uri


def _places(
    credential: Credential,
    view: CredentialView,
    targets: Mapping[str, Target],
    redact: Callable[[str], str],
) -> Iterator[PathFinding]:
    groups: dict[tuple[str, str, str], _PathGroup] = {}
    for number, occurrence in enumerate(order.occurrences_in_order(credential.occurrences)):
        uri = _uri(occurrence, targets, redact)
        path = _group_of(occurrence, uri)
        if path in groups:
            groups[path].add(occurrence, uri)
        elif len(groups) < MOST_PATHS:
            groups[path] = _PathGroup(number, occurrence, uri)
    action = action_message(view)
    for group, name in zip(groups.values(), _names(view["fingerprint"], groups.values()), strict=True):
        lead, target = group.lead, targets.get(group.lead.target)
        occurrence_view = view_of(view["occurrences"], group.number, lead)
        yield PathFinding(
            credential, view, lead, occurrence_view, target, group.uri, name, action, group.counter.spread()
        )


class _PathGroup:
    """The occurrences of a credential on one path: the worst, by its ``number`` among all, and the ``oldest``."""

    __slots__ = ("age", "counter", "lead", "number", "oldest_uri", "uri")

    def __init__(self, number: int, lead: Occurrence, uri: str) -> None:
        self.number = number
        self.lead = lead
        self.uri = self.oldest_uri = uri
        self.age = _age(lead)
        self.counter = SpreadCounter(lead)

    def add(self, occurrence: Occurrence, uri: str) -> None:
        self.counter.add(occurrence)
        age = _age(occurrence)
        if age < self.age:
            self.age, self.oldest_uri = age, uri


def _names(fingerprint: str, groups: Collection[_PathGroup]) -> list[str]:
    """Return a stable name for each group: its credential and path, and a number, 1 for the oldest with these.

    It contains no line, member or content, so that editing a file closes and opens no alert.
    """
    listed = list(groups)
    stems = [_stem(fingerprint, group.lead.place, group.oldest_uri) for group in listed]
    counted: Counter[str] = Counter()
    names = [""] * len(listed)
    for index in sorted(range(len(listed)), key=lambda index: listed[index].age):
        counted[stems[index]] += 1
        names[index] = f"{stems[index]}:{counted[stems[index]]}"
    return names


def _age(occurrence: Occurrence) -> tuple[str, int, str, str]:
    introduced = occurrence.introduced.date if occurrence.introduced else "~"
    return (introduced, occurrence.offset, occurrence.object or "", occurrence.target)


def _stem(fingerprint: str, place: str, uri: str) -> str:
    return sha256(f"{fingerprint}\0{place}\0{uri}".encode("utf-8", "surrogatepass")).hexdigest()
