from __future__ import annotations

import csv
import re
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akpatrol.model.report import Coverage, Report
from akpatrol.model.scan import Skipped
from akpatrol.report import render
from akpatrol.report.as_csv import COLUMNS, cell
from tests import reports
from tests.unit.report.strategies import hostile, hostile_reports

KEY = reports.organization_key(reports.seeded(9))
_PAGE = Path(__file__).parents[3] / "docs/formats.md"
_SIGNS = "=+-@＝＋－＠"  # noqa: RUF001 - the full width is meant


def rows(report: Report, delimiter: str = ",") -> list[dict[str, str]]:
    text = render(report, "csv", reports.options(report))
    return list(csv.DictReader(StringIO(text, newline=""), delimiter=delimiter, strict=delimiter == ","))


def test_a_clean_run_has_its_verdict() -> None:
    (last,) = rows(reports.report())
    assert (last["record"], last["message"]) == ("verdict", "No credentials found")


def test_a_row_is_a_location() -> None:
    first = reports.occurrence(KEY, introduced=reports.commit(reports.seeded(1)))
    places = (first, reports.occurrence(KEY, path=b"b", line=None, column=None))
    two, one, last = rows(reports.report(reports.credential(KEY, *places)))
    assert (one["record"], one["path"], one["line"], one["place"]) == ("finding", "config/settings.py", "12", "content")
    assert one["introduced_date"] == "2024-03-01T09:30:00Z"
    assert (two["path"], two["line"], two["introduced_commit"]) == ("b", "", "")
    assert one["fingerprint"] == two["fingerprint"]
    assert one["redacted"] == f"{KEY[:7]}***({len(KEY)})"
    assert one["verification"] == "unverified"
    assert one["message"]
    assert last["message"] == "1 credential found (1 unverified) in 2 places"


def test_an_incomplete_run_says_so() -> None:
    skipped = (Skipped("a", "permission denied"), Skipped("b", "too large", accepted="known"))
    found = rows(reports.report(coverage=Coverage(skipped=skipped, unsearched_rules=("acme-key",))))
    assert [(row["record"], row["path"], row["message"]) for row in found[:-1]] == [
        ("not scanned", "a", "permission denied"),
        ("accepted", "b", "too large; accepted: known"),
        ("notice", "", "Rules not searched for: acme-key."),
    ]
    assert found[-1]["message"].startswith("INCOMPLETE: ")


def test_the_page_has_every_column_in_order() -> None:
    section = _PAGE.read_text().partition("The columns are ")[2].partition(". ")[0].partition(".\n")[0]
    assert tuple(re.findall(r"`(\w+)`", section)) == COLUMNS


@pytest.mark.parametrize("sign", [*_SIGNS, "\t", "\r"])
def test_no_cell_is_a_formula(sign: str) -> None:
    assert cell(f"{sign}1") == f"'{sign}1"
    assert cell(f"  {sign}1").startswith("'")
    assert cell(f"a;{sign}1") == f"a;'{sign}1"
    assert cell(f"a{sign}1") == f"a{sign}1"


@given(st.text(st.sampled_from(f"{_SIGNS};\",' ab"), max_size=12))
def test_no_cell_is_a_formula_whatever_separates(text: str) -> None:
    stream = StringIO()
    csv.writer(stream, dialect="unix").writerow(["x", cell(text), cell(text)])
    for delimiter in ",;":
        for part in next(csv.reader([stream.getvalue()], delimiter=delimiter)):
            assert part.lstrip()[:1] not in [*_SIGNS]


@hostile
@given(hostile_reports)
def test_hostile_reports_are_read_again(report: Report) -> None:
    text = render(report, "csv", reports.options(report))
    table = list(csv.reader(StringIO(text, newline=""), strict=True))
    assert {len(row) for row in table} == {len(COLUMNS)}
    # A text has no line break of its own, so that tools that read lines can read it.
    assert text.count("\n") == len(table)
    assert table[-1][0] == "verdict"
    assert not [value for row in table for value in row if value.lstrip()[:1] in [*_SIGNS] and value]
    locations = sum(max(1, len(found.occurrences)) for found in report.findings)
    assert [row[0] for row in table].count("finding") == locations
