"""The history of a store up to a run: when each credential was open in each target, from its sightings and answers."""

from __future__ import annotations

import json
from collections import defaultdict
from itertools import groupby
from typing import TYPE_CHECKING

from akpatrol.model.credential import VerificationStatus
from akpatrol.model.history import OpenSpan, PastRun, SweepHistory
from akpatrol.model.scan import Confidence
from akpatrol.validate.fields import Fields

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from akpatrol.sweep.store.coverage import StoreCoverage
    from akpatrol.sweep.store.database import Queries

_SIGHTINGS = """
SELECT fingerprint, target, since_run, until_run, body FROM sighting WHERE since_run <= :run
ORDER BY fingerprint, target, since_run
"""
# A credential that was not sent keeps its earlier answer. Of sweeps at once, the earlier run may be asked later.
_ANSWERS = """
SELECT fingerprint, run, status FROM verification WHERE run <= :run AND status <> 'not_sent' ORDER BY run, id
"""

_Runs = tuple[int, int | None]
"""From a run on, and before another one or for good."""


def history(queries: Queries, looked: StoreCoverage, minimum: Confidence) -> SweepHistory:
    """Return the history up to the run of ``looked``, of credentials with at least this confidence.

    Raises ValueError, TypeError or KeyError for damaged rows.
    """
    run = looked.run.id
    refused = _refused(queries, run)
    return SweepHistory(
        tuple(PastRun(one.id, one.started_at) for one in looked.runs.values() if one.id <= run),
        {look.target.id: look.run for look in looked.looks},
        frozenset(failure.name for failure in looked.failures),
        tuple(_spans(queries, run, refused, minimum)),
    )


def _spans(
    queries: Queries, run: int, refused: Mapping[str, Sequence[_Runs]], minimum: Confidence
) -> Iterator[OpenSpan]:
    rows = queries.execute(_SIGHTINGS, {"run": run})
    for (fingerprint, target), found in groupby(rows, lambda row: (row[0], row[1])):
        seen = [(since, _before(until, run)) for *_, since, until, body in found if _counts(body, minimum)]
        for since, until in _without(_joined(seen), refused.get(fingerprint, ())):
            yield OpenSpan(str(target), fingerprint, since, until)


def _counts(body: str, minimum: Confidence) -> bool:
    fields = Fields(json.loads(body))
    return fields.maybe("allowed", fields.inner) is None and fields.enum("confidence", Confidence) >= minimum


def _before(until: int | None, run: int) -> int | None:
    """Return the end of a row as of a run: what ends later is not known yet."""
    return until if until is not None and until <= run else None


def _refused(queries: Queries, run: int) -> Mapping[str, Sequence[_Runs]]:
    """Return by fingerprint the runs in which the API's last answer was that a credential is not valid."""
    found: defaultdict[str, list[_Runs]] = defaultdict(list)
    since: dict[str, int] = {}
    for fingerprint, asked, status in queries.execute(_ANSWERS, {"run": run}):
        if VerificationStatus(status) is VerificationStatus.INACTIVE:
            since.setdefault(fingerprint, asked)
        elif fingerprint in since:
            found[fingerprint].append((since.pop(fingerprint), asked))
    for fingerprint, first in since.items():
        found[fingerprint].append((first, None))
    return found


def _joined(rows: Sequence[_Runs]) -> Iterator[_Runs]:
    """Yield the spans of rows in their order: one begins where another ends when only its body changed.

    Rows of two sweeps that ran at once may overlap.
    """
    span: _Runs | None = None
    for since, until in rows:
        if span is None:
            span = since, until
        elif span[1] is None or since <= span[1]:
            span = span[0], None if None in (span[1], until) else max(span[1] or 0, until or 0)
        else:
            yield span
            span = since, until
    if span is not None:
        yield span


def _without(spans: Iterator[_Runs], refused: Sequence[_Runs]) -> Iterator[_Runs]:
    """Yield what is left of the spans; both are in order."""
    for since, until in spans:
        start = since
        for first, last in refused:
            if (last is not None and last <= start) or (until is not None and first >= until):
                continue
            if first > start:
                yield start, first
            if last is None or (until is not None and last >= until):
                break
            start = last
        else:
            yield start, until
