"""What the text report says of coverage, and where its paths start."""

from __future__ import annotations

from typing import Any

from akpatrol.model.report import Coverage, Report
from akpatrol.model.scan import Secret, Skipped
from akpatrol.report import render
from akpatrol.report.text_safety import columns
from tests import reports

RANDOM = reports.seeded(4)
KEY = reports.organization_key(RANDOM)
TOKEN = reports.personal_access_token(RANDOM)


def text(report: Report, **changes: Any) -> str:
    return render(report, "text", reports.options(report, **changes))


def lines(report: Report, **changes: Any) -> list[str]:
    return text(report, **changes).splitlines()


def test_gaps_are_grouped_by_reason() -> None:
    skipped = [Skipped(f"f{number}", "permission denied") for number in range(7)]
    skipped += [Skipped("big", "too large"), Skipped("old", "too large", "kept as it is")]
    shown = text(reports.report(coverage=Coverage(skipped=tuple(skipped))))
    assert "Not scanned\n  permission denied (7)\n    f0\n    f1\n    f2\n    f3\n    f4\n    and 2 more\n" in shown
    assert "  too large (1)\n    big\n\n" in shown
    assert "Not scanned, accepted\n  too large; accepted: kept as it is (1)\n    old\n" in shown
    assert "    f6\n" in text(reports.report(coverage=Coverage(skipped=tuple(skipped))), verbose=1)


def test_rules_that_were_switched_off_are_named_in_the_verdict() -> None:
    coverage = Coverage(unsearched_rules=tuple(f"rule-{number}" for number in range(5)))
    clean = "No credentials found; not searched for: rule-0, rule-1, rule-2 and 2 more"
    assert lines(reports.report(coverage=coverage))[0] == clean
    assert "\x1b[32m" not in text(reports.report(coverage=coverage), colour=True)
    assert "\x1b[32m" in text(reports.report(), colour=True)
    gap = coverage._replace(skipped=(Skipped("a", "permission denied"),))
    shown = " ".join(lines(reports.report(coverage=gap)))
    assert shown.startswith(f"INCOMPLETE: n{clean[1:]}; 1 item could not be scanned")


def test_many_reasons_are_cut() -> None:
    skipped = tuple(Skipped("x", f"reason {number}") for number in range(9))
    assert "  and 4 more reasons; -v shows them" in text(reports.report(coverage=Coverage(skipped=skipped)))


def test_histories_that_were_not_read() -> None:
    shown = text(reports.report(unread_histories=("b c", "a\x1b[0m")))
    assert "History of 2 repositories not scanned; run:\n" in shown
    assert "  akpatrol history 'b c'\n" in shown
    assert "  akpatrol history 'a\\x1b[0m'\n" in shown


def test_what_is_below_the_minimum_confidence() -> None:
    assert "3 more below the minimum confidence" in text(reports.report(below_confidence=3))


def test_paths_start_where_the_reader_is() -> None:
    report = reports.report(reports.credential(KEY))
    assert "  config/settings.py:12:12" in text(report)
    assert "  shop/config/settings.py:12:12" in text(report, here="/src")
    assert "  config/settings.py:12:12" in text(report, here="/src/shop")
    assert "  config/settings.py:12:12" in text(report, here="/elsewhere")


def test_paths_of_several_targets_are_told_apart() -> None:
    other = reports.target(id="t2", root="/src/other")
    places = (reports.occurrence(KEY), reports.occurrence(KEY, target="t2"))
    report = reports.report(reports.credential(KEY, *places), targets=(reports.target(), other))
    assert "in 2 places of 2 repositories" in text(report)
    assert "  /src/shop/config/settings.py:12:12" in text(report)
    assert "  other/config/settings.py:12:12" in text(report, here="/src")


def test_a_wide_line_is_cut_around_the_mask() -> None:
    place = reports.occurrence(KEY, context=("x" * 90, Secret(KEY.encode()), "y" * 90))
    cut = next(line for line in lines(reports.report(reports.credential(KEY, place))) if "|" in line)
    assert columns(cut) <= 80
    assert Secret(KEY.encode()).redacted in cut
