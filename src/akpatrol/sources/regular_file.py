"""Open a file that must be regular, without waiting for a FIFO or activating a device."""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

from akpatrol.sources.walk import special

if TYPE_CHECKING:
    from io import BufferedReader


def opened(path: bytes) -> BufferedReader:
    """Open a regular file, or a link to one, to read it. Raises OSError for anything else."""
    # Some devices act when they are opened, so the type is checked first.
    _check(os.stat(path).st_mode)
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        _check(os.fstat(handle).st_mode)
    except OSError:
        os.close(handle)
        raise
    return os.fdopen(handle, "rb")


def problem(path: bytes) -> str:
    """Return why a path is neither a regular file nor a link to one; nothing when it is. Nothing is opened."""
    try:
        _check(os.stat(path).st_mode)
    except OSError as error:
        if os.path.islink(path):
            return f"a symbolic link: {error.strerror}"
        return error.strerror or "cannot be read"
    return ""


def _check(mode: int) -> None:
    if not stat.S_ISREG(mode):
        kind = "directory" if stat.S_ISDIR(mode) else special(mode)
        raise OSError(errno.EINVAL, f"a {kind}, not a regular file")
