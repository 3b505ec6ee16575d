"""Text: a line on all, a table of the reports, then what each misses, by reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.compare import groups
from akpatrol.report.document import visible_view
from akpatrol.report.number_words import plural
from akpatrol.report.text_safety import columns, middle_out, wrapped
from akpatrol.report.text_style import Style

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from akpatrol.compare.groups import MissedGroup
    from akpatrol.compare.render import ComparisonOptions
    from akpatrol.compare.view import ComparedReportView, ComparisonView

_SHOWN = 5
"""Findings and entries that a group shows without ``-v``."""
_LONGEST = 320
_HEADINGS = ("report", "scanner", "found", "other version", "missed", "unreadable")


def render(view: ComparisonView, options: ComparisonOptions) -> str:
    """Return the comparison as text."""
    safe, style = visible_view(view), Style(options.width, colour=options.colour)
    blocks = [_opening(safe, style), list(_table(safe["reports"], style)), _notices(safe, style)]
    for number, report in enumerate(safe["reports"]):
        blocks.append(list(_unreadable(report, style, verbose=options.verbose)))
        blocks.append(list(_missed(report, groups.missed(safe, number), style, verbose=options.verbose)))
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _opening(view: ComparisonView, style: Style) -> list[str]:
    summary = view["summary"]
    return [
        style.verdict(line, has_findings=not summary["agree"], complete=not summary["unreadable"])
        for line in wrapped(groups.verdict(view), style.width)
    ]


def _table(reports: Sequence[ComparedReportView], style: Style) -> Iterator[str]:
    rows = [_HEADINGS, *(_row(report) for report in reports)]
    if not any(report["unreadable"] for report in reports):
        rows = [row[:-1] for row in rows]
    widths = [max(columns(row[index]) for row in rows) for index in range(len(rows[0]))]
    for number, row in enumerate(rows):
        names = (cell + " " * (width - columns(cell)) for cell, width in zip(row[:2], widths, strict=False))
        numbers = (cell.rjust(width) for cell, width in zip(row[2:], widths[2:], strict=False))
        line = "  ".join((*names, *numbers))
        yield style.dim(line) if not number else line


def _row(report: ComparedReportView) -> tuple[str, ...]:
    numbers = (report["findings"], report["folded"], report["missed"], len(report["unreadable"]))
    label, scanner = middle_out(report["label"], _LONGEST // 4), middle_out(groups.scanner(report), _LONGEST // 4)
    return (label, scanner, *(f"{number:,}" for number in numbers))


def _notices(view: ComparisonView, style: Style) -> list[str]:
    lines = list(view["notices"])
    for report in view["reports"]:
        lines += [f"{report['label']}: {words}, so it may miss more" for words in report["incomplete"]]
        if report["left_out"]:
            lines.append(f"{report['label']}: {plural(report['left_out'], 'entry', 'entries')} of other rules left out")
    return [style.warning(line) for words in lines for line in wrapped(words, style.width)]


def _unreadable(report: ComparedReportView, style: Style, *, verbose: bool) -> Iterator[str]:
    if report["unreadable"]:
        number = plural(len(report["unreadable"]), "entry", "entries")
        yield style.warning(f"{report['label']}: {number} could not be read")
        yield from _some([f"  {middle_out(reason, _LONGEST)}" for reason in report["unreadable"]], verbose=verbose)


def _missed(report: ComparedReportView, missed: Sequence[MissedGroup], style: Style, *, verbose: bool) -> Iterator[str]:
    if not missed:
        return
    whole = report["credentials_missed"]
    places = f"{report['label']} misses {plural(report['missed'], 'finding')}"
    yield style.bold(places + f"; it shows {plural(whole, 'credential')} nowhere" * bool(whole))
    for group in missed:
        yield from (
            "  " + line
            for line in wrapped(f"{group.heading} ({len(group.lines):,}): {group.explanation}", style.width - 2)
        )
        lines = [
            f"    {middle_out(line.redacted, 80)}  {style.path(middle_out(line.where, _LONGEST))}"
            + f"  {middle_out(line.detail, _LONGEST)}" * bool(line.detail)
            + style.dim(f"  in {middle_out(line.found_in, _LONGEST)}")
            for line in group.lines
        ]
        yield from _some(lines, verbose=verbose)


def _some(lines: Sequence[str], *, verbose: bool) -> Iterator[str]:
    shown = lines if verbose else lines[:_SHOWN]
    yield from shown
    if rest := len(lines) - len(shown):
        yield f"    and {rest:,} more; -v lists them"
