"""Comparisons of reports that a test writes, without files and without a repository."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from akpatrol.compare import document, findings, hashing, paths, readers
from akpatrol.compare.git_facts import GitFacts
from akpatrol.compare.reasons import Explainer
from akpatrol.compare.view import Comparison, build
from akpatrol.detect.engine import Engine
from akpatrol.detect.redact import Redactor
from akpatrol.rules import rule_file

if TYPE_CHECKING:
    from akpatrol.compare.rows import NamedReport, ParsedReport
    from akpatrol.compare.view import ComparisonView


@cache
def engine() -> Engine:
    return Engine(rule_file.load())


def parsed(content: bytes) -> ParsedReport:
    return readers.read(document.parse(content, "report"), "report")


def named(**contents: bytes) -> list[NamedReport]:
    reports = [parsed(content) for content in contents.values()]
    redact = Redactor(engine(), hashing.secrets_of(reports))
    return [
        hashing.named(label, report, engine().scan, redact) for label, report in zip(contents, reports, strict=True)
    ]


def compared(facts: GitFacts = GitFacts(), /, **contents: bytes) -> ComparisonView:  # noqa: B008 - a frozen value
    """Return the comparison of reports, whose labels are the names of the arguments."""
    reports = paths.aligned(named(**contents))
    grouping = findings.group(reports)
    return build(Comparison(reports, grouping, Explainer(reports, grouping, facts)))


def missed(view: ComparisonView, label: str) -> list[tuple[str, str]]:
    """Return the first reason and the place of each finding that a report misses."""
    (number,) = (number for number, report in enumerate(view["reports"]) if report["label"] == label)
    return [
        (finding["reports"][number]["reasons"][0]["code"], f"{finding['path']}:{finding['line']}")
        for finding in view["findings"]
        if finding["reports"][number]["status"] == "missed"
    ]
