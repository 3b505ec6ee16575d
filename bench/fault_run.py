"""``history`` within this process: all of it but who introduced what, and the report's formats."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from akpatrol.errors import AkpatrolError
from akpatrol.model.identity import secret_sha256
from akpatrol.model.scan import Exclusion, State, Target
from akpatrol.scan.run import ScanOptions, scan_sources
from akpatrol.sources.git import repository
from akpatrol.sources.git.history import HistorySource
from akpatrol.sources.git.packs import slices
from akpatrol.sources.git.runner import Git
from akpatrol.sources.occurrence import occurrence
from bench.fault_cases import Outcome
from bench.fault_repository import NAME

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from akpatrol.model.credential import RawFinding
    from akpatrol.scan.examine import Examiner
    from akpatrol.sources.base import Placed


class Unplaced(HistorySource):
    """Does not ask who introduced what, which takes half the time."""

    def place(self, hits: Sequence[RawFinding]) -> Iterator[Placed]:
        """Yield each hit where it was met."""
        return ((hit.match, occurrence(hit, State.PRESENT)) for hit in hits)


def run(top: Path, examiner: Examiner) -> Outcome:
    """Return the result of a run on the repository below ``top``. Raises any error of a bug."""
    # Nothing may be known of how it was before.
    slices._pack.cache_clear()  # noqa: SLF001 - the process's own, which a run begins without
    root = top / NAME
    found = repository.at(os.fsencode(root))
    if not found:
        return Outcome(2, said="akpatrol: not a git repository")
    source = Unplaced(Git(found, common=True), Target("0", "repository", str(root)))
    try:
        report = scan_sources("history", [source], examiner, ScanOptions())
    except AkpatrolError as error:
        return Outcome(2, said=f"akpatrol: {error}")
    complete = 0 if report.coverage.complete else 3
    return Outcome(
        1 if report.credentials else complete,
        frozenset(secret_sha256(credential.secret) for credential in report.credentials),
        tuple(f"{skip.item} {skip.reason}" for skip in report.coverage.skipped),
        report.coverage.excluded.get(Exclusion.SYMLINK, 0),
    )
