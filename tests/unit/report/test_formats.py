from __future__ import annotations

import subprocess
import sys

import pytest

from akpatrol.errors import UsageError
from akpatrol.model.report import Coverage
from akpatrol.model.scan import Skipped
from akpatrol.report import FORMATS, render
from tests import reports, samples


def imported(code: str, *modules: str) -> list[str]:
    """Return which of the modules a fresh interpreter has after running the code."""
    check = f"{code}\nimport sys\nprint([name for name in {modules!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    found: list[str] = eval(done.stdout)  # noqa: S307 - our own list
    return found


def test_the_formats() -> None:
    machines = ["json", "jsonl", "sarif", "github", "gitlab", "gitlab-codequality"]
    assert [*FORMATS] == ["text", *machines, "markdown", "html", "csv", "junit", "index"]


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_renders_the_same_text_twice(name: str) -> None:
    for report in (samples.staged(reports.seeded(1)), samples.triaged(reports.seeded(1)), reports.report()):
        text = render(report, name, reports.options(report))
        assert text == render(report, name, reports.options(report))
        assert text.endswith("\n")


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_tells_that_something_could_not_be_looked_at(name: str) -> None:
    coverage = Coverage(skipped=(Skipped("secret.tar.lz4", "not supported"),))
    told = render(reports.report(coverage=coverage), name, reports.options())
    assert "secret.tar.lz4" in told or "INCOMPLETE" in told


@pytest.mark.parametrize("name", FORMATS)
def test_allowed_ones_are_no_findings_unless_they_are_live(name: str) -> None:
    report = samples.triaged(reports.seeded(1))
    told = render(report, name, reports.options(report))
    for credential in report.credentials:
        quiet = not credential.is_finding and name not in ("json", "jsonl", "html")
        assert (credential.secret.redacted in told) != quiet


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
from akpatrol.model.report import Coverage, Report
from akpatrol.report import RenderOptions, render
from akpatrol.rules.rule_file import load
clean = Report("staged", "", 0.1, (), Coverage(), ())
assert render(clean, "text", RenderOptions(str, load(), datetime.now(UTC))).startswith("No credentials")
"""
    assert (
        imported(code, "akpatrol.model.credential", "akpatrol.report.advice", "akpatrol.report.verification_text") == []
    )
