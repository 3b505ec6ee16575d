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
    ("kind", "root", "directory"),
    [
        ("bucket", "s3://leaks", "s3://leaks"),
        ("bucket", "gs://leaks/a/prefix", "gs://leaks"),
        ("images", "oci+http://127.0.0.1:5000/team/app:v1", "oci+http://127.0.0.1:5000"),
        ("directory", "/srv/s3://leaks/x", "/srv/s3://leaks/x"),
        ("file", "/srv/s3://leaks/x", "/srv/s3://leaks"),
    ],
)
def test_what_paths_are_relative_to(kind: str, root: str, directory: str) -> None:
    assert wording.directory_of(kind, root) == directory
