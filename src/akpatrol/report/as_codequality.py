"""GitLab's Code Quality report: a list of issues and nothing else.

https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from akpatrol.model.scan import State
from akpatrol.report import document, locations
from akpatrol.report.as_json import dumped, fitting
from akpatrol.report.mask import Mask
from akpatrol.report.messages import left_out_message, skip_message
from akpatrol.report.overview import unsearched_words, verdict
from akpatrol.report.text_safety import head

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.model.report import Report
    from akpatrol.report import RenderOptions
    from akpatrol.report.locations import PathFinding
    from akpatrol.report.view import ReportView

SIZE_LIMIT = 10_000_000
"""Bytes; what a server takes is its administrator's choice."""
COVERAGE_CHECK = "akpatrol-coverage"

_HEAD_ROOM = 100_000
_DESCRIPTION_WIDTH = 3_000
_NAMED = 3
"""Items that one issue names."""
_NOWHERE = "."
_SEVERITIES = {"critical": "blocker", "high": "critical", "medium": "major", "low": "minor"}


def render(report: Report, options: RenderOptions) -> str:
    """Return the report for ``artifacts:reports:codequality``, with secrets masked regardless of the options."""
    masked = options._replace(show_secrets=False)
    view = document.build_visible(report, masked)
    findings = locations.in_order(report, view, Mask(masked).redact)
    issues = fitting(map(_issue, findings), SIZE_LIMIT - _HEAD_ROOM)
    return dumped([*_about_the_run(view, len(findings) - len(issues)), *issues]) + "\n"


def _cut(text: str) -> str:
    return head(text, _DESCRIPTION_WIDTH)[:_DESCRIPTION_WIDTH]


def _issue(place: PathFinding) -> dict[str, object]:
    return {
        "description": _cut(place.message),
        "check_name": _cut(next(iter(place.view["rule_ids"]), "") or place.view["kind"]),
        "fingerprint": sha256(place.name.encode()).hexdigest(),
        "severity": "info" if place.occurrence.state is State.IGNORED else _SEVERITIES[place.view["severity"]],
        "location": {"path": place.path, "lines": {"begin": place.lines[0] if place.lines else 1}},
    }


def _about_the_run(view: ReportView, missing: int) -> Iterator[dict[str, object]]:
    """Yield as issues what the format has no field for; gaps come first, because no issue means that all is well."""
    if not view["coverage"]["complete"]:
        unread = [skip_message(skip) for skip in view["coverage"]["skipped"] if skip["accepted"] is None]
        yield _coverage_issue("major", " ".join([f"{verdict(view)}.", *unread[:_NAMED]]), "incomplete")
    if unsearched := unsearched_words(view["coverage"]["unsearched_rules"]):
        yield _coverage_issue("minor", f"Rules {unsearched}.", "rules")
    if missing:
        yield _coverage_issue("major", left_out_message(missing), "left out")


def _coverage_issue(severity: str, text: str, name: str) -> dict[str, object]:
    return {
        "description": _cut(f"akpatrol: {text}"),
        "check_name": COVERAGE_CHECK,
        "fingerprint": sha256(f"{COVERAGE_CHECK} {name}".encode()).hexdigest(),
        "severity": severity,
        "location": {"path": _NOWHERE, "lines": {"begin": 1}},
    }
