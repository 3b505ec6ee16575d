"""Give each location of a credential the owners that the scanned tree's CODEOWNERS names for its path."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from akpatrol.config.files import OnDisk
from akpatrol.config.path_patterns import directory, prefix
from akpatrol.errors import GitError, UsageError
from akpatrol.model.places import changed
from akpatrol.model.scan import Place
from akpatrol.policy.code_owners import FILES, CodeOwners

if TYPE_CHECKING:
    from akpatrol.config.files import Files
    from akpatrol.config.settings import PolicySettings
    from akpatrol.model.credential import Occurrence
    from akpatrol.model.report import Report

_MOST_BYTES = 3 << 20
"""GitHub ignores a larger file."""
_IN_FILES = (Place.CONTENT, Place.PATH)


def with_code_owners(report: Report, policy: PolicySettings) -> Report:
    """Return the report with the owners of its locations, unchanged without a tree or its CODEOWNERS."""
    top = policy.top
    owners = _read(policy.base_files or OnDisk(top), top) if top else None
    if not owners or not top:
        return report
    above = {target.id: prefix(top, directory(target)) for target in report.targets if target.root != "-"}

    def owned(occurrence: Occurrence) -> Occurrence:
        if occurrence.place not in _IN_FILES or not occurrence.path or occurrence.target not in above:
            return occurrence
        return occurrence._replace(owners=owners.of(above[occurrence.target] + occurrence.path))

    return report._replace(
        credentials=tuple(
            credential._replace(occurrences=changed(credential.occurrences, owned)) for credential in report.credentials
        )
    )


def _read(files: Files, top: str) -> CodeOwners | None:
    """Return the first file that there is; one that cannot be read names nobody."""
    for name in FILES:
        path = os.path.join(top, name)
        try:
            if files.is_file(path):
                return CodeOwners(files.read(path, _MOST_BYTES).decode("utf-8-sig", "replace"))
        except (GitError, UsageError):
            return None
    return None
