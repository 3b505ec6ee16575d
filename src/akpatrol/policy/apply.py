"""Apply a policy to credentials: their allowances, notices, and stale entries."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from akpatrol.kinds import CUSTOM
from akpatrol.model import identity
from akpatrol.model.credential import Allowance, AllowanceSource
from akpatrol.model.report import StaleAllowance
from akpatrol.model.scan import Place, State
from akpatrol.policy import baseline as baselines
from akpatrol.policy.allowances import describe

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from akpatrol.model.credential import Credential, Occurrence
    from akpatrol.policy.allowances import Allowing
    from akpatrol.policy.gitleaks_ignore import IgnoreFile

_PAST = (State.REMOVED, State.UNREACHABLE)


class Policy(NamedTuple):
    """Everything that may allow a credential.

    ``baseline`` has its entries by fingerprint, ``file`` is its name. Inline allowances count only in the targets
    ``inline`` and, if ``trusted`` is set, only for credentials that it accepts. ``custom`` says that the scan used
    users' rules. Without it, an entry for what such a rule found is not stale. ``ignored`` is gitleaks' list of what
    such rules may find.
    """

    allow: Sequence[Allowing] = ()
    baseline: Mapping[str, baselines.BaselineEntry] = {}
    file: str = ""
    inline: Collection[str] = ()
    trusted: Callable[[Credential], bool] | None = None
    custom: bool = True
    ignored: IgnoreFile | None = None


class Applied(NamedTuple):
    """The credentials with their allowances, and the notices for the user."""

    credentials: tuple[Credential, ...]
    notices: tuple[str, ...] = ()
    stale: tuple[StaleAllowance, ...] = ()


def apply(credentials: Iterable[Credential], policy: Policy, today: date, covered: str | None = None) -> Applied:
    """Return the credentials with their allowances.

    ``covered`` is the kind of scan if that was complete, else None. Only after a complete scan is an unused entry
    stale.
    """
    judged, notices, used = [], [], set()
    for credential in credentials:
        judge = _Judge(credential, policy, today)
        judged.append(credential._replace(allowed=judge.allowance()))
        notices += judge.notices
        used |= judge.used
    stale = tuple(_stale(policy, used, covered)) if covered else ()
    return Applied(tuple(judged), tuple(dict.fromkeys(notices)), stale)


class _Judge:
    """Decides on one credential: allowances for the whole credential first, then those for each place."""

    def __init__(self, credential: Credential, policy: Policy, today: date) -> None:
        self._credential = credential
        self._fingerprint = identity.fingerprint(credential.kind, credential.secret)
        self._file = policy.file
        self.notices: list[str] = []
        self.used: set[object] = set()
        self._entry = self._known(policy.baseline.get(self._fingerprint), today)
        naming = [allowing for allowing in policy.allow if allowing.names(credential)]
        self._allow = [allowing for allowing in naming if not allowing.expired(today)]
        self._inline: frozenset[Occurrence] = frozenset(self._commented(policy))
        self._ignored = policy.ignored.covering(credential) if policy.ignored else {}
        for allowing in naming:
            if any(map(allowing.covers, credential.occurrences)):
                self.used.add(allowing.entry)
                if allowing.expired(today):
                    self._note_expired(allowing)

    def _known(self, entry: baselines.BaselineEntry | None, today: date) -> baselines.BaselineEntry | None:
        """Return the baseline's entry if it is in force."""
        if not entry:
            return None
        self.used.add(self._fingerprint)
        if not entry.has_expired(today):
            return entry
        owner = f", owner {entry.owner}" if entry.owner else ""
        self.notices.append(
            f"a baseline entry expired on {entry.expires} and no longer covers "
            f"{entry.redacted}{owner}: {self._file}: {_reason(entry)}"
        )
        return None

    def _note_expired(self, allowing: Allowing) -> None:
        """Note an expired allowance; an end that was set for this credential comes before the baseline."""
        entry, before = allowing.entry, ""
        if self._entry and allowing.is_of_one_credential:
            self._entry, before = None, ", which the baseline does not change"
        self.notices.append(
            f"an allowance expired on {entry.expires} and no longer covers {self._credential.secret.redacted}{before}: "
            f"{describe(entry)}, {entry.where}: {entry.reason}"
        )

    def allowance(self) -> Allowance | None:
        """Return the credential's allowance, the first of several; None when any place is not covered."""
        if self._entry:
            return _of_entry(self._entry, self._file)
        covering = [self._covering(occurrence) for occurrence in self._credential.occurrences]
        # An allowance in force takes precedence over an expired one.
        return covering[0] if covering and all(covering) else None

    def _covering(self, occurrence: Occurrence) -> Allowance | None:
        for allowing in self._allow:
            if allowing.covers(occurrence):
                return allowing.allowance()
        if occurrence in self._ignored:
            return self._ignored[occurrence]
        if occurrence in self._inline:
            return _of_comment(occurrence)
        if occurrence.state in _PAST:
            later = (other for other in self._inline if other.state not in _PAST and _same_path(occurrence, other))
            return next(map(_of_comment, sorted(later, key=lambda other: other.line or 0)), None)
        return None

    def _commented(self, policy: Policy) -> Iterator[Occurrence]:
        """Yield the places with a comment that counts, and add a notice for each that does not."""
        places = (
            occurrence
            for occurrence in self._credential.occurrences
            if self._comment(occurrence) is not None and occurrence.target in policy.inline
        )
        marked = [occurrence for occurrence in places if occurrence.place is Place.CONTENT]
        is_trusted = not policy.trusted or not any(map(self._comment, marked)) or policy.trusted(self._credential)
        for occurrence in marked:
            name = f"the inline allowance at {_where(occurrence)} of {self._credential.secret.redacted}"
            comment = self._comment(occurrence)
            if not comment:
                self.notices.append(f"{name} is ignored: it gives no reason")
            elif not is_trusted:
                self.notices.append(f"{name} is ignored: the range itself adds it: {comment}")
            else:
                yield occurrence

    def _comment(self, occurrence: Occurrence) -> str | None:
        """Return the reason of a comment; another scanner's comment counts for users' rules alone."""
        if self._credential.kind.is_custom and not occurrence.inline and occurrence.foreign_inline:
            return occurrence.foreign_inline
        return occurrence.inline


def _stale(policy: Policy, used: set[object], covered: str) -> Iterator[StaleAllowance]:
    for name, entry in policy.baseline.items():
        is_used = name in used or (entry.kind == CUSTOM and not policy.custom)
        if not is_used and baselines.is_covered(entry, {covered}):
            yield StaleAllowance(policy.file, f"{name} {entry.redacted}", entry.note or _since(entry))
    # Only a scan of history sees everything that is committed, so only there can an allowance be stale.
    for allowing in policy.allow if covered == baselines.HISTORY else ():
        if allowing.entry not in used:
            yield StaleAllowance(allowing.entry.where, describe(allowing.entry), allowing.entry.reason)


def entries(credentials: Iterable[Credential], template: baselines.BaselineEntry) -> dict[str, baselines.BaselineEntry]:
    """Return a baseline's entry for each credential, by fingerprint; ``template`` has the fields that all share."""
    by_fingerprint = {}
    for credential in credentials:
        name = identity.fingerprint(credential.kind, credential.secret)
        by_fingerprint[name] = template._replace(
            fingerprint=name, kind=str(credential.kind), redacted=credential.secret.redacted
        )
    return by_fingerprint


def _of_entry(entry: baselines.BaselineEntry, file: str) -> Allowance:
    return Allowance(
        AllowanceSource.BASELINE, _reason(entry), file, entry.owner or entry.by or None, entry.expires or None
    )


def _reason(entry: baselines.BaselineEntry) -> str:
    return f"{_since(entry)}{': ' if entry.note else ''}{entry.note}"


def _since(entry: baselines.BaselineEntry) -> str:
    return f"known since {entry.added}"


def _of_comment(occurrence: Occurrence) -> Allowance:
    return Allowance(AllowanceSource.INLINE, occurrence.inline or occurrence.foreign_inline or "", _where(occurrence))


def _where(occurrence: Occurrence) -> str:
    path = (occurrence.path or b"").decode("utf-8", "backslashreplace")
    return ":".join(
        filter(None, [" > ".join([path or "standard input", *occurrence.containers]), str(occurrence.line or "")])
    )


def _same_path(occurrence: Occurrence, other: Occurrence) -> bool:
    return occurrence.target == other.target and not {occurrence.path, *occurrence.paths}.isdisjoint(
        filter(None, [other.path])
    )
