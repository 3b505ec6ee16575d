"""The HTTP header ``Retry-After``, for every client of an API."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

_MOST_DIGITS = 9
"""Digits of a number of seconds: longer waits make no sense."""


def seconds_of(retry_after: str, now: float) -> float | None:
    """Return the seconds that a server asks to wait, None for no such header or a broken one.

    The header is a number of seconds or a date (RFC 9110, 10.2.3); ``now`` is in seconds since 1970.
    """
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return float(text[:_MOST_DIGITS])
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now) if text else None
    except (ValueError, OverflowError):
        return None
