"""Documents of one target, as a sweep puts them into a store, and the reports of the store."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

from akpatrol.model.report import Coverage
from akpatrol.model.scan import Skipped, State, Target
from akpatrol.report import document
from akpatrol.sweep.store import rows
from akpatrol.sweep.store.store import SweepStore
from akpatrol.sweep.store.target_rows import rows_of
from tests import reports

if TYPE_CHECKING:
    from pathlib import Path

    from akpatrol.model.credential import Credential
    from akpatrol.model.report import Report
    from akpatrol.report.view import ReportView
    from akpatrol.sweep.store.database import Queries

_RANDOM = Random("a store")
KEYS = [reports.organization_key(_RANDOM) for _ in range(6)]
TOKEN = reports.personal_access_token(_RANDOM)
DIGEST = 64 * "a"
CONDITIONS = "rules and limits"


def day(run: int) -> str:
    """When a run begins."""
    return f"2026-03-{run:02}T02:00:00Z"


def target(name: str, **changes: Any) -> Target:
    return reports.target(id="0", root=f"/org/{name}", remote=f"https://git.example.org/org/{name}.git", **changes)


def found(key: str, number: int = 1, state: State = State.PRESENT, **changes: Any) -> Credential:
    """Return a credential in a number of files."""
    places = [
        reports.occurrence(key, path=f"src/{one}.py".encode(), object=f"{one:040x}", state=state)
        for one in range(number)
    ]
    return reports.credential(key, *places, **changes)


def look(where: str | Target, *credentials: Credential, gaps: tuple[str, ...] = (), **changes: Any) -> ReportView:
    """Return the document of a look at a target; ``gaps`` are what could not be read."""
    coverage = Coverage(100, {"blobs": 7}, {"submodule": 1}, tuple(Skipped(item, "too large") for item in gaps))
    one = target(where) if isinstance(where, str) else where
    report = reports.report(*credentials, command="sweep", targets=(one,), coverage=coverage, **changes)
    return document.build(report, reports.options(report))


def sweep(file: Path | str, *looks: ReportView, same: tuple[str, ...] = (), finished: bool = True) -> int:
    """Put looks into a store, as one run, and return its number."""
    with SweepStore(str(file), create=True) as store:
        known = store.runs()
        run = store.begin(day(len(known) + 1), DIGEST)
        for one in looks:
            store.put(run, one, "signature", CONDITIONS)
        for name in same:
            store.unchanged(run, target(name))
        if finished:
            store.finish(run, day(run).replace("T02", "T03"))
    return run


def write(queries: Queries, run: int, view: ReportView, root: str | None = None) -> int:
    """Write a look into the tables of a store."""
    return rows.write(queries, run, rows_of(view), root)


def signature(store: SweepStore, kind: str, root: str, conditions: str) -> str | None:
    """Return the signature of one target."""
    return store.signatures([Target("0", kind, root)], conditions)[0]


def told(file: Path | str, run: int | None = None, **how: Any) -> Report:
    """Return the store's report."""
    with SweepStore(str(file), create=False) as store:
        return store.report(run, **how)


def places(report: Report) -> dict[str, set[tuple[str, bytes, State]]]:
    """Return the places of each credential by its masked form: target, path and state."""
    roots = {one.id: one.root for one in report.targets}
    return {
        one.secret.redacted: {(roots[place.target], place.path or b"", place.state) for place in one.occurrences}
        for one in report.credentials
    }
