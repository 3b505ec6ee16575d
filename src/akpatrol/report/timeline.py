"""A timeline of each credential's exposure, as bars and marks along one time axis.

Pure: a document's credentials in, positions in percent of the axis' width out, so that a drawing of any width keeps
its marks in shape. Dates are of commits, whose clocks may be wrong: dates before git or after now are drawn at the
end of the axis, with their text unchanged.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.model.scan import State
from akpatrol.report.number_words import listed, plural
from akpatrol.report.wording import date_words, parsed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from akpatrol.report.view import CredentialView, OccurrenceView

_GIT_BEGINS = datetime(2005, 4, 7, tzinfo=UTC)
_SHORTEST = timedelta(days=2)
_AFTER_NOW = 0.04
"""Room after now, as a fraction of the time before it."""
_EXPIRY_REACH = 0.35
"""How far after now an expiry may extend the axis; a later one is drawn at its end."""
_NARROWEST = 0.5
_MOST_TICKS = 8
_MARGIN = 2.5
_NOW_WIDTH = 5
UNKNOWN = "unknown"
IN_TRACKABLE_FILES = {State.WORKTREE, State.STAGED, State.PRESENT}
"""In files that git tracks or would track."""

IN_FILES = IN_TRACKABLE_FILES | {State.IGNORED}
_DAY_STEPS = (1, 2, 7, 14)
_MONTH_STEPS = (1, 3, 6, 12, 24, 60, 120, 240)


class Segment(NamedTuple):
    """A segment from ``x``, ``width`` long: ``open`` in files, ``history`` in older commits, ``unknown`` its start."""

    x: float
    width: float
    kind: str
    text: str


class Mark(NamedTuple):
    """Something that happened at ``x``: ``verified``, ``expiry`` or ``found``; ``beyond`` the axis' end."""

    x: float
    kind: str
    text: str
    beyond: bool = False


class TimelineRow(NamedTuple):
    """One credential; a stretch whose start is unknown is drawn from the axis' start.

    ``copies`` are where further places appeared, to the drawing's precision; ``text`` says all of it in words.
    """

    segments: tuple[Segment, ...]
    copies: tuple[float, ...]
    marks: tuple[Mark, ...]
    text: str


class Tick(NamedTuple):
    """A place on the axis and its label."""

    x: float
    label: str


class Timeline(NamedTuple):
    """The whole: ``now`` is where on the axis the present is."""

    ticks: tuple[Tick, ...]
    now: float
    rows: tuple[TimelineRow, ...]
    axis: Axis

    @property
    def spare(self) -> set[Tick]:
        """The ticks for which a narrow axis has no room: every second one of many, but not the years."""
        is_odd = next((index % 2 for index, tick in enumerate(self.ticks) if "-" not in tick.label), 0)
        return set(self.ticks[1 - is_odd :: 2]) if len(self.ticks) > _MOST_TICKS // 2 else set()

    @property
    def kinds(self) -> set[str]:
        """The entries of the legend: kinds of segments and marks, and ``copy``."""
        segments = {segment.kind for row in self.rows for segment in row.segments}
        marks = {mark.kind for row in self.rows for mark in row.marks}
        return segments | marks | ({"copy"} if any(row.copies for row in self.rows) else set())

    @property
    def undated(self) -> int:
        """How many credentials have no date at all."""
        return sum(all(segment.kind == UNKNOWN for segment in row.segments) for row in self.rows)


class Axis(NamedTuple):
    """The time that is drawn, up to a little after ``now``."""

    start: datetime
    end: datetime
    now: datetime

    def at(self, moment: datetime) -> float:
        """Return a moment's place in percent."""
        share = (moment - self.start) / (self.end - self.start)
        return round(100 * min(max(share, 0.0), 1.0), 2)


class Span(NamedTuple):
    """The time of a place: from ``start`` to ``end`` in files, None if it still is, or from ``start`` in history."""

    start: datetime
    end: datetime | None
    in_files: bool


def build(credentials: Sequence[CredentialView], now: datetime) -> Timeline:
    """Return the timeline of a document's credentials, in their order, up to ``now``."""
    axis = _axis(credentials, now)
    rows = tuple(_row(credential, axis) for credential in credentials)
    return Timeline(tuple(_ticks(axis)), axis.at(now), rows, axis)


def _axis(credentials: Iterable[CredentialView], now: datetime) -> Axis:
    moments = [now - _SHORTEST]
    expiries = []
    for credential in credentials:
        moments += [span.start for span in spans_of(credential, now)]
        moments += filter(None, [moment_of(credential["found_at"], now)])
        expiries += [moment for _, moment in _expiries(credential)]
    start = min(moments)
    past = now - start
    reach = now + past * _EXPIRY_REACH
    end = max([now, *(moment for moment in expiries if moment <= reach)])
    return Axis(start - past * 0.01, end + past * _AFTER_NOW, now)


def moment_of(date: str | None, now: datetime) -> datetime | None:
    """Return a date; the date of a wrong clock is moved between git's first day and now."""
    moment = parsed(date) if date else None
    return min(max(moment, _GIT_BEGINS), now) if moment else None


def _start(place: OccurrenceView, now: datetime) -> datetime | None:
    return moment_of(place["introduced"]["date"], now) if place["introduced"] else None


def spans_of(credential: CredentialView, now: datetime) -> list[Span]:
    """Return the time of every place that has a date."""
    return [span for place in credential["occurrences"] if (span := span_of(place, now))]


def span_of(place: OccurrenceView, now: datetime) -> Span | None:
    """Return the time of a place, None where it has no date."""
    start = _start(place, now)
    if start is None:
        return None
    end = moment_of(place["removed"]["date"], now) if place["removed"] else None
    is_open = place["state"] in IN_FILES
    # A place that no branch holds and no commit removed was never in a branch's files.
    return Span(start, None if is_open else max(end or start, start), in_files=is_open or end is not None)


def _row(credential: CredentialView, axis: Axis) -> TimelineRow:
    spans = sorted(spans_of(credential, axis.now), key=lambda span: span.start)
    first_seen = moment_of(credential["found_at"], axis.now)
    segments = (*_undated(credential, spans, first_seen, axis), *_segments(spans, axis))
    copies = sorted({round(axis.at(span.start) / _NARROWEST) * _NARROWEST for span in spans[1:]})
    marks = tuple(_marks(credential, first_seen, axis))
    return TimelineRow(segments, tuple(copies), marks, _description(credential, spans, segments, marks))


def _undated(
    credential: CredentialView, spans: Sequence[Span], first_seen: datetime | None, axis: Axis
) -> Iterator[Segment]:
    """Yield the time of places without a date, unless dated ones say the same."""
    states = {place["state"] for place in credential["occurrences"] if not _start(place, axis.now)}
    is_open = bool(states & IN_FILES)
    if spans and (not is_open or any(span.end is None for span in spans)):
        return
    text = "In files now, since unknown" if is_open else "Since unknown; not in files now"
    yield _segment(axis.start, first_seen or axis.now, UNKNOWN, text, axis)
    if first_seen:
        yield _segment(first_seen, axis.now, "open", f"Seen by a sweep since {_day(first_seen)}; it may be older", axis)


def _segments(spans: Sequence[Span], axis: Axis) -> Iterator[Segment]:
    if not spans:
        return
    first = spans[0].start
    yield _segment(first, axis.now, "history", f"In the history since {date_words(first.isoformat(), axis.now)}", axis)
    for start, end in merged([span for span in spans if span.in_files], axis.now):
        days = length_words(end - start)
        until = "now" if end >= axis.now else _day(end)
        yield _segment(start, end, "open", f"In files from {_day(start)} to {until}: {days}", axis)


def merged(spans: Sequence[Span], now: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield the intervals that the spans, sorted by start, cover together."""
    if not spans:
        return
    start, end = spans[0].start, spans[0].end or now
    for span in spans[1:]:
        if span.start > end:
            yield start, end
            start, end = span.start, span.end or now
        end = max(end, span.end or now)
    yield start, end


def _segment(start: datetime, end: datetime, kind: str, text: str, axis: Axis) -> Segment:
    x = axis.at(start)
    width = round(max(axis.at(end) - x, _NARROWEST), 2)
    return Segment(min(x, 100 - width), width, kind, text)


def _marks(credential: CredentialView, first_seen: datetime | None, axis: Axis) -> Iterator[Mark]:
    verification = credential["verification"]
    if verification and (checked := moment_of(verification["checked_at"], axis.now)):
        yield Mark(axis.at(checked), "verified", f"Verified {_day(checked)}: {verification['status']}")
    if first_seen:
        yield Mark(axis.at(first_seen), "found", f"First seen by a sweep {_day(first_seen)}")
    for text, moment in _expiries(credential):
        yield Mark(axis.at(moment), "expiry", text, beyond=moment > axis.end)


def _expiries(credential: CredentialView) -> Iterator[tuple[str, datetime]]:
    for key in credential["owner"]["keys"] if credential["owner"] else ():
        moment = parsed(key["expires_at"]) if key["expires_at"] else None
        if moment:
            yield f"{'Expired' if key['expired'] else 'Expires'} {_day(moment)}", max(moment, _GIT_BEGINS)


def _description(
    credential: CredentialView,
    spans: Sequence[Span],
    segments: Sequence[Segment],
    marks: Sequence[Mark],
) -> str:
    """Return what the row shows, as text for screen readers."""
    in_files = [segment.text for segment in segments if segment.kind in {"open", UNKNOWN}]
    copies = len(spans) - 1
    more = [plural(copies, "more copy", "more copies")] if copies > 0 else []
    is_gone = bool(spans) and credential["state"] not in IN_FILES
    history = [segment.text for segment in segments if segment.kind == "history"] if is_gone else []
    return "; ".join([*([listed(in_files)] if in_files else []), *history, *more, *(mark.text for mark in marks)])


def _ticks(axis: Axis) -> Iterator[Tick]:
    """Yield at most _MOST_TICKS evenly spaced dates."""
    days = (axis.end - axis.start).days
    day_step = next((step for step in _DAY_STEPS if days / step <= _MOST_TICKS), None)
    moments = _by_days(axis, day_step) if day_step else _by_months(axis, days / 30.4)
    for moment in moments:
        # Labels at the ends would be cut off, and one at now would be written over.
        x = axis.at(moment)
        if _MARGIN <= x <= 100 - _MARGIN and abs(x - axis.at(axis.now)) > _NOW_WIDTH:
            is_year = not day_step and moment.month == 1
            style = "%Y" if is_year else "%Y-%m" if not day_step else "%m-%d"
            yield Tick(x, f"{moment:{style}}")


def _by_days(axis: Axis, step: int) -> Iterator[datetime]:
    moment = axis.start.replace(hour=0, minute=0, second=0, microsecond=0)
    while moment <= axis.end:
        yield moment
        moment += timedelta(days=step)


def _by_months(axis: Axis, months: float) -> Iterator[datetime]:
    step = next((step for step in _MONTH_STEPS if months / step <= _MOST_TICKS), _MONTH_STEPS[-1])
    index = axis.start.year * 12 // step * step
    while (year := index // 12) <= axis.end.year:
        yield datetime(year, index % 12 + 1, 1, tzinfo=UTC)
        index += step


def _day(moment: datetime) -> str:
    return f"{moment.year:04}-{moment.month:02}-{moment.day:02}"


def length_words(length: timedelta) -> str:
    """Say how long a stretch of time is."""
    days = length.days
    if days < 1:
        return "less than a day"
    for size, unit in ((365, "year"), (30, "month")):
        if days >= 2 * size:
            return plural(days // size, unit)
    return plural(days, "day")
