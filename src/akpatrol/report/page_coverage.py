"""What a page says about coverage: what was scanned, what was not and why, and which allowances are stale."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from akpatrol.report.messages import capital
from akpatrol.report.number_words import listed, plural
from akpatrol.report.overview import coverage_words, unread_words
from akpatrol.report.text_safety import head, middle_out, shell_word

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from akpatrol.report.view import ReportView, SkipView

_LISTED = 200
"""Items of a list of gaps that the page writes, of each reason."""
_ITEM_WIDTH = 320
_LINE_WIDTH = 500


def coverage(view: ReportView) -> dict[str, object]:
    """Return the values of the page's section on coverage."""
    looked, summary = view["coverage"], view["summary"]
    unread = [skip for skip in looked["skipped"] if skip["accepted"] is None]
    below = summary["below_min_confidence"]
    return {
        "words": coverage_words(view),
        "unread": len(unread),
        "unread_words": capital(unread_words(view)),
        "reasons": listed([f"{gap['reason']} ({gap['number']:,})" for gap in _gaps(unread)]),
        "gaps": list(_gaps(unread)),
        "accepted": list(_gaps([skip for skip in looked["skipped"] if skip["accepted"] is not None])),
        "histories": _some([f"akpatrol history {shell_word(path)}" for path in summary["histories_not_read"]]),
        "below": f"{plural(below, 'more credential')} below the minimum confidence" if below else "",
        "notices": [head(notice, _LINE_WIDTH) for notice in view["notices"]],
        "stale": _some([f"{entry['entry']}, {entry['where']}: {entry['reason']}" for entry in view["stale"]]),
        "asked": _some([f"{entry['what']}: {'found' if entry['found'] else 'not found'}" for entry in view["asked"]]),
    }


def _gaps(skipped: Sequence[SkipView]) -> Iterator[dict[str, object]]:
    """Yield what could not be read by why, the most frequent reason first."""
    reasons = groupby(skipped, lambda skip: (skip["reason"], skip["accepted"]))
    for (reason, accepted), group in sorted(
        ((reason, list(group)) for reason, group in reasons), key=lambda item: -len(item[1])
    ):
        yield {
            "reason": head(reason, _LINE_WIDTH),
            "accepted": head(accepted or "", _LINE_WIDTH),
            "number": len(group),
            "items": _some([skip["item"] for skip in group]),
        }


def _some(items: Sequence[str]) -> dict[str, object]:
    """Return the first of a list, and how many more there are."""
    return {"shown": [middle_out(item, _ITEM_WIDTH) for item in items[:_LISTED]], "more": max(0, len(items) - _LISTED)}
