"""The places of a workstation that were looked for, with what was found in each: for the document, and as text.

The list is the proof of what was looked at, so a place that does not exist has a line too.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from akpatrol.report.number_words import plural
from akpatrol.report.text_safety import columns, head, wrapped
from akpatrol.report.wording import age, parsed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from akpatrol.model.report import LocalSource, Report
    from akpatrol.report.mask import Mask
    from akpatrol.report.text_style import Style
    from akpatrol.report.view import LocalSourceView

FOUND: Final = "found"
WORDS: Final = {
    FOUND: "found",
    "not_readable": "not readable",
    "partly_read": "partly read",
    "left_out": "left out",
    "clean": "clean",
    "absent": "absent",
}
"""Every state, in the order in which they are told."""

_STATE_WIDTH = max(map(len, WORDS.values()))
_TITLE_WIDTH = 60
_SECONDS_A_DAY = 86_400


def build(report: Report, mask: Mask) -> list[LocalSourceView]:
    """Return the places as they are in the document."""
    findings = Counter(
        target
        for credential in report.findings
        for target in {occurrence.target for occurrence in credential.occurrences}
    )
    return [
        {
            "id": mask.text(source.id),
            "title": mask.text(source.title),
            "state": _state(source, findings[source.id]),
            "findings": findings[source.id],
            "files": source.files,
            "left_out": source.left_out,
            "skipped": source.skipped,
            "newest": source.newest,
            "advice": mask.text(source.advice),
            "pages": mask.texts(source.pages),
        }
        for source in report.sources
    ]


def _state(source: LocalSource, findings: int) -> str:
    if findings:
        return FOUND
    if source.skipped:
        return "partly_read" if source.files else "not_readable"
    if source.files:
        return "clean"
    return "left_out" if source.left_out else "absent"


def ordered(sources: Sequence[LocalSourceView]) -> list[LocalSourceView]:
    """Return the places, those that need action first."""
    order = list(WORDS)
    return sorted(sources, key=lambda source: order.index(source["state"]))


def heading(sources: Sequence[LocalSourceView]) -> str:
    """Say how many places are in each state."""
    number = Counter(source["state"] for source in sources)
    return f"Looked in {plural(len(sources), 'source')}: " + ", ".join(
        f"{number[state]:,} {WORDS[state] if state != FOUND else 'with credentials'}"
        for state in WORDS
        if number[state]
    )


def state_words(source: LocalSourceView) -> str:
    """Return the state of a place, and how many credentials it holds."""
    return WORDS[source["state"]] + (f" {source['findings']:,}" if source["findings"] else "")


def contents(source: LocalSourceView, now: datetime) -> str:
    """Say how much there is, and how old; "" for a place that does not exist."""
    newest = parsed(source["newest"]) if source["newest"] else None
    written = age((now - newest).total_seconds() / _SECONDS_A_DAY) if newest else ""
    parts = [
        plural(source["files"], "file") if source["files"] else "",
        f"newest {written}" if written else "",
        f"{source['skipped']:,} not read" if source["skipped"] else "",
        f"{source['left_out']:,} left out" if source["left_out"] else "",
    ]
    return ", ".join(part for part in parts if part)


def lines(sources: Sequence[LocalSourceView], style: Style, now: datetime) -> Iterator[str]:
    """Yield the table for people: a line a place, and what to do where something was found."""
    yield from (style.bold(line) for line in wrapped(heading(sources), style.width))
    titles = {source["id"]: head(source["title"], _TITLE_WIDTH) for source in sources}
    width = max(map(columns, titles.values()))
    for source in ordered(sources):
        state, title, rest = state_words(source), titles[source["id"]], contents(source, now)
        padding = " " * (width - columns(title))
        row = f"  {state:<{_STATE_WIDTH}}  {title}{padding}  {rest}".rstrip()
        yield style.bold(row) if source["findings"] else row
        if source["findings"]:
            yield from ("    " + line for line in wrapped(source["advice"], style.width - 4))
