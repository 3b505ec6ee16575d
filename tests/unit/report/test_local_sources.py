"""The places of a workstation, in the document and in each format for people."""

from __future__ import annotations

import pytest

from akpatrol.model.report import LocalSource
from akpatrol.report import document, local_sources, page_targets, render
from akpatrol.report.text_style import Style
from tests import reports, samples

REPORT = samples.workstation(reports.seeded(1))
VIEW = document.build(REPORT, reports.options(REPORT))["sources"]


def text(*, width: int = 110) -> list[str]:
    return list(local_sources.lines(VIEW, Style(width, colour=False), reports.NOW))


def test_each_place_has_one_state() -> None:
    states = {source["id"]: source["state"] for source in VIEW}
    assert states == {
        "absent": "absent",
        "history": "clean",
        "transcripts": "found",
        "browser": "partly_read",
        "cloud": "not_readable",
        "downloads": "left_out",
    }


def test_the_text_has_a_line_a_place_and_what_to_do_where_something_was_found() -> None:
    assert text() == [
        "Looked in 6 sources: 1 with credentials, 1 not readable, 1 partly read, 1 left out, 1 clean, 1 absent",
        "  found 1       Agent: transcripts  14 files, newest 2 days ago",
        "    Delete it.",
        "  not readable  Cloud               1 not read",
        "  partly read   Browser             3 files, newest 8 weeks ago, 2 not read",
        "  left out      Downloads           7 left out",
        "  clean         Shell: history      1 file, newest today",
        "  absent        Absent",
    ]


def test_the_table_follows_the_findings_and_names_no_allowance() -> None:
    told = render(REPORT, "text", reports.options(REPORT))
    assert told.startswith("INCOMPLETE: 1 credential found (1 unverified) in 1 place")
    assert told.index(".agent/a.jsonl") < told.index("Looked in 6 sources") < told.index("Not scanned")
    assert "akpatrol allow" not in told


def test_a_report_of_another_command_has_none() -> None:
    other = samples.staged(reports.seeded(1))
    assert document.build(other, reports.options(other))["sources"] == []
    assert "Looked in" not in render(other, "text", reports.options(other))


def test_markdown_has_a_row_for_each_that_exists() -> None:
    told = render(REPORT, "markdown", reports.options(REPORT))
    assert "| found 1 | Agent: transcripts | 14 files, newest 2 days ago | Delete it. |" in told
    assert "| clean | Shell: history | 1 file, newest today |  |" in told
    assert "\nAbsent: Absent\n" in told


def test_the_page_has_a_row_for_each() -> None:
    view = document.build(REPORT, reports.options(REPORT))
    table = page_targets.targets(view, {source["id"]: source["title"] for source in view["sources"]})
    rows = {row.name: row for row in table.rows}
    assert list(rows) == ["Agent: transcripts", "Cloud", "Browser", "Downloads", "Shell: history", "Absent"]
    assert (rows["Agent: transcripts"].found, rows["Agent: transcripts"].places) == (1, 1)
    assert "Delete it." in rows["Agent: transcripts"].remote
    assert [row.unread for row in table.rows] == [0, 1, 2, 0, 0, 0]
    assert not table.is_first
    assert [rows[name].scanned for name in ("Downloads", "Absent")] == ["left out", "absent"]
    assert "Agent: transcripts" in render(REPORT, "html", reports.options(REPORT))


@pytest.mark.parametrize("title", ["漢字" * 100, "x" * 1000, ""])
def test_a_title_of_a_foreign_report_does_not_fill_the_screen(title: str) -> None:
    report = REPORT._replace(sources=(LocalSource("a", title), *REPORT.sources))
    view = document.build(report, reports.options(report))["sources"]
    assert max(map(len, local_sources.lines(view, Style(100, colour=False), reports.NOW))) < 140
