"""A server says how long to wait as a number of seconds or as a date."""

from __future__ import annotations

import pytest

from akpatrol.validate.retry_after import seconds_of

NOW = 1_000_000_000.0  # 2001-09-09 01:46:40 UTC


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0.0),
        ("120", 120.0),
        (" 7 ", 7.0),
        ("9" * 400, 999_999_999.0),
        ("Sun, 09 Sep 2001 01:47:40 GMT", 60.0),
        ("Sun, 09 Sep 2001 01:45:40 GMT", 0.0),
    ],
)
def test_seconds_to_wait(header: str, seconds: float) -> None:
    assert seconds_of(header, NOW) == seconds


@pytest.mark.parametrize(
    "header", ["", " ", "soon", "-5", "1.5", "\N{SUPERSCRIPT TWO}", "Sun, 09 Sep 99999 01:00:00 GMT"]
)
def test_no_header_and_a_broken_one_ask_for_nothing(header: str) -> None:
    assert seconds_of(header, NOW) is None
