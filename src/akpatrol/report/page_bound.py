"""How much of a large report a page shows: one of more than a few thousand credentials opens in no browser."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from akpatrol.report.number_words import plural
from akpatrol.report.order import credentials_in_order, occurrences_in_order

if TYPE_CHECKING:
    from collections.abc import Iterable

    from akpatrol.model.report import Report

MOST_CREDENTIALS = 2_000
MOST_PLACES = 50_000
SHOWN_CREDENTIALS, SHOWN_PLACES = 1_000, 10_000
"""Of a report with more than the most: its targets need memory, too."""


def bounded(report: Report) -> tuple[Report, str]:
    """Return the report with the most urgent credentials and their worst places, and a sentence, "" if it is whole.

    Each credential keeps as many places as the others, as far as it has them.
    """
    findings = report.findings
    places = sum(len(credential.occurrences) for credential in findings)
    if len(findings) <= MOST_CREDENTIALS and places <= MOST_PLACES:
        return report, ""
    ordered = credentials_in_order(report.credentials)
    kept = ordered[: min(SHOWN_CREDENTIALS, len(findings))]
    # With all findings, the allowed ones may be there, too.
    allowed = ordered[len(findings) :][:SHOWN_CREDENTIALS] if len(kept) == len(findings) else []
    each = _share(len(credential.occurrences) for credential in kept)
    cut = [
        credential._replace(occurrences=tuple(islice(occurrences_in_order(credential.occurrences), each)))
        for credential in kept
    ]
    shown = plural(sum(len(credential.occurrences) for credential in cut), "location")
    of = f"{len(cut):,} of {plural(len(findings), 'credential')}" if len(cut) < len(findings) else "all credentials"
    words = f"This page has {of} and {shown} of {places:,}, the most urgent ones; the JSON report has them all."
    return report._replace(credentials=(*cut, *(one._replace(occurrences=()) for one in allowed))), words


def _share(numbers: Iterable[int]) -> int:
    """Return how many places each credential may keep, so that all have room for as many."""
    left, room = sorted(numbers), SHOWN_PLACES
    for index, number in enumerate(left):
        share = room // (len(left) - index)
        if number > share:
            return max(share, 1)
        room -= number
    return max(left, default=1)
