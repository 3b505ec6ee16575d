"""One report of all targets as of any run, with their results grouped as ``policy.group`` groups findings."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from akpatrol.model.credential import end_of
from akpatrol.model.scan import Attribution, Severity, State
from akpatrol.policy import group
from akpatrol.report.load_credential import credential_of
from akpatrol.validate.fields import Fields
from akpatrol.verify import consequences

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from akpatrol.model.credential import Credential
    from akpatrol.model.scan import Exposure
    from akpatrol.sweep.store.database import Queries

_STATES = list(State)
_ATTRIBUTIONS = list(Attribution)
# The severity of the shipped rules' kinds, unless something lowers it.
_SEVERITY = Severity.HIGH
# So many credentials are read by one query.
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


def credentials(queries: Queries, run: int, only: Collection[str] | None = None) -> Iterator[Credential]:
    """Yield the credentials as of a run, or ``only`` those with these fingerprints, in their order.

    Raises ValueError, TypeError or KeyError for rows that were damaged.
    """
    for names in _all(queries) if only is None else paged(only):
        yield from _page(queries, run, names)


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


def _page(queries: Queries, run: int, names: Sequence[str]) -> Iterator[Credential]:
    rows: dict[str, list[dict[str, Any]]] = {}
    for fingerprint, *row in queries.execute(about(_SIGHTINGS, names), (*names, run, run)):
        rows.setdefault(fingerprint, []).append(_row_fields(fingerprint, *row))
    places: dict[str, dict[int, list[dict[str, Any]]]] = {
        name: {row["target"]: [] for row in found} for name, found in rows.items()
    }
    for fingerprint, target, body in queries.execute(about(_OCCURRENCES, names), (*names, run, run)):
        places[fingerprint][target].append(json.loads(body) | {"target": str(target)})
    answers = dict(queries.execute(about(_VERIFICATIONS, names), (*names, run)).fetchall())
    for fingerprint, found in rows.items():
        found[0]["verification"] = json.loads(answers[fingerprint]) if fingerprint in answers else None
        yield _credential(found, places.pop(fingerprint))


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


def _row_fields(fingerprint: str, *row: Any) -> dict[str, Any]:
    kind, redacted, key_id, digest, found_at, target, body = row
    named = {"kind": kind, "redacted": redacted, "key_id": key_id, "secret_sha256": digest, "found_at": found_at}
    fields: dict[str, Any] = json.loads(body)
    return fields | named | {"fingerprint": fingerprint, "target": target, "verification": None}


def _credential(rows: Sequence[dict[str, Any]], places: dict[int, list[dict[str, Any]]]) -> Credential:
    credential = merged([credential_of(Fields(row | {"occurrences": places[row["target"]]})) for row in rows])
    if not credential.verification:
        return credential
    status = credential.verification.status
    return credential._replace(
        severity=consequences.severity(credential.severity, credential.state, status),
        attribution=consequences.attribution(credential.attribution, status),
    )


def _severity(
    credentials: Sequence[Credential], attribution: Attribution, exposure: Exposure | None, state: State
) -> Severity:
    worst = max(credential.severity for credential in credentials)
    if len(credentials) == 1 or credentials[0].kind.is_custom:
        return worst
    # One target may show whose it is, and another how bad its location is.
    return max(worst, group.severity(_SEVERITY, credentials[0].kind, attribution, exposure, state))
