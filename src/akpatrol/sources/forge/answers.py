"""Interpret a forge's answers: how long to wait, and where the next page is. Pure: makes no requests.

GitHub: https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api,
https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api. GitLab:
https://docs.gitlab.com/administration/settings/user_and_ip_rate_limits/, https://docs.gitlab.com/api/rest/#pagination.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from akpatrol.validate.retry_after import seconds_of

if TYPE_CHECKING:
    from collections.abc import Mapping

_FORBIDDEN, _TOO_MANY, _SERVER_ERROR = 403, 429, 500
# GitHub on its secondary limit, which gives no time: "wait for at least one minute before retrying".
_MINUTE = 60.0
_DIGITS = 12  # of a time in seconds since 1970
_LINK = re.compile(r"<([^<>]*)>([^<]*)")
_RELATION = r';\s*rel\s*=\s*(?:"(?:[^"]*\s)?{0}(?:\s[^"]*)?"|{0}(?=[\s;,]|$))'
_NEXT, _LAST = (re.compile(_RELATION.format(name), re.IGNORECASE) for name in ("next", "last"))
_PAGE = re.compile(r"[?&]page=([0-9]{1,9})(?:&|$)")


def pause(status: int, headers: Mapping[str, str], now: float, attempt: int) -> float | None:
    """Return the seconds to wait before the same request is sent again; None when that would not help.

    ``headers`` are looked up regardless of case, ``now`` is the time in seconds since 1970, ``attempt`` counts from 0.
    """
    if status >= _SERVER_ERROR:
        return seconds_of(headers.get("retry-after", ""), now) or 2.0**attempt
    exhausted = "0" in (headers.get("x-ratelimit-remaining"), headers.get("ratelimit-remaining"))
    if status != _TOO_MANY and not (status == _FORBIDDEN and (exhausted or "retry-after" in headers)):
        return None
    requested = seconds_of(headers.get("retry-after", ""), now)
    if requested is not None:
        return requested
    return (rest(headers, now) if exhausted else 0.0) or _MINUTE * 2.0**attempt


def rest(headers: Mapping[str, str], now: float) -> float:
    """Return the seconds until a forge allows requests again, 0 while it does or when it does not say."""
    if "0" not in (headers.get("x-ratelimit-remaining"), headers.get("ratelimit-remaining")):
        return 0.0
    reset = headers.get("x-ratelimit-reset") or headers.get("ratelimit-reset") or ""
    return max(1.0, float(reset) - now) if reset.isascii() and reset.isdigit() and len(reset) <= _DIGITS else 0.0


def next_page(headers: Mapping[str, str], url: str) -> str | None:
    """Return the address of the page after ``url``, None when there is none (RFC 8288)."""
    return _linked(headers, url, _NEXT)


def last_page(headers: Mapping[str, str], url: str) -> int | None:
    """Return the number of the last page, None when the forge does not say."""
    number = _PAGE.search(_linked(headers, url, _LAST) or "")
    return int(number[1]) if number else None


def _linked(headers: Mapping[str, str], url: str, relation: re.Pattern[str]) -> str | None:
    address: str
    for address, parameters in _LINK.findall(headers.get("link", "")):
        if relation.search(parameters):
            return joined(url, address)
    return None


def joined(url: str, address: str) -> str:
    """Return ``address`` resolved against ``url``; an invalid one has no host."""
    try:
        return urljoin(url, address)
    except ValueError:
        return "nowhere:"


def same_host(url: str, other: str) -> bool:
    """Return whether two URLs are of one scheme, host and port."""
    return _origin(url) == _origin(other)


def _origin(url: str) -> tuple[str, str | None, int | None] | None:
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname, parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    except ValueError:
        return None
