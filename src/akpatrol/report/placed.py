"""The places of findings in the order in which formats with a limit take them, with names that stay the same."""

from __future__ import annotations

from collections import Counter
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote_to_bytes

from akpatrol.findings import VerificationStatus
from akpatrol.model import Severity, State
from akpatrol.report import document
from akpatrol.report.messages import action_message, result_message
from akpatrol.report.outcome import findings_of
from akpatrol.report.sarif_places import artifact_uri
from akpatrol.report.text_safety import path_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from akpatrol.findings import Credential, Occurrence
    from akpatrol.model import Report, Target

_LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
}
_STATUS_LEVELS = {VerificationStatus.ACTIVE: "error", VerificationStatus.INACTIVE: "note"}
"""The others leave it to the severity."""


class Placed(NamedTuple):
    """One place of one finding, as they were found and as a visible document shows them.

    ``uri`` is relative to the repository's root, ``name`` the same from run to run, ``action`` what to do.
    """

    credential: Credential
    shown: Mapping[str, Any]
    occurrence: Occurrence
    shown_place: Mapping[str, Any]
    target: Target | None
    uri: str
    name: str
    action: str

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
        """What is where, and what to do."""
        return result_message(self.shown, self.shown_place, self.action)

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


def in_order(report: Report, whole: Mapping[str, Any], redact: Callable[[str], str]) -> Iterator[Placed]:
    """Yield every place of the findings of a visible document, most urgent first.

    Each finding's worst place comes before any other place, so that a cut leaves out no finding before it must.
    """
    targets = {target.id: target for target in report.targets}
    found = [
        list(_places(credential, shown, targets, redact))
        for credential, shown in zip(document.credentials_in_order(report.findings), findings_of(whole), strict=True)
    ]
    yield from (places[0] for places in found if places)
    yield from (place for places in found for place in places[1:])


def number_of(report: Report) -> int:
    """Return how many there are."""
    return sum(len(credential.occurrences) for credential in report.findings)


def _places(
    credential: Credential,
    shown: Mapping[str, Any],
    targets: Mapping[str, Target],
    redact: Callable[[str], str],
) -> Iterator[Placed]:
    occurrences = document.occurrences_in_order(credential.occurrences)
    action = action_message(shown)
    uris = [artifact_uri(place, targets.get(place.target), redact) for place in occurrences]
    names = _names(shown["fingerprint"], occurrences, uris)
    quadruples = zip(occurrences, shown["occurrences"], uris, names, strict=True)
    for occurrence, shown_place, uri, name in quadruples:
        yield Placed(credential, shown, occurrence, shown_place, targets.get(occurrence.target), uri, name, action)


def _names(fingerprint: str, occurrences: list[Occurrence], uris: list[str]) -> list[str]:
    """Return a stable name a place: of credential and place, numbered where several share them, oldest first.

    Lines and contents stay out of it, so that editing a file closes and opens no alert.
    """
    stems = [_stem(fingerprint, *pair) for pair in zip(occurrences, uris, strict=True)]
    age = sorted(range(len(occurrences)), key=lambda index: _age(occurrences[index]))
    counted: Counter[str] = Counter()
    names = [""] * len(occurrences)
    for index in age:
        counted[stems[index]] += 1
        names[index] = f"{stems[index]}:{counted[stems[index]]}"
    return names


def _age(occurrence: Occurrence) -> tuple[Any, ...]:
    introduced = occurrence.introduced.date if occurrence.introduced else "~"
    return (introduced, occurrence.offset, occurrence.object or "", occurrence.target)


def _stem(fingerprint: str, occurrence: Occurrence, uri: str) -> str:
    parts = [fingerprint, occurrence.place, uri, *occurrence.containers]
    return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
