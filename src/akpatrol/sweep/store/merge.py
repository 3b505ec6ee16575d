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
# Of the shipped rules' kinds, unless something speaks for less.
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
    """Yield the credentials as of a run, those of ``only`` these fingerprints if they are given.

    Raises ValueError, TypeError or KeyError for rows that were damaged.
    """
    told: list[dict[str, Any]] = []
    for fingerprint, *row in connection.execute(_SIGHTINGS, {"run": run}):
        if only is not None and fingerprint not in only:
            continue
        if told and told[0]["fingerprint"] != fingerprint:
            yield _credential(connection, run, told)
            told = []
        told.append(_told(fingerprint, *row))
    if told:
        yield _credential(connection, run, told)


def merged(ones: Sequence[Credential]) -> Credential:
    """Merge the credentials of several targets into one; the API's answers are not considered.

    It is allowed only where every target allows it.
    """
    first = ones[0]
    attribution = min((one.attribution for one in ones), key=_ATTRIBUTIONS.index)
    exposure = next((one.exposure for one in ones if one.exposure), None)
    state = min((one.state for one in ones), key=_STATES.index)
    occurrences = tuple(place for one in ones for place in one.occurrences)
    return first._replace(
        rule_ids=_rule_ids(ones),
        confidence=max(one.confidence for one in ones),
        attribution=attribution,
        severity=_severity(ones, attribution, exposure, state),
        state=state,
        exposure=exposure,
        occurrences=occurrences,
        end=end_of(occurrences),
        owner=next((one.owner for one in ones if one.owner), None),
        allowed=first.allowed if all(one.allowed for one in ones) else None,
    )


def _rule_ids(ones: Sequence[Credential]) -> tuple[str, ...]:
    """Return the ids of all rules, each behind those that came before it anywhere."""
    places: dict[str, int] = {}
    for one in ones:
        for place, name in enumerate(one.rule_ids):
            places[name] = max(place, places.get(name, 0))
    return tuple(sorted(places, key=lambda name: (places[name], name)))


def _told(fingerprint: str, *row: Any) -> dict[str, Any]:
    kind, redacted, key_id, digest, found_at, target, body = row
    named = {"kind": kind, "redacted": redacted, "key_id": key_id, "secret_sha256": digest, "found_at": found_at}
    told: dict[str, Any] = json.loads(body)
    return told | named | {"fingerprint": fingerprint, "target": target, "verification": None}


def _credential(connection: Connection, run: int, told: list[dict[str, Any]]) -> Credential:
    wanted = {"fingerprint": told[0]["fingerprint"], "run": run}
    places: dict[int, list[dict[str, Any]]] = {one["target"]: [] for one in told}
    for target, body in connection.execute(_OCCURRENCES, wanted):
        places[target].append(json.loads(body) | {"target": str(target)})
    answer = connection.execute(_VERIFICATION, wanted).fetchone()
    told[0]["verification"] = json.loads(answer[0]) if answer else None
    one = merged([credential_of(Fields(one | {"occurrences": places[one["target"]]})) for one in told])
    if not one.verification:
        return one
    status = one.verification.status
    return one._replace(
        severity=consequences.severity(one.severity, one.state, status),
        attribution=consequences.attribution(one.attribution, status),
    )


def _severity(
    ones: Sequence[Credential], attribution: Attribution, exposure: Exposure | None, state: State
) -> Severity:
    worst = max(one.severity for one in ones)
    if len(ones) == 1 or ones[0].kind.is_custom:
        return worst
    # One target may know whose it is, and another one how bad the place is.
    return max(worst, group.severity(_SEVERITY, ones[0].kind, attribution, exposure, state))
