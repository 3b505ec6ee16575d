"""Compare only some rules: those of a kind that all scanners are meant to find."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from akpatrol.compare.rows import NamedReport


def selected(report: NamedReport, only: Sequence[str], without: Sequence[str]) -> NamedReport:
    """Return a report with the rows whose rule a glob of ``only`` matches, if there is one, and none of ``without``."""

    def matches(rule: str, globs: Sequence[str]) -> bool:
        return any(fnmatchcase(rule, glob) for glob in globs)

    rows = tuple(row for row in report.rows if (not only or matches(row.rule, only)) and not matches(row.rule, without))
    return report._replace(rows=rows, left_out=len(report.rows) - len(rows))
