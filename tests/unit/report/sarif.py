"""SARIF logs of sample reports, read back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from akpatrol.report import render
from tests import reports

if TYPE_CHECKING:
    from akpatrol.model.report import Report

KEY = reports.organization_key(reports.seeded(7))
COMMIT = reports.commit(reports.seeded(1), id="ab" * 20)


def log(report: Report, **changes: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(render(report, "sarif", reports.options(report, **changes)))
    return found


def run(report: Report) -> dict[str, Any]:
    found: dict[str, Any] = log(report)["runs"][0]
    return found


def one(place: Any, **changes: Any) -> dict[str, Any]:
    result: dict[str, Any] = run(reports.report(reports.credential(KEY, place), **changes))["results"][0]
    return result
