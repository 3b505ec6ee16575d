from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from akpatrol.model.scan import State
from akpatrol.report import document, timeline
from tests import reports
from tests.unit.report.strategies import hostile, hostile_reports

if TYPE_CHECKING:
    from akpatrol.model.credential import Occurrence
    from akpatrol.model.report import Report

NOW = reports.NOW
KEY = reports.organization_key(reports.seeded(31))
RANDOM = reports.seeded(32)


def build(*credentials: Any) -> timeline.Timeline:
    report = reports.report(*credentials)
    return timeline.build(document.build(report, reports.options(report))["credentials"], NOW)


def row(*places: Occurrence, **changes: Any) -> timeline.TimelineRow:
    return build(reports.credential(KEY, *places, **changes)).rows[0]


def place(start: str, end: str | None = None, state: State = State.PRESENT) -> Occurrence:
    return reports.occurrence(
        KEY,
        state=State.REMOVED if end else state,
        introduced=reports.commit(RANDOM, f"{start}T00:00:00Z"),
        removed=reports.commit(RANDOM, f"{end}T00:00:00Z") if end else None,
    )


def stretches(found: timeline.TimelineRow, kind: str) -> list[str]:
    return [segment.text for segment in found.segments if segment.kind == kind]


def test_what_is_still_there_goes_up_to_now() -> None:
    found = row(place("2024-03-01"))
    assert stretches(found, "open") == ["In files from 2024-03-01 to now: 2 years"]
    history, opened = found.segments
    assert opened.x == history.x
    assert opened.x + opened.width == build(reports.credential(KEY, place("2024-03-01"))).now


def test_what_was_removed_stays_in_the_history() -> None:
    found = row(place("2024-03-01", "2024-05-01"))
    assert stretches(found, "open") == ["In files from 2024-03-01 to 2024-05-01: 2 months"]
    history, opened = found.segments
    assert history.x + history.width > opened.x + opened.width
    assert "In the history since 2024-03-01" in found.text


def test_stretches_that_touch_are_one_and_gaps_stay() -> None:
    found = row(place("2024-01-01", "2024-03-01"), place("2024-02-01", "2024-04-01"), place("2025-01-01", "2025-01-11"))
    assert stretches(found, "open") == [
        "In files from 2024-01-01 to 2024-04-01: 3 months",
        "In files from 2025-01-01 to 2025-01-11: 10 days",
    ]


def test_what_no_branch_ever_held_was_never_in_files() -> None:
    found = row(place("2024-01-01", state=State.UNREACHABLE))
    assert stretches(found, "open") == []
    assert found.text == "In the history since 2024-01-01, 2 years ago"


def test_copies_are_marked_after_the_first() -> None:
    found = row(place("2024-01-01"), place("2024-06-01"), place("2025-06-01"), place("2025-06-01"))
    assert len(found.copies) == 2
    assert found.copies[0] < found.copies[1]
    assert "3 more copies" in found.text


def test_verification_expiry_and_the_first_sweep_are_marked() -> None:
    owner = reports.owner(reports.inventory_key(expires_at="2026-06-01T00:00:00Z"))
    found = build(reports.live(KEY, place("2024-03-01"), owner=owner, found_at="2026-02-01T00:00:00Z")).rows[0]
    assert [(mark.kind, mark.text, mark.beyond) for mark in found.marks] == [
        ("verified", "Verified 2026-03-01: active", False),
        ("found", "First seen by a sweep 2026-02-01", False),
        ("expiry", "Expires 2026-06-01", False),
    ]
    found_at, expiry = found.marks[1], found.marks[2]
    assert found_at.x < found.marks[0].x < expiry.x
    assert all(mark.text in found.text for mark in found.marks)


def test_an_expiry_far_away_does_not_squeeze_the_rest() -> None:
    owner = reports.owner(reports.inventory_key(expires_at="2099-01-01T00:00:00Z"))
    whole = build(reports.live(KEY, place("2024-03-01"), owner=owner))
    mark = whole.rows[0].marks[-1]
    assert (mark.x, mark.beyond) == (100, True)
    assert whole.now > 90


def test_what_has_no_date_is_drawn_since_unknown() -> None:
    whole = build(reports.credential(KEY))
    assert whole.undated == 1
    assert stretches(whole.rows[0], "unknown") == ["In files now, since unknown"]
    assert whole.rows[0].text == "In files now, since unknown"
    (segment,) = whole.rows[0].segments
    assert (segment.x, segment.x + segment.width) == (0, whole.now)


def test_what_a_file_holds_now_is_never_only_in_the_history() -> None:
    found = row(place("2024-01-01", "2024-02-01"), reports.occurrence(KEY, state=State.WORKTREE))
    assert stretches(found, "unknown") == ["In files now, since unknown"]
    assert "In files now, since unknown" in found.text
    assert "In the history" not in found.text


def test_an_undated_place_adds_nothing_to_what_is_in_files_since_a_date() -> None:
    found = row(place("2024-01-01"), reports.occurrence(KEY, state=State.WORKTREE))
    assert stretches(found, "unknown") == []
    gone = row(reports.occurrence(KEY, state=State.UNREACHABLE))
    assert gone.text == "Since unknown; not in files now"


def test_a_sweep_knows_at_least_when_it_first_saw_it() -> None:
    found = row(found_at="2026-01-01T00:00:00Z")
    assert stretches(found, "open") == ["Seen by a sweep since 2026-01-01; it may be older"]
    unknown, seen = found.segments
    assert (unknown.kind, seen.kind) == ("unknown", "open")
    assert unknown.x + unknown.width <= seen.x + 0.5


def test_wrong_clocks_are_drawn_at_the_ends() -> None:
    found = row(place("1970-01-01"), place("2999-01-01"))
    assert found.segments[0].x >= 0
    assert stretches(found, "history") == ["In the history since 2005-04-07, 20 years ago"]
    assert found.segments[-1].x + found.segments[-1].width <= 100


@given(st.dates(min_value=timeline._GIT_BEGINS.date(), max_value=NOW.date()))
def test_ticks_are_few_and_apart(start: Any) -> None:
    whole = build(reports.credential(KEY, place(start.isoformat())))
    assert 1 <= len(whole.ticks) <= 9
    gaps = [right.x - left.x for left, right in zip(whole.ticks, whole.ticks[1:], strict=False)]
    assert all(gap > 5 for gap in gaps)
    assert all(abs(tick.x - whole.now) > 4 for tick in whole.ticks)
    assert len({tick.label for tick in whole.ticks}) == len(whole.ticks)


@hostile
@given(hostile_reports)
def test_everything_is_drawn_within_the_axis(report: Report) -> None:
    whole = build(*report.credentials)
    assert len(whole.rows) == len(report.credentials)
    for found in whole.rows:
        for segment in found.segments:
            assert segment.x >= 0
            assert segment.width > 0
            assert segment.x + segment.width <= 100.01
        assert all(0 <= x <= 100 for x in (*found.copies, *(mark.x for mark in found.marks)))
