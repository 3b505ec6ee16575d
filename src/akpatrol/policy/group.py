"""From placed matches to credentials: pure decisions, no input or output."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from akpatrol.kinds import CUSTOM
from akpatrol.model import path_context, readings
from akpatrol.model.credential import Credential, end_of
from akpatrol.model.scan import Attribution, Confidence, End, Exposure, Severity, State
from akpatrol.model.versions import folded, rules_of
from akpatrol.rules import rule_class
from akpatrol.rules.precedence import precedence
from akpatrol.scan import similar_identifiers

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from akpatrol.kinds import CredentialKind
    from akpatrol.model.credential import Occurrence
    from akpatrol.model.scan import Match, Skipped
    from akpatrol.rules.precedence import Precedence
    from akpatrol.rules.rule import RuleSet

_STATES = list(State)
_ATTRIBUTIONS = list(Attribution)


class AcceptedSkip(NamedTuple):
    """A configuration's statement that an item can never be read; ``matches(skip)`` says which."""

    reason: str
    matches: Callable[[Skipped], bool]
    expired: bool = False


def collect(
    placed: Iterable[tuple[Match, Occurrence]], rules: RuleSet, queried: Collection[str] = ()
) -> tuple[Credential, ...]:
    """Return one credential for each (kind, secret), in the order of discovery.

    A secret with an uncertain end gets the end of a credential found elsewhere, or ``queried`` by its fingerprint or
    SHA-256. A secret that only users' rules find in some places is ours if our rules find the same secret elsewhere.
    """
    placed = list(placed)
    grouped: dict[tuple[CredentialKind, object], list[tuple[Match, Occurrence]]] = defaultdict(list)
    certain = ((match.kind, match.secret) for match, _ in placed if match.ending is End.CERTAIN)
    known = readings.KnownSecrets(certain, queried)
    for match, occurrence in similar_identifiers.marked(placed):
        resolved = known.resolved(match, occurrence)
        grouped[match.kind, resolved[0].secret].append(resolved)
    ours = {secret: kind for kind, secret in grouped if not kind.is_custom}
    for secret, kind in ours.items():
        grouped[kind, secret] += grouped.pop((CUSTOM, secret), [])
    of = precedence(rules.rules)
    return tuple(_credential(group, rules, of) for group in grouped.values())


def at_least(credentials: Sequence[Credential], minimum: Confidence) -> tuple[tuple[Credential, ...], int]:
    """Return the credentials of at least that confidence, and the number of the others."""
    sure = tuple(credential for credential in credentials if credential.confidence >= minimum)
    return sure, len(credentials) - len(sure)


def accept(skipped: Iterable[Skipped], accepted: Sequence[AcceptedSkip]) -> tuple[Skipped, ...]:
    """Return the skips, each with the reason for which it is accepted, if it is."""
    return tuple(_accepted(skip, accepted) for skip in skipped)


def severity(
    base: Severity, kind: CredentialKind, attribution: Attribution, exposure: Exposure | None, state: State
) -> Severity:
    """Return the severity of an unverified credential."""
    if state is State.IGNORED:
        return Severity.LOW
    is_open = not kind.is_custom and attribution is Attribution.OPEN
    level = min(base, Severity.MEDIUM) if is_open else base
    if exposure is Exposure.BROWSER:
        level = Severity(min(level + 1, Severity.CRITICAL))
    return level


def _accepted(skip: Skipped, accepted: Sequence[AcceptedSkip]) -> Skipped:
    covering = [entry for entry in accepted if entry.matches(skip)]
    for entry in covering:
        if not entry.expired:
            return skip._replace(accepted=entry.reason)
    return skip._replace(reason=skip.reason + "; its acceptance has expired") if covering else skip


def _credential(group: list[tuple[Match, Occurrence]], rules: RuleSet, of: Callable[[str], Precedence]) -> Credential:
    def rank(rule_id: str) -> tuple[bool, bool, Precedence]:
        return of(rule_id).foreign, rule_id not in firsts, of(rule_id)

    firsts: dict[str, Match] = {}
    for match, _ in group:
        firsts.setdefault(match.rule_id, match)
    first = firsts[_ordered(firsts, rank)[0]]
    occurrences = _distinct((_exposed(occurrence) for _, occurrence in group), of)
    attribution = min({match.attribution for match, _ in group}, key=_ATTRIBUTIONS.index)
    if first.kind.is_shared and any(_names_anyreach(o) for o in occurrences):
        attribution = min(attribution, Attribution.LIKELY, key=_ATTRIBUTIONS.index)
    exposures = (*(occurrence.exposure for occurrence in occurrences), *(match.exposure for match, _ in group))
    state = min({occurrence.state for occurrence in occurrences}, key=_STATES.index)
    rule_ids = _ordered({*firsts, *(other.rule_id for match, _ in group for other in match.others)}, rank)
    known = filter(None, map(rules.get, rule_ids))
    base = max((rule_class.severity(rule) for rule in known if rule.kind is first.kind), default=Severity.HIGH)
    exposure = next(filter(None, exposures), None)
    return Credential(
        kind=first.kind,
        secret=first.secret,
        rule_ids=rule_ids,
        confidence=_confidence(max(match.confidence for match, _ in group), occurrences),
        attribution=attribution,
        severity=severity(base, first.kind, attribution, exposure, state),
        state=state,
        exposure=exposure,
        occurrences=tuple(_ranked(occurrence, rank) for occurrence in folded(occurrences)),
        end=end_of(occurrences),
    )


def _ordered(rule_ids: Collection[str], rank: Callable[[str], Any]) -> tuple[str, ...]:
    """Return rules in the order of their ranks; to rank a rule takes time, and most secrets have a single one."""
    return tuple(sorted(rule_ids, key=rank) if len(rule_ids) > 1 else rule_ids)


def _exposed(occurrence: Occurrence) -> Occurrence:
    names = path_context.names(occurrence)
    return occurrence._replace(exposure=Exposure.BROWSER) if path_context.browser(names) else occurrence


def _confidence(surest: Confidence, occurrences: Iterable[Occurrence]) -> Confidence:
    """Return one level less where every place is for documentation or tests.

    Medium stays: nearby words may have lowered it already, and a path alone never decides whether it is reported.
    """
    lowered = surest is Confidence.HIGH and all(
        path_context.fixture(path_context.names(occurrence)) for occurrence in occurrences
    )
    return Confidence.MEDIUM if lowered else surest


def _distinct(occurrences: Iterable[Occurrence], of: Callable[[str], Precedence]) -> tuple[Occurrence, ...]:
    """Return one occurrence for each (place, object or file, offset), worst state first, then in order of place.

    A version of a file that is staged and in the history is two.
    """
    merged: dict[tuple[object, ...], Occurrence] = {}
    for occurrence in occurrences:
        where = (
            occurrence.target,
            occurrence.place,
            occurrence.object or (occurrence.path, occurrence.refs),
            occurrence.offset,
            occurrence.containers,
            occurrence.encodings,
            occurrence.state is State.STAGED,
        )
        before = merged.setdefault(where, occurrence)
        if before.rule_ids != occurrence.rule_ids:
            rules = rules_of(occurrence) | rules_of(before)
            both = before._replace(rule_ids=tuple(rules), lines_before=tuple(rules.values()))
            merged[where] = _ranked(both, of)
    return tuple(sorted(merged.values(), key=_order))


def _ranked(occurrence: Occurrence, rank: Callable[[str], Any]) -> Occurrence:
    """Return an occurrence with its rules in the order of their ranks."""
    if len(occurrence.rule_ids) == 1:
        return occurrence
    rules = rules_of(occurrence)
    names = sorted(rules, key=rank)
    return occurrence._replace(rule_ids=tuple(names), lines_before=tuple(rules[name] for name in names))


def _order(occurrence: Occurrence) -> tuple[object, ...]:
    return (
        _STATES.index(occurrence.state),
        occurrence.target,
        occurrence.path or b"",
        occurrence.line or 0,
        occurrence.offset,
        occurrence.object or "",
    )


def _names_anyreach(occurrence: Occurrence) -> bool:
    return any(b"anyreach" in path.lower() for path in (occurrence.path or b"", *occurrence.paths))
