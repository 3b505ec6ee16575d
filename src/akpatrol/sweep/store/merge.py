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
    from sqlite3 import Connection

    from akpatrol.model.credential import Credential
    from akpatrol.model.scan import Exposure

_STATES = list(State)
_ATTRIBUTIONS = list(Attribution)
# The severity of the shipped rules' kinds, unless something lowers it.
_SEVERITY = Severity.HIGH

_SIGHTINGS = """
SELECT fingerprint, kind, redacted, key_id, sha256, found_at, target, body FROM credential JOIN sighting
USING (fingerprint) WHERE since_run <= :run AND (until_run IS NULL OR until_run > :run) ORDER BY fingerprint, target
"""
_OCCURRENCES = """
SELECT target, body FROM occurrence WHERE fingerprint = :fingerprint AND since_run <= :run
AND (until_run IS NULL OR until_run > :run) ORDER BY target, key
"""
# A credential that was not sent keeps its earlier answer.
_VERIFICATION = """
SELECT body FROM verification WHERE fingerprint = :fingerprint AND run <= :run
ORDER BY status = 'not_sent', id DESC LIMIT 1
"""


def credentials(connection: Connection, run: int, only: Collection[str] | None = None) -> Iterator[Credential]:
    """Yield the credentials as of a run, or ``only`` those with these fingerprints.

    Raises ValueError, TypeError or KeyError for rows that were damaged.
    """
    rows: list[dict[str, Any]] = []
    for fingerprint, *row in connection.execute(_SIGHTINGS, {"run": run}):
        if only is not None and fingerprint not in only:
            continue
        if rows and rows[0]["fingerprint"] != fingerprint:
            yield _credential(connection, run, rows)
            rows = []
        rows.append(_row_fields(fingerprint, *row))
    if rows:
        yield _credential(connection, run, rows)


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


def _credential(connection: Connection, run: int, rows: list[dict[str, Any]]) -> Credential:
    wanted = {"fingerprint": rows[0]["fingerprint"], "run": run}
    places: dict[int, list[dict[str, Any]]] = {row["target"]: [] for row in rows}
    for target, body in connection.execute(_OCCURRENCES, wanted):
        places[target].append(json.loads(body) | {"target": str(target)})
    answer = connection.execute(_VERIFICATION, wanted).fetchone()
    rows[0]["verification"] = json.loads(answer[0]) if answer else None
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
