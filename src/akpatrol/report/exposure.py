"""How many credentials were exposed at once, over time, as two stepped areas on the timeline's axis.

Both end where the API was seen to refuse a credential; the area for files also ends when no branch holds it.
"""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.model.credential import VerificationStatus
from akpatrol.model.scan import State
from akpatrol.report.timeline import IN_FILES, merged, moment_of, spans_of
from akpatrol.report.wording import status_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from akpatrol.report.timeline import Axis
    from akpatrol.report.view import CredentialView

    Interval = tuple[datetime, datetime]

HEIGHT = 40
"""Of the drawing, in its own units; its width is 100."""


class Steps(NamedTuple):
    """One area: its outline as the path of a drawing, how many there are now, and the most at once."""

    path: str
    now: int
    most: int


class ExposureChart(NamedTuple):
    """All that was leaked and not known to be revoked, and the part of it in files, to one scale."""

    leaked: Steps
    in_files: Steps

    @property
    def text(self) -> str:
        """A description for readers who cannot see the chart."""
        leaked, files = self.leaked, self.in_files
        return (
            f"Leaked and not known to be revoked: {leaked.now:,} now, at most {leaked.most:,} at once; "
            f"in files: {files.now:,} now, at most {files.most:,} at once"
        )


def build(credentials: Sequence[CredentialView], axis: Axis) -> ExposureChart:
    """Return the chart of a document's credentials, without those that occur only in files that git ignores."""
    exposed = [credential for credential in credentials if credential["state"] != State.IGNORED]
    leaked = [
        interval for credential in exposed for interval in _until_refused(credential, [_leaked(credential, axis)], axis)
    ]
    in_files = [
        interval for credential in exposed for interval in _until_refused(credential, _in_files(credential, axis), axis)
    ]
    highest = max((number for _, number in _counted(leaked, axis)), default=0) or 1
    return ExposureChart(_steps(leaked, axis, highest), _steps(in_files, axis, highest))


def _until_refused(credential: CredentialView, intervals: Iterable[Interval], axis: Axis) -> Iterator[Interval]:
    verification = credential["verification"]
    last = axis.now
    if verification and status_of(credential) == VerificationStatus.INACTIVE:
        last = moment_of(verification["checked_at"], axis.now) or axis.now
    yield from ((start, min(end, last)) for start, end in intervals if start < last)


def _leaked(credential: CredentialView, axis: Axis) -> Interval:
    dates = [span.start for span in spans_of(credential, axis.now)]
    return min(dates, default=None) or moment_of(credential["found_at"], axis.now) or axis.start, axis.now


def _in_files(credential: CredentialView, axis: Axis) -> Iterator[Interval]:
    spans = sorted((span for span in spans_of(credential, axis.now) if span.in_files), key=lambda span: span.start)
    is_undated = any(place["state"] in IN_FILES and not place["introduced"] for place in credential["occurrences"])
    if is_undated and not any(span.end is None for span in spans):
        yield moment_of(credential["found_at"], axis.now) or axis.start, axis.now
    else:
        yield from merged(spans, axis.now)


def _counted(intervals: Iterable[Interval], axis: Axis) -> Iterator[tuple[datetime, int]]:
    """Yield each moment at which the number changes, and the new number."""
    changes: dict[datetime, int] = {}
    for start, end in intervals:
        changes[start] = changes.get(start, 0) + 1
        if end < axis.now:
            changes[end] = changes.get(end, 0) - 1
    moments = sorted(changes)
    yield from zip(moments, accumulate(changes[moment] for moment in moments), strict=True)


def _steps(intervals: Sequence[Interval], axis: Axis, highest: int) -> Steps:
    counted = list(_counted(intervals, axis))
    path = f"M0 {HEIGHT}"
    for moment, number in counted:
        path += f"H{axis.at(moment):g}V{HEIGHT * (1 - number / highest):.2f}"
    numbers = [number for _, number in counted]
    return Steps(f"{path}H{axis.at(axis.now):g}V{HEIGHT}Z", numbers[-1] if numbers else 0, max(numbers, default=0))
