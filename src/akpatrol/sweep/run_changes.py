"""Compare two runs of a store: new, gone and changed credentials."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.model.credential import Changes, VerificationStatus
from akpatrol.model.scan import Confidence, State
from akpatrol.report.load import change_of
from akpatrol.report.number_words import plural
from akpatrol.report.wording import STATUSES, UNVERIFIED, state_name
from akpatrol.sweep.store.merge import about, paged
from akpatrol.validate.fields import Fields

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from akpatrol.model.credential import CredentialChange
    from akpatrol.sweep.store.database import Queries
    from akpatrol.sweep.store.schema import SweepRun

_STATES = list(State)

# Each part reads one index, so that what did not change costs nothing.
_TOUCHED = """
SELECT fingerprint FROM sighting WHERE since_run > :earlier AND since_run <= :run
UNION SELECT fingerprint FROM sighting WHERE until_run > :earlier AND until_run <= :run
UNION SELECT fingerprint FROM occurrence WHERE since_run > :earlier AND since_run <= :run
UNION SELECT fingerprint FROM occurrence WHERE until_run > :earlier AND until_run <= :run
UNION SELECT fingerprint FROM verification WHERE run > :earlier AND run <= :run
"""
_SIGHTINGS = """
SELECT fingerprint, kind, redacted, body FROM credential JOIN sighting USING (fingerprint)
WHERE fingerprint IN ({names}) AND since_run <= ? AND (until_run IS NULL OR until_run > ?)
"""
_PLACES = """
SELECT fingerprint, count(*) FROM occurrence WHERE fingerprint IN ({names}) AND since_run <= ?
AND (until_run IS NULL OR until_run > ?) GROUP BY fingerprint
"""
_STATUSES = "SELECT fingerprint, status FROM verification WHERE fingerprint IN ({names}) AND run <= ? ORDER BY id"


class _Snapshot(NamedTuple):
    """The facts about a credential that are reported when they change."""

    kind: str
    redacted: str
    confidence: Confidence
    state: State
    exposed: bool
    status: str = UNVERIFIED
    places: int = 0


def changes(queries: Queries, earlier: SweepRun, run: int, minimum: Confidence) -> Changes:
    """Return the changes of credentials with at least this confidence in either run; new first, gone last.

    A credential is gone when a target that was scanned since no longer has it, and no other target does.
    Raises ValueError, TypeError or KeyError for damaged rows.
    """
    touched = [name for (name,) in queries.execute(_TOUCHED, {"earlier": earlier.id, "run": run}).fetchall()]
    changed = [
        change
        for names in paged(touched)
        for change in _changes(_snapshots(queries, earlier.id, names), _snapshots(queries, run, names), minimum)
    ]
    order = ["new", "changed", "gone"]
    return Changes(
        earlier.id,
        earlier.started_at,
        tuple(sorted(changed, key=lambda change: (order.index(change.change), change.fingerprint))),
    )


def _changes(
    before: dict[str, _Snapshot], now: dict[str, _Snapshot], minimum: Confidence
) -> Iterator[CredentialChange]:
    for name, snapshot in (before | now).items():
        old, new = before.get(name), now.get(name)
        if max(known.confidence for known in (old, new) if known) < minimum:
            continue
        detail = "; ".join(_differences(old, new)) if old and new else ""
        if detail or not (old and new):
            change = "changed" if detail else "new" if new else "gone"
            named = {"fingerprint": name, "kind": snapshot.kind, "redacted": snapshot.redacted}
            yield change_of(Fields(named | {"change": change, "detail": detail}))


def _differences(old: _Snapshot, new: _Snapshot) -> Iterator[str]:
    if new.status != old.status:
        yield f"{STATUSES[new.status]}, before: {STATUSES[old.status]}"
    if new.state is not old.state:
        yield f"{state_name(new.state)}, before: {state_name(old.state)}"
    if new.exposed != old.exposed:
        yield "every visitor of a web page can read it now" if new.exposed else "no longer in a web page"
    if new.places != old.places:
        more = new.places - old.places
        yield plural(more, "more place") if more > 0 else f"{plural(-more, 'place')} fewer"


def _snapshots(queries: Queries, run: int, names: Sequence[str]) -> dict[str, _Snapshot]:
    snapshots: dict[str, _Snapshot] = {}
    for name, kind, redacted, body in queries.execute(about(_SIGHTINGS, names), (*names, run, run)):
        fields = Fields(json.loads(body))
        confidence, state = fields.enum("confidence", Confidence), fields.enum("state", State)
        snapshot = _Snapshot(
            kind, redacted, confidence, state, exposed=fields.maybe("exposure", fields.text) is not None
        )
        snapshots[name] = _merged(snapshots[name], snapshot) if name in snapshots else snapshot
    for name, places in queries.execute(about(_PLACES, names), (*names, run, run)):
        snapshots[name] = snapshots[name]._replace(places=places)
    for name, status in queries.execute(about(_STATUSES, names), (*names, run)):
        # A credential that was not sent keeps its earlier answer.
        if name in snapshots and (snapshots[name].status == UNVERIFIED or status != VerificationStatus.NOT_SENT):
            snapshots[name] = snapshots[name]._replace(status=VerificationStatus(status).value)
    return snapshots


def _merged(snapshot: _Snapshot, other: _Snapshot) -> _Snapshot:
    return snapshot._replace(
        confidence=max(snapshot.confidence, other.confidence),
        state=min(snapshot.state, other.state, key=_STATES.index),
        exposed=snapshot.exposed or other.exposed,
    )
