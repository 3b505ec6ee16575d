"""Check that a cache's directory and files belong to the user and that no one else can write them."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH


def refusal(directory: str, file: str, beside: Sequence[str] = ()) -> str:
    """Make the directory and return why it cannot hold a cache, "" when it can. Raises OSError.

    ``beside`` are the suffixes of the cache's other files.
    """
    missing = []
    while not os.path.lexists(directory):
        missing.append(directory)
        directory = os.path.dirname(directory)
    # Under sudo with the caller's home, files created there would block the caller's own runs.
    if missing and hasattr(os, "geteuid") and os.stat(directory).st_uid != os.geteuid():
        return f"{directory} belongs to another user"
    for ancestor in reversed(missing):
        with suppress(FileExistsError):  # another run makes it at the same moment
            os.mkdir(ancestor, 0o700)
    directory = missing[0] if missing else directory
    if not stat.S_ISDIR((status := os.lstat(directory)).st_mode) or not _is_own(status):
        return f"{directory} is not a directory that only its owner can write"
    for suffix in ("", *beside):
        if os.path.lexists(file + suffix):
            status = os.lstat(file + suffix)
            if not stat.S_ISREG(status.st_mode) or not _is_own(status) or status.st_nlink != 1:
                return f"{file}{suffix} is not a file that only its owner can write"
    return ""


def _is_own(status: os.stat_result) -> bool:
    return not hasattr(os, "geteuid") or (status.st_uid == os.geteuid() and not status.st_mode & _OTHERS_MAY_WRITE)
