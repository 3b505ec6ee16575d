"""One report of all targets as of any run, with their results grouped as ``policy.group`` groups findings."""

from __future__ import annotations

import json
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from akpatrol.model.credential import end_of
from akpatrol.model.scan import Attribution, End, Severity, State
from akpatrol.policy import group
from akpatrol.report.load_credential import credential_of, occurrence_of
from akpatrol.validate.fields import Fields
from akpatrol.verify import consequences

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from akpatrol.model.credential import Credential, Occurrence
    from akpatrol.model.scan import Exposure
    from akpatrol.sweep.store.database import Queries

_STATES = list(State)
_ATTRIBUTIONS = list(Attribution)
# The severity of the shipped rules' kinds, unless something lowers it.
_SEVERITY = Severity.HIGH
# So many credentials are asked for by one query.
_PAGE = 100

_NAMES = "SELECT fingerprint FROM credential WHERE fingerprint > ? ORDER BY fingerprint LIMIT ?"
_SIGHTINGS = """
SELECT fingerprint, kind, redacted, key_id, sha256, found_at, target, body FROM credential JOIN sighting
USING (fingerprint) WHERE fingerprint IN ({names}) AND since_run <= ? AND (until_run IS NULL OR until_run > ?)
ORDER BY fingerprint, target
"""
_OCCURRENCES = """
SELECT fingerprint, target, body FROM occurrence WHERE fingerprint IN ({names}) AND since_run <= ?
AND (until_run IS NULL OR until_run > ?) ORDER BY fingerprint, target, key
"""
# A credential that was not sent keeps its earlier answer.
_VERIFICATIONS = """
SELECT fingerprint, body FROM verification WHERE fingerprint IN ({names}) AND run <= ?
ORDER BY status <> 'not_sent', id
"""


def credentials(
    queries: Queries,
    run: int,
    only: Collection[str] | None = None,
    keep: Callable[[Iterator[Occurrence]], Sequence[Occurrence]] = tuple,
) -> Iterator[Credential]:
    """Yield the credentials as of a run, or ``only`` those with these fingerprints, in their order.

    ``keep`` takes the places of one credential after the other, and returns them as the credential is to have them.
    Raises ValueError, TypeError or KeyError for rows that were damaged.
    """
    for names in _all(queries) if only is None else paged(only):
        yield from _page(queries, run, names, keep)


def paged(names: Collection[str]) -> Iterator[Sequence[str]]:
    """Yield fingerprints in their order, as many as one query asks for."""
    ordered = sorted(names)
    yield from (ordered[at : at + _PAGE] for at in range(0, len(ordered), _PAGE))


def about(query: str, names: Sequence[str]) -> str:
    """Return a query for so many fingerprints, which stand where it has ``{names}``."""
    return query.format(names=", ".join("?" * len(names)))


def _all(queries: Queries) -> Iterator[Sequence[str]]:
    names = [""]
    while names := [name for (name,) in queries.execute(_NAMES, (names[-1], _PAGE)).fetchall()]:
        yield names


def _page(
    queries: Queries, run: int, names: Sequence[str], keep: Callable[[Iterator[Occurrence]], Sequence[Occurrence]]
) -> Iterator[Credential]:
    sighted: dict[str, _Sightings] = {}
    for fingerprint, *row in queries.stream(about(_SIGHTINGS, names), (*names, run, run)):
        sighted.setdefault(fingerprint, _Sightings(fingerprint)).add(*row)
    answers = dict(queries.execute(about(_VERIFICATIONS, names), (*names, run)).fetchall())
    rows = groupby(queries.stream(about(_OCCURRENCES, names), (*names, run, run)), itemgetter(0))
    following = next(rows, None)
    for fingerprint, sightings in sighted.items():
        places: Iterator[Any] = iter(())
        if is_here := following is not None and following[0] == fingerprint:
            places = following[1]
        yield sightings.credential(answers.get(fingerprint), places, keep)
        if is_here:
            following = next(rows, None)
    if following:
        raise KeyError(following[0])  # nobody has seen it


def merged(credentials: Sequence[Credential]) -> Credential:
    """Merge the credentials of several targets into one; the API's answers are not considered.

    It is allowed only where every target allows it.
    """
    first = credentials[0]
    attribution = min((credential.attribution for credential in credentials), key=_ATTRIBUTIONS.index)
    exposure = next((credential.exposure for credential in credentials if credential.exposure), None)
    state = min((credential.state for credential in credentials), key=_STATES.index)
    occurrences = tuple(place for credential in credentials for place in credential.occurrences)
    return first._replace(
        rule_ids=_rule_ids(credentials),
        confidence=max(credential.confidence for credential in credentials),
        attribution=attribution,
        severity=_severity(credentials, attribution, exposure, state),
        state=state,
        exposure=exposure,
        occurrences=occurrences,
        end=end_of(occurrences),
        owner=next((credential.owner for credential in credentials if credential.owner), None),
        allowed=first.allowed if all(credential.allowed for credential in credentials) else None,
    )


def _rule_ids(credentials: Sequence[Credential]) -> tuple[str, ...]:
    """Return the ids of all rules, each after those that precede it in any target."""
    places: dict[str, int] = {}
    for credential in credentials:
        for place, name in enumerate(credential.rule_ids):
            places[name] = max(place, places.get(name, 0))
    return tuple(sorted(places, key=lambda name: (places[name], name)))


class _Sightings:
    """What the rows of a credential say, one for each target; most of many are alike."""

    def __init__(self, fingerprint: str) -> None:
        self._named: dict[str, Any] = {"fingerprint": fingerprint, "verification": None, "occurrences": []}
        self._targets: set[int] = set()
        self._bodies: dict[str, None] = {}

    def add(self, *row: Any) -> None:
        """Add a row."""
        kind, redacted, key_id, digest, found_at, target, body = row
        self._named |= {"kind": kind, "redacted": redacted, "key_id": key_id}
        self._named |= {"secret_sha256": digest, "found_at": found_at}
        self._targets.add(target)
        self._bodies[body] = None

    def credential(
        self, answer: str | None, rows: Iterator[Any], keep: Callable[[Iterator[Occurrence]], Sequence[Occurrence]]
    ) -> Credential:
        """Return the credential with the places of these rows and the last answer about it."""
        values = [json.loads(body) | self._named for body in self._bodies]
        values[0]["verification"] = None if answer is None else json.loads(answer)
        each = [credential_of(Fields(value)) for value in values]
        if len(each) < len(self._targets):
            each.append(each[0])  # one alone is merged with nothing
        ends: set[End] = set()
        places = keep(self._noted(rows, ends))
        end = End.UNCERTAIN if ends == {End.UNCERTAIN} else End.CERTAIN
        credential = merged(each)._replace(occurrences=places, end=end)
        if not credential.verification:
            return credential
        status = credential.verification.status
        return credential._replace(
            severity=consequences.severity(credential.severity, credential.state, status),
            attribution=consequences.attribution(credential.attribution, status),
        )

    def _noted(self, rows: Iterator[Any], ends: set[End]) -> Iterator[Occurrence]:
        """Yield the places, and note which ends they have."""
        for target, found in groupby(rows, itemgetter(1)):
            if target not in self._targets:
                raise KeyError(target)
            for at, (_, _, body) in enumerate(found):
                place = occurrence_of(Fields(json.loads(body) | {"target": str(target)}, f"occurrences[{at}]."))
                ends.add(place.end)
                yield place


def _severity(
    credentials: Sequence[Credential], attribution: Attribution, exposure: Exposure | None, state: State
) -> Severity:
    worst = max(credential.severity for credential in credentials)
    if len(credentials) == 1 or credentials[0].kind.is_custom:
        return worst
    # One target may show whose it is, and another how bad its location is.
    return max(worst, group.severity(_SEVERITY, credentials[0].kind, attribution, exposure, state))
