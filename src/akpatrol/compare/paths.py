"""Give the same file the same path in all reports: scanners put the directory that they were given before it."""

from __future__ import annotations

import os.path
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from akpatrol.compare.target_prefixes import matched
from akpatrol.model.scan import Place

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from akpatrol.compare.rows import NamedReport, ReportRow

_MOST_ALIKE = 50
"""Known paths with one file name that a path is compared with; such as ``__init__.py``, a thousand files may have."""


def aligned(reports: Sequence[NamedReport]) -> list[NamedReport]:
    """Return the reports with paths relative to the same directory.

    Directories that akpatrol names as its targets are removed where a path begins with one. Then the report whose paths
    are relative to a repository, or else the one with the shortest paths, is the measure: of each other report those
    directories are removed behind which the same paths follow. Before the paths of several targets stands what other
    reports have there.
    """
    reports = matched(reports)
    roots = {root.rstrip("/") for report in reports for root in report.facts.roots if os.path.isabs(root)}
    rooted = [_without(report, [f"{root}/" for root in sorted(roots, key=len, reverse=True)]) for report in reports]
    order = sorted(range(len(rooted)), key=lambda index: _rank(rooted[index]))
    known: dict[str, set[str]] = defaultdict(set)
    for index in order:
        if known and not rooted[index].facts.prefixes:
            rooted[index] = _without(rooted[index], _prefixes(_paths(rooted[index], loose=True), known))
        for path in _paths(rooted[index]):
            known[path.rpartition("/")[2]].add(path)
    return rooted


def _rank(report: NamedReport) -> tuple[bool, bool, float]:
    """Return how near a report's paths are to git's: akpatrol's and those with commits come first."""
    paths = _paths(report)
    mean = sum(path.count("/") for path in paths) / len(paths) if paths else 0.0
    return not report.facts.roots, not any(row.commit for row in report.rows), mean


def _paths(report: NamedReport, *, loose: bool = False) -> set[str]:
    """Return the paths of a report's files, or the ``loose`` ones: those that may not be relative to a repository."""
    rows = (row for row in report.rows if row.place is Place.CONTENT and not (loose and row.commit))
    return {path for row in rows for path in (row.path, *row.others) if path}


def _prefixes(paths: Iterable[str], known: Mapping[str, set[str]]) -> list[str]:
    """Return the directories before paths that are known without them, the most frequent first.

    A directory in which there are known paths is no such directory.
    """
    found: Counter[str] = Counter()
    for path in paths:
        alike = known.get(path.rpartition("/")[2], set())
        if path in alike:
            continue
        for other in sorted(alike, key=len, reverse=True)[:_MOST_ALIKE]:
            if path.endswith(f"/{other}"):
                found[path[: -len(other)]] += 1
                break
    inside = {path.partition("/")[0] for alike in known.values() for path in alike if "/" in path}
    return [prefix for prefix, _ in found.most_common() if prefix.partition("/")[0] not in inside]


def _without(report: NamedReport, prefixes: Sequence[str]) -> NamedReport:
    if not prefixes:
        return report
    return report._replace(rows=tuple(_stripped(row, prefixes) for row in report.rows))


def _stripped(row: ReportRow, prefixes: Sequence[str]) -> ReportRow:
    if row.path is None or row.place is not Place.CONTENT or row.commit:
        return row
    prefix = next((prefix for prefix in prefixes if row.path.startswith(prefix)), "")
    return row._replace(path=row.path[len(prefix) :])
