from __future__ import annotations

import subprocess
import sys

import pytest

from akpatrol.errors import UsageError
from akpatrol.report import FORMATS, render
from tests import reports


def imported(code: str, *modules: str) -> list[str]:
    """Return which of the modules a fresh interpreter has after running the code."""
    check = f"{code}\nimport sys\nprint([name for name in {modules!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    found: list[str] = eval(done.stdout)  # noqa: S307 - our own list
    return found


def test_the_formats() -> None:
    assert list(FORMATS) == ["text", "json", "jsonl", "sarif"]


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_renders_the_same_text_twice(name: str) -> None:
    for report in (reports.staged(reports.seeded(1)), reports.history(reports.seeded(1)), reports.report()):
        text = render(report, name, reports.options(report))
        assert text == render(report, name, reports.options(report))
        assert text.endswith("\n")


def test_an_unknown_format_is_a_usage_error() -> None:
    with pytest.raises(UsageError) as caught:
        render(reports.report(), "sarf", reports.options())
    assert caught.value.hint == "did you mean sarif?"


def test_importing_the_package_loads_no_format() -> None:
    assert imported("import akpatrol.report", "json", "sarif_om", "click", "hashlib") == []


def test_text_loads_neither_json_nor_sarif() -> None:
    assert imported("import akpatrol.report.as_text", "json", "sarif_om", "click", "hashlib") == []


def test_a_clean_run_does_not_load_what_is_for_findings() -> None:
    code = """
from datetime import UTC, datetime
from akpatrol.model import Coverage, Report
from akpatrol.report import RenderOptions, render
from akpatrol.rules import load
clean = Report("staged", "", 0.1, (), Coverage(), ())
assert render(clean, "text", RenderOptions(str, load(), datetime.now(UTC))).startswith("No credentials")
"""
    assert imported(code, "akpatrol.findings", "akpatrol.report.advice", "akpatrol.report.standing") == []
