"""Reports of a small organization with a history, and the index of a report as a browser takes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from akpatrol.model import identity
from akpatrol.model.history import OpenSpan, PastRun, SweepHistory
from akpatrol.model.report import Coverage, Report
from akpatrol.model.scan import State
from akpatrol.report import render
from tests import reports
from tests.unit.report.html_page import Page

if TYPE_CHECKING:
    from collections.abc import Iterable

    from akpatrol.model.credential import Credential, Occurrence

RANDOM = reports.seeded(71)
KEYS = [reports.organization_key(RANDOM) for _ in range(6)]


def index(report: Report, **changes: Any) -> str:
    return render(report, "index", reports.options(report, **changes))


def look(report: Report, **changes: Any) -> Page:
    return Page(index(report, **changes))


def rows(report: Report) -> list[dict[str, Any]]:
    """Return the rows of the page's data, with their texts."""
    import json  # noqa: PLC0415

    (block,) = (part for part in look(report).parts["script"] if part.startswith("{"))
    data = json.loads(block)
    texts = {"name", "page", "owner", "looked", "reasons", "date", "since", "command"}
    return [
        {
            name: data["strings"][value] if name in texts else value
            for name, value in zip(data["fields"], row, strict=True)
        }
        | {"listed": [data["strings"][number] for number in row[-1]]}
        for row in data["rows"]
    ]


def place(key: str, target: str = "shop", **changes: Any) -> Occurrence:
    return reports.occurrence(key, target=target, state=State.PRESENT, **changes)


def removed(key: str, start: str, end: str, target: str = "shop", **changes: Any) -> Occurrence:
    """Return a place that a commit introduced and another removed."""
    commits = {"introduced": reports.commit(RANDOM, start), "removed": reports.commit(RANDOM, end)}
    return reports.occurrence(key, target=target, state=State.REMOVED, **commits, **changes)


def organization(*credentials: Credential, names: Iterable[str] = ("shop", "billing"), **changes: Any) -> Report:
    """Return a sweep's report of some repositories of one owner."""
    targets = tuple(
        reports.target(id=name, root=f"/srv/{name}", remote=f"git@github.com:acme/{name}.git") for name in names
    )
    return reports.report(*credentials, command="sweep", targets=targets, **{"coverage": Coverage(), **changes})


def with_history(report: Report, spans: Iterable[tuple[str, str, int, int | None]], runs: int = 3) -> Report:
    """Return the report with spans of keys in targets; every target was scanned by the last run."""
    named = {one.secret.reveal().decode(): identity.fingerprint(one.kind, one.secret) for one in report.credentials}
    found = [OpenSpan(target, named.get(key, key), since, until) for key, target, since, until in spans]
    past = tuple(PastRun(run, f"2026-02-{run:02}T02:00:00Z") for run in range(1, runs + 1))
    scans = {target.id: runs for target in report.targets}
    return report._replace(history=SweepHistory(past, scans, frozenset(), tuple(sorted(found, key=_order))))


def _order(span: OpenSpan) -> tuple[str, str, int]:
    return span.fingerprint, span.target, span.since
