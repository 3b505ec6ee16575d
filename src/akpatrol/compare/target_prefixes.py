"""In a report of several targets a path begins with its target: give it as much of that as other reports have."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.model.scan import Place

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from akpatrol.compare.rows import NamedReport, ReportRow

_MOST_ALIKE = 50
"""Paths with one file name and one secret that a path is compared with."""


def matched(reports: Sequence[NamedReport]) -> list[NamedReport]:
    """Return the reports; before the paths of those of several targets stands what stands there in the others."""
    return [
        _matched(report, _KnownPaths(other for other in reports if other is not report))
        if report.facts.prefixes
        else report
        for report in reports
    ]


class _KnownPaths:
    """The paths of reports, by their findings' secrets; and by nothing, for reports that do not tell these."""

    def __init__(self, reports: Iterator[NamedReport]) -> None:
        self._by_name: dict[tuple[str, str], set[str]] = defaultdict(set)
        for report in reports:
            for row in report.rows:
                if row.path and row.place is Place.CONTENT:
                    for name in (*row.names, ""):
                        self._by_name[name, _file_name(row.path)].add(row.path)

    def alike(self, row: ReportRow, *, by_secret: bool) -> list[str]:
        """Return known paths with the row's file name, of the row's secret or of any."""
        found = (
            self._by_name.get((name, _file_name(row.path or "")), ()) for name in (row.names if by_secret else ("",))
        )
        return sorted({path for paths in found for path in paths}, key=len)[:_MOST_ALIKE]


class _Evidence(NamedTuple):
    """How many paths of a target other reports have, by what stands before them: as they are, or at the end."""

    same: Counter[str]
    ends: Counter[str]


def _matched(report: NamedReport, known: _KnownPaths) -> NamedReport:
    """Return a report with what is chosen for each target; paths alone decide where no known one has its secret."""
    prefixes = report.facts.prefixes
    for by_secret in (True, False):
        found = {
            prefix: _evidence(report, prefix, list(_ends(root)), known, by_secret=by_secret)
            for prefix, root in prefixes.items()
        }
        if any(evidence.ends or evidence.same for evidence in found.values()):
            chosen = {prefix: _chosen(prefix, evidence) for prefix, evidence in found.items()}
            return report._replace(rows=tuple(_with(row, chosen) for row in report.rows))
    return report


def _chosen(prefix: str, found: _Evidence) -> str:
    """Return the end of a target's root that stands before its paths in other reports, else the ``prefix``."""
    if found.same:
        return max(found.same, key=lambda end: (found.same[end], end == prefix))
    return "" if found.ends and not found.ends[prefix] else prefix


def _evidence(
    report: NamedReport, prefix: str, ends: Sequence[str], known: _KnownPaths, *, by_secret: bool
) -> _Evidence:
    found = _Evidence(Counter(), Counter())
    for row in report.rows:
        if row.place is not Place.CONTENT or not row.path or not row.path.startswith(prefix):
            continue
        alike, inside = known.alike(row, by_secret=by_secret), row.path[len(prefix) :]
        for end in ends:
            path = end + inside
            found.same[end] += path in alike
            found.ends[end] += any(other.endswith(f"/{path}") for other in alike)
    return _Evidence(+found.same, +found.ends)


def _ends(root: str) -> Iterator[str]:
    """Yield what may stand before the paths in a directory: nothing, its name, that of the one around it too."""
    parts = root.rstrip("/").split("/")
    for number in range(len(parts) + 1):
        yield "".join(f"{part}/" for part in parts[len(parts) - number :])


def _with(row: ReportRow, chosen: Mapping[str, str]) -> ReportRow:
    if row.path is None:
        return row
    prefix = next((prefix for prefix in chosen if row.path.startswith(prefix)), None)
    if prefix is None:
        return row
    begins, length = chosen[prefix], len(prefix)
    others = (begins + path[length:] if path.startswith(prefix) else path for path in row.others)
    return row._replace(path=begins + row.path[length:], others=tuple(others))


def _file_name(path: str) -> str:
    return path.rpartition("/")[2]
