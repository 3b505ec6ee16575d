from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from markdown_it import MarkdownIt

from akpatrol.model.report import Coverage, Report
from akpatrol.model.scan import Skipped
from akpatrol.report import render
from akpatrol.report.as_markdown import COMMENT_LIMIT
from tests import reports, samples
from tests.unit.report.strategies import NASTY, hostile, hostile_reports

MARKDOWN = MarkdownIt("gfm-like", {"linkify": False})
KEY = reports.organization_key(reports.seeded(11))


def text(report: Report, **changes: Any) -> str:
    return render(report, "markdown", reports.options(report, **changes))


def kinds(rendered: str) -> set[str]:
    """Return the kinds of markup in a Markdown text."""
    tokens = [one for token in MARKDOWN.parse(rendered) for one in (token, *(token.children or []))]
    return {token.type for token in tokens}


def rows(rendered: str) -> list[str]:
    return [line for line in rendered.splitlines() if re.match(r"\| \d+ \|", line)]


def test_nothing_found() -> None:
    assert text(reports.report()) == (
        "## akpatrol: No credentials found\n\n"
        "Scanned 1,234 files, `56.7` MB in `1.2` s; left out 3 symbolic links, 1 special file.\n"
    ).replace("`", "")


def test_a_finding_is_a_row_and_tells_more_on_request() -> None:
    shown = text(reports.report(reports.credential(KEY)))
    mask = reports.credential(KEY).secret.redacted
    assert rows(shown) == [
        f"| 1 | high | unverified | `{mask}` | Anyreach organization API key | `config/settings.py:12:12` |"
    ]
    assert shown.count("<details>") == shown.count("</details>") == 1
    assert "- **Next:** delete it at `/api-keys` in your Anyreach organization now" in shown
    assert re.search(r"- Fingerprint `akp1:[0-9a-f]{64}`", shown)


def test_the_whole_of_a_history_is_told() -> None:
    shown = text(samples.history(reports.seeded(1)))
    for part in ("INCOMPLETE", "and 9 more places", "Jane Doe `<jane@example.org>`", "**Not scanned** (8)"):
        assert part in shown


def test_live_ones_stand_out_and_lead() -> None:
    shown = text(samples.triaged(reports.seeded(1)))
    assert "| **live, though allowed** |" in rows(shown)[0]
    assert len(rows(shown)) == 2
    assert "But it is live." in shown
    assert "5 allowed: 2 by the baseline, 1 by the configuration, 1 inline, 1 by " in shown
    assert "**Notices** (1)" in shown
    assert "**Stale allowances** (1)" in shown


@hostile
@given(hostile_reports)
def test_hostile_texts_stay_text(report: Report) -> None:
    shown = text(report)
    structure = {"heading", "paragraph", "inline", "text", "softbreak", "strong", "code_inline", "html_inline"}
    structure |= {"html_block", "list_item", "bullet_list", "table", "thead", "tbody", "tr", "th", "td"}
    assert {kind.removesuffix("_open").removesuffix("_close") for kind in kinds(shown)} <= structure
    written = {tag.lower() for tag in re.findall(r"<(?!`)/?(\w+)", re.sub(r"`[^`\n]*`", "", shown))}
    assert written <= {"details", "summary", "code"}
    assert all(line.isprintable() for line in shown.split("\n"))
    assert len(shown.encode()) <= COMMENT_LIMIT
    assert len(rows(shown)) == len(report.findings)


@pytest.mark.parametrize("nasty", NASTY)
def test_a_name_changes_nothing_but_itself(nasty: str) -> None:
    """The markup round a hostile path, author and branch is that of a tame one."""

    def structure(name: str) -> list[str]:
        commit = reports.commit(reports.seeded(1), author=name, summary=name)
        encoded = name.encode("utf-8", "surrogatepass")
        place = reports.occurrence(KEY, path=encoded, introduced=commit, refs=(name,), context=("x", name))
        shown = text(reports.report(reports.credential(KEY, place)))
        return [token.type for token in MARKDOWN.parse(shown)]

    assert structure(nasty) == structure("tame")


@pytest.mark.parametrize("number", [2, 300, 3_000])
def test_it_always_fits_and_says_what_is_left_out(number: int) -> None:
    report = samples.crowd(number, reports.seeded(2))
    shown = text(report, redact=str)
    assert len(shown.encode()) <= COMMENT_LIMIT
    assert "**live**" in rows(shown)[0]
    left = number - len(rows(shown))
    assert (f"{left:,} more findings not shown in the table; the JSON report has them all." in shown) == (left > 0)
    assert shown.count("<details>") == shown.count("</details>") > 0


def test_many_gaps_are_summed_up() -> None:
    skipped = tuple(Skipped(f"f{number}", "unreadable") for number in range(250))
    assert "- and 230 more" in text(reports.report(coverage=Coverage(skipped=skipped)))
