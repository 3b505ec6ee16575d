"""What an index counts in each target, taken from one credential after the other, so that few are in memory at once."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.model.credential import VerificationStatus
from akpatrol.model.scan import Severity, State
from akpatrol.report.document import visible_view
from akpatrol.report.text_safety import head
from akpatrol.report.timeline import IN_FILES, moment_of, span_of
from akpatrol.report.wording import state_name, status_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime, timedelta

    from akpatrol.model.history import SweepHistory
    from akpatrol.report.view import CredentialView, OccurrenceView, ReportView

LISTED = 20
"""Credentials of one target that are named at most."""
_MOST_LISTED = 100_000  # of all targets
_WIDTH = 120
_STATES = list(State)
_LESSER = {Severity.MEDIUM.name.lower(), Severity.LOW.name.lower()}


class ListedCredential(NamedTuple):
    """A credential as a target's row names it."""

    redacted: str
    status: str
    state: str


@dataclass(slots=True)
class TargetCounts:
    """The findings of one target: ``open`` ones are those that the API has not refused.

    ``lesser`` are open ones of medium or low severity. ``removed`` are in no branch's files any more; ``lengths`` are
    their times from leak to removal, where both are dated. ``since`` is the first leak of those that are open.
    """

    found: int = 0
    open: int = 0
    live: int = 0
    lesser: int = 0
    new: int = 0
    back: int = 0
    removed: int = 0
    lengths: list[timedelta] = field(default_factory=list)
    since: datetime | None = None
    owners: Counter[str] = field(default_factory=Counter)
    listed: list[ListedCredential] = field(default_factory=list)


class IndexCounts(NamedTuple):
    """The counts by target, and of each credential once: how many are live, open, new and back."""

    targets: Mapping[str, TargetCounts]
    whole: TargetCounts


class NewAndBack(NamedTuple):
    """Fingerprint and target of what is open since the last run, for the first time or again."""

    new: frozenset[tuple[str, str]] = frozenset()
    back: frozenset[tuple[str, str]] = frozenset()


def new_and_back(history: SweepHistory | None) -> NewAndBack:
    """Return what the last run added; nothing where there is no run before it."""
    if history is None or len(history.runs) < 2:  # noqa: PLR2004 - the last one and one before it
        return NewAndBack()
    last = history.runs[-1].id
    opened = {(span.fingerprint, span.target) for span in history.spans if span.since == last}
    earlier = ((span.fingerprint, span.target) for span in history.spans if span.since != last)
    back = opened.intersection(earlier) if opened else opened
    return NewAndBack(frozenset(opened - back), frozenset(back))


def counted(
    credentials: Iterable[CredentialView], view: ReportView, history: SweepHistory | None, now: datetime
) -> IndexCounts:
    """Return the counts of a document's credentials that are not allowed; ``view`` is the document without them."""
    targets: defaultdict[str, TargetCounts] = defaultdict(TargetCounts)
    findings = view["summary"]["findings"]
    listed = min(LISTED, max(1, _MOST_LISTED // max(1, len(view["scan"]["targets"]))))
    whole, changes = TargetCounts(), new_and_back(history)
    for number, credential in enumerate(credentials):
        if number >= findings:
            break
        places: defaultdict[str, _PlacesInTarget] = defaultdict(_PlacesInTarget)
        for place in credential["occurrences"]:
            places[place["target"]].add(place, now)
        names = [(credential["fingerprint"], target) for target in places]
        is_new = any(name in changes.new for name in names)
        is_back = any(name in changes.back for name in names)
        _count(whole, credential, is_new=is_new, is_back=is_back and not is_new)
        for name, found in zip(names, places.values(), strict=True):
            counts = targets[name[1]]
            _count(counts, credential, is_new=name in changes.new, is_back=name in changes.back)
            _place(counts, credential, found, now)
            if len(counts.listed) < listed:
                counts.listed.append(_listed(credential, found))
    return IndexCounts(targets, whole)


def _count(counts: TargetCounts, credential: CredentialView, *, is_new: bool, is_back: bool) -> None:
    status = status_of(credential)
    counts.found += 1
    counts.live += status == VerificationStatus.ACTIVE
    if status != VerificationStatus.INACTIVE:
        counts.open += 1
        counts.lesser += credential["severity"] in _LESSER
        counts.new += is_new
        counts.back += is_back


@dataclass(slots=True)
class _PlacesInTarget:
    """What is counted of a credential's places in one target: it was in files from ``start`` to ``end``."""

    state: int = len(_STATES)
    start: datetime | None = None
    end: datetime | None = None
    owners: set[str] = field(default_factory=set)

    def add(self, place: OccurrenceView, now: datetime) -> None:
        """Add a place."""
        self.state = min(self.state, _STATES.index(State(place["state"])))
        self.owners.update(place["owners"])
        span = span_of(place, now)
        if span and span.in_files:
            self.start = min(self.start or span.start, span.start)
            self.end = max(self.end or span.start, span.end or now)


def _place(counts: TargetCounts, credential: CredentialView, places: _PlacesInTarget, now: datetime) -> None:
    """Count what only the places in one target tell."""
    state = _STATES[places.state]
    if state not in IN_FILES:
        counts.removed += 1
        if places.start and places.end:
            counts.lengths.append(places.end - places.start)
    if status_of(credential) != VerificationStatus.INACTIVE:
        first = places.start or moment_of(credential["first_seen"] or credential["found_at"], now)
        counts.since = min(filter(None, (counts.since, first)), default=None)
    counts.owners.update(places.owners)


def _listed(credential: CredentialView, places: _PlacesInTarget) -> ListedCredential:
    redacted = head(visible_view(credential["redacted"]), _WIDTH)
    return ListedCredential(redacted, status_of(credential), state_name(_STATES[places.state]))
