"""Find the configuration in force: the one that the caller names, else the scanned tree's."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from akpatrol.config.environment import FILE_NAME, PYPROJECT
from akpatrol.config.settings import Configuration

if TYPE_CHECKING:
    from akpatrol.config.files import Files


def configuration_of(
    named: str | None, start: str | None, top: str | None, files: Files | None = None
) -> Configuration:
    """Return the configuration that the caller named, else the scanned tree's, from ``start`` up to ``top``, if any.

    ``files`` reads both, from the disk by default. Raises UsageError for a file that cannot be used.
    """
    if named:
        from akpatrol.config import configuration_file  # noqa: PLC0415 - most runs have none

        return configuration_file.load(named, tree=None, files=files)
    is_file = files.is_file if files else os.path.isfile
    for directory in _upwards(start, top):
        if any(is_file(os.path.join(directory, name)) for name in (FILE_NAME, PYPROJECT)):
            from akpatrol.config import configuration_file  # noqa: PLC0415 - most runs have none

            if file := configuration_file.in_directory(directory, top or directory, files):
                return configuration_file.load(file, tree=top, files=files)
    return Configuration()


def _upwards(start: str | None, top: str | None) -> list[str]:
    directories = []
    while start and top:
        directories.append(start)
        parent = os.path.dirname(start)
        start = None if start in (parent, top) else parent
    return directories
