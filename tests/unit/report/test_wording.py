from __future__ import annotations

from datetime import timedelta

import pytest

from akpatrol.model.credential import VerificationStatus
from akpatrol.report import wording
from tests import reports


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (-1, ""),
        (0, "today"),
        (1, "1 day ago"),
        (13, "13 days ago"),
        (15, "2 weeks ago"),
        (70, "2 months ago"),
        (400, "13 months ago"),
        (731, "2 years ago"),
    ],
)
def test_age(days: float, expected: str) -> None:
    assert wording.age(days) == expected


def test_every_status_has_a_word() -> None:
    assert list(wording.STATUSES) == [*VerificationStatus, wording.UNVERIFIED]


def test_dates_are_in_utc() -> None:
    assert wording.date_words("2026-02-28T23:30:00-05:00", reports.NOW) == "2026-03-01, today"
    assert wording.date_words((reports.NOW + timedelta(days=9)).isoformat(), reports.NOW) == "2026-03-10"
    assert wording.date_words("never", reports.NOW) == "never"


@pytest.mark.parametrize(
    ("size", "expected"),
    [(0, "0 bytes"), (1, "1 byte"), (1000, "1.0 kB"), (56_712_345, "56.7 MB"), (3 * 10**15, "3,000.0 TB")],
)
def test_sizes(size: int, expected: str) -> None:
    assert wording.size_words(size) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0.04, "0.0 s"), (59.2, "59.2 s"), (61, "1 min 1 s"), (7260, "2 h 1 min")]
)
def test_durations(seconds: float, expected: str) -> None:
    assert wording.duration_words(seconds) == expected
