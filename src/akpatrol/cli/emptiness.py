"""``--allow-empty``: a run that found nothing to look at is no clean one, unless that was to be expected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.model.scan import Exclusion, Skipped

if TYPE_CHECKING:
    from collections.abc import Collection

    from akpatrol.model.report import Coverage, Report

FILES = ("files", "streams")
OBJECTS = ("blobs", "commits", "tags", "trees", "git_dir_files")
"""What ``coverage.counts`` calls what somebody wanted looked at; a repository without a commit has git's own files."""

_ACCEPTED = "--allow-empty"


def told(report: Report, expected: Collection[str], *, allowed: bool) -> Report:
    """Return the report, with a skip where nothing of what is ``expected`` was looked at, and no skip says why."""
    coverage = report.coverage
    if not expected or coverage.skipped or any(_number(coverage, name) for name in expected):
        return report
    if not report.targets:
        item = "everything"
    elif len(report.targets) > 1:
        item = f"all {len(report.targets):,} targets"
    else:
        item = "standard input" if report.targets[0].kind == "stream" else report.targets[0].root
    skip = Skipped(item, f"nothing was looked at: {_why(coverage)}; {_ACCEPTED}", _ACCEPTED if allowed else None)
    return report._replace(coverage=coverage._replace(skipped=(*coverage.skipped, skip)))


def hollow(report: Report) -> Report:
    """Return the report of a history, with a notice when there is none yet: a clone or a fetch may have failed."""
    if report.coverage.skipped or any(report.coverage.counts.get(name) for name in ("blobs", "commits", "trees")):
        return report
    return report._replace(notices=(*report.notices, "the repository holds no commit yet, and no other object"))


def _number(coverage: Coverage, name: str) -> int:
    # Standard input is there even when whoever should have written to it failed.
    return coverage.counts.get(name, 0) if name != "streams" or coverage.size else 0


def _why(coverage: Coverage) -> str:
    if coverage.excluded.get(Exclusion.EXCLUDE_OPTION):
        return "patterns exclude all that is there"
    if any(coverage.excluded.values()):
        return "all that is there is left out by design"
    return "standard input was empty" if coverage.counts.get("streams") else "there is nothing in it"
