"""Compare two runs of a store: new, gone and changed credentials."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.model.credential import Changes, VerificationStatus
from akpatrol.model.scan import Confidence, State
from akpatrol.report.load import change_of
from akpatrol.report.wording import STATUSES, UNVERIFIED, plural, state_name
from akpatrol.validate.fields import Fields

if TYPE_CHECKING:
    from collections.abc import Iterator
    from sqlite3 import Connection

    from akpatrol.model.credential import CredentialChange
    from akpatrol.sweep.store.schema import SweepRun

_STATES = list(State)

_SIGHTINGS = """
SELECT fingerprint, kind, redacted, body FROM credential JOIN sighting USING (fingerprint)
WHERE since_run <= :run AND (until_run IS NULL OR until_run > :run)
"""
_PLACES = """
SELECT fingerprint, count(*) FROM occurrence WHERE since_run <= :run AND (until_run IS NULL OR until_run > :run)
GROUP BY fingerprint
"""
_STATUSES = "SELECT fingerprint, status FROM verification WHERE run <= :run ORDER BY id"


class _Standing(NamedTuple):
    """The facts about a credential that are reported when they change."""

    kind: str
    redacted: str
    confidence: Confidence
    state: State
    exposed: bool
    status: str = UNVERIFIED
    places: int = 0


def changes(connection: Connection, earlier: SweepRun, run: int, minimum: Confidence) -> Changes:
    """Return the changes of credentials with at least this confidence in either run; new first, gone last.

    A credential is gone when a target that was scanned since no longer has it, and no other target does.
    Raises ValueError, TypeError or KeyError for damaged rows.
    """
    before, now = _standings(connection, earlier.id), _standings(connection, run)
    changed = list(_changes(before, now, minimum))
    order = ["new", "changed", "gone"]
    return Changes(
        earlier.id,
        earlier.started_at,
        tuple(sorted(changed, key=lambda change: (order.index(change.change), change.fingerprint))),
    )


def _changes(
    before: dict[str, _Standing], now: dict[str, _Standing], minimum: Confidence
) -> Iterator[CredentialChange]:
    for name, standing in (before | now).items():
        old, new = before.get(name), now.get(name)
        if max(known.confidence for known in (old, new) if known) < minimum:
            continue
        detail = "; ".join(_differences(old, new)) if old and new else ""
        if detail or not (old and new):
            change = "changed" if detail else "new" if new else "gone"
            named = {"fingerprint": name, "kind": standing.kind, "redacted": standing.redacted}
            yield change_of(Fields(named | {"change": change, "detail": detail}))


def _differences(old: _Standing, new: _Standing) -> Iterator[str]:
    if new.status != old.status:
        yield f"{STATUSES[new.status]}, before: {STATUSES[old.status]}"
    if new.state is not old.state:
        yield f"{state_name(new.state)}, before: {state_name(old.state)}"
    if new.exposed != old.exposed:
        yield "every visitor of a web page can read it now" if new.exposed else "no longer in a web page"
    if new.places != old.places:
        more = new.places - old.places
        yield plural(more, "more place") if more > 0 else f"{plural(-more, 'place')} fewer"


def _standings(connection: Connection, run: int) -> dict[str, _Standing]:
    standings: dict[str, _Standing] = {}
    for name, kind, redacted, body in connection.execute(_SIGHTINGS, {"run": run}):
        fields = Fields(json.loads(body))
        confidence, state = fields.one("confidence", Confidence), fields.one("state", State)
        standing = _Standing(
            kind, redacted, confidence, state, exposed=fields.maybe("exposure", fields.text) is not None
        )
        standings[name] = _together(standings[name], standing) if name in standings else standing
    for name, places in connection.execute(_PLACES, {"run": run}):
        standings[name] = standings[name]._replace(places=places)
    for name, status in connection.execute(_STATUSES, {"run": run}):
        # A credential that was not sent keeps its earlier answer.
        if name in standings and (standings[name].status == UNVERIFIED or status != VerificationStatus.NOT_SENT):
            standings[name] = standings[name]._replace(status=VerificationStatus(status).value)
    return standings


def _together(standing: _Standing, other: _Standing) -> _Standing:
    return standing._replace(
        confidence=max(standing.confidence, other.confidence),
        state=min(standing.state, other.state, key=_STATES.index),
        exposed=standing.exposed or other.exposed,
    )
