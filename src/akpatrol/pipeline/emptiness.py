"""``--allow-empty``: a run that read nothing is not clean, unless the caller expects that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.model.scan import Exclusion, Skipped

if TYPE_CHECKING:
    from collections.abc import Collection

    from akpatrol.model.report import Coverage, Report

FILES = ("files", "streams")
OBJECTS = ("blobs", "commits", "tags", "trees", "git_dir_files")
"""Names in ``coverage.counts`` of what a caller expects; a repository without a commit still has git's own files."""

REMOTE = ("objects", "layers", "documents", "forge_texts", "forge_files")
"""The same of buckets, registries, log services and forges."""

ACCEPTED = "--allow-empty"


def with_skip(report: Report, expected: Collection[str], *, allowed: bool) -> Report:
    """Return the report, with a skip if nothing ``expected`` was read and no other skip explains it."""
    coverage = report.coverage
    if not expected or coverage.skipped or any(_number(coverage, name) for name in expected):
        return report
    if not report.targets:
        item = "everything"
    elif len(report.targets) > 1:
        item = f"all {len(report.targets):,} targets"
    else:
        item = "standard input" if report.targets[0].kind == "stream" else report.targets[0].root
    skip = Skipped(item, f"nothing was scanned: {_why(coverage)}; {ACCEPTED}", ACCEPTED if allowed else None)
    return report._replace(coverage=coverage._replace(skipped=(*coverage.skipped, skip)))


def with_notice(report: Report) -> Report:
    """Return the report of a history, with a notice if it is empty: a clone or a fetch may have failed."""
    if report.coverage.skipped or any(report.coverage.counts.get(name) for name in ("blobs", "commits", "trees")):
        return report
    return report._replace(notices=(*report.notices, "the repository has no commits yet, and no other objects"))


def _number(coverage: Coverage, name: str) -> int:
    # Standard input exists even when the program that should have written to it failed.
    return coverage.counts.get(name, 0) if name != "streams" or coverage.size else 0


def _why(coverage: Coverage) -> str:
    if coverage.excluded.get(Exclusion.EXCLUDE_OPTION):
        return "patterns exclude everything"
    if any(coverage.excluded.values()):
        return "everything is left out by design"
    return "standard input was empty" if coverage.counts.get("streams") else "it is empty"
