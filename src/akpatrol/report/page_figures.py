"""Figures beside a page's timeline: whose the credentials are, where, by whom, and how long until they were removed."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from statistics import median
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlencode

from akpatrol.model.scan import State
from akpatrol.report.timeline import IN_FILES, length_words, spans_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from akpatrol.report.page_credential import CredentialPage
    from akpatrol.report.page_locations import LocationRow
    from akpatrol.report.view import CredentialView

NOT_KNOWN = "not known"
_LISTED = 5


class Count(NamedTuple):
    """How many credentials have a value, also in percent of the most frequent one's; ``view`` is the page's filter."""

    name: str
    number: int
    share: float
    view: str


class Group(NamedTuple):
    """The most frequent values of one property, and how many more there are."""

    title: str
    counts: tuple[Count, ...]
    more: int


class Length(NamedTuple):
    """The time of one credential, in words."""

    words: str
    id: str
    redacted: str


class Removals(NamedTuple):
    """How long the ``removed`` ones were in files, and the oldest of those that still are."""

    removed: int
    median: str
    longest: Length | None
    remaining: int
    oldest: Length | None


def groups(pages: Sequence[CredentialPage], rows: Sequence[Sequence[LocationRow]], noun: str) -> list[Group]:
    """Return the credentials by repository, owner and author, each only where there is more than one value."""
    groupings = (
        ("repository", f"By {noun}", _each({row.repository for row in places} for places in rows)),
        ("owner", "By owner", _each([page["owner_name"] or NOT_KNOWN] for page in pages)),
        ("author", "By author", _each({row.author for row in places} for places in rows)),
    )
    return [_group(name, title, counts) for name, title, counts in groupings if len(counts) > 1]


def _each(values: Iterable[Iterable[str]]) -> Counter[str]:
    return Counter(value for of_one in values for value in of_one if value)


def _group(name: str, title: str, counts: Counter[str]) -> Group:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    most = ordered[0][1]
    listed = (Count(text, number, round(100 * number / most, 1), urlencode({name: text})) for text, number in ordered)
    return Group(title, tuple(listed)[:_LISTED], max(0, len(ordered) - _LISTED))


def removals(credentials: Sequence[CredentialView], pages: Sequence[CredentialPage], now: datetime) -> Removals:
    """Return the times from the first leak to the last removal, of credentials in branches."""
    removed: list[tuple[timedelta, CredentialPage]] = []
    present: list[tuple[timedelta, CredentialPage]] = []
    remaining = 0
    for credential, page in zip(credentials, pages, strict=True):
        spans = [span for span in spans_of(credential, now) if span.in_files]
        start = min((span.start for span in spans), default=None)
        if credential["state"] in IN_FILES and credential["state"] != State.IGNORED:
            remaining += 1
            present += [(now - start, page)] if start else []
        elif start:
            removed.append((max(span.end or now for span in spans) - start, page))
    return Removals(
        len(removed),
        length_words(timedelta(seconds=median(length.total_seconds() for length, _ in removed))) if removed else "",
        _longest(removed),
        remaining,
        _longest(present),
    )


def _longest(lengths: Sequence[tuple[timedelta, CredentialPage]]) -> Length | None:
    if not lengths:
        return None
    length, page = max(lengths, key=lambda item: item[0])
    return Length(length_words(length), page["id"], page["redacted"])
