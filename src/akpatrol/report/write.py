"""Writing a report to a file: whole or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from akpatrol.errors import UsageError
from akpatrol.report.text_safety import visible

if TYPE_CHECKING:
    from collections.abc import Iterable
    from io import BufferedWriter

_PIECE = 1 << 20
"""Characters that are encoded at once."""
_LINKS = 40
"""Symbolic links followed at most, as Linux does (path_resolution(7))."""


def write(pieces: Iterable[str], destination: Path) -> None:
    """Write a text, which comes in pieces, as UTF-8.

    A regular file is replaced in one step and keeps its mode; a new one gets what the umask allows. Anything
    else (a terminal, a FIFO, ``/dev/stdout`` wherever it leads) is written in place.
    Raises UsageError, and BrokenPipeError if the output pipe is closed.
    """
    try:
        if _is_stream(destination):
            _append(pieces, destination)
        else:
            _replace(pieces, Path(os.path.realpath(destination)))
    except BrokenPipeError:
        raise
    except (OSError, ValueError) as error:
        raise _unusable(destination, _reason(error), "free space or name another file with --output") from error


def append(text: str, destination: Path) -> None:
    """Write the text as UTF-8 to the end of a file, which is created if missing. Raises UsageError."""
    try:
        _append([text], destination, os.O_CREAT)
    except (OSError, ValueError) as error:
        raise _unusable(destination, _reason(error), "free space or name another file") from error


def check_writable(destination: Path) -> None:
    """Raise UsageError when ``write`` could not succeed; touches nothing."""
    try:
        if destination.is_dir():
            raise _unusable(destination, "it is a directory", "name a file in it")
        if destination.exists():
            if not os.access(destination, os.W_OK):
                raise _unusable(destination, "permission denied", "make it writable or name another file")
            if _is_stream(destination):
                return
        parent = Path(os.path.realpath(destination)).parent
        if not parent.is_dir():
            raise _unusable(destination, "its directory does not exist", f"create {visible(str(parent))} first")
        if not os.access(parent, os.W_OK | os.X_OK):
            raise _unusable(destination, "its directory is not writable", "name a file in another directory")
        os.stat(destination.parent / destination.name)
    except FileNotFoundError:
        return
    except (OSError, ValueError) as error:
        raise _unusable(destination, _reason(error), "name another file") from error


def _is_stream(destination: Path) -> bool:
    """Return whether replacing it would be wrong: no regular file, or a name for an open descriptor."""
    path = str(destination.absolute())
    for _ in range(_LINKS):
        if path.startswith(("/dev/fd/", "/dev/std", "/proc/")):
            return True
        try:
            path = os.path.normpath(Path(path).parent / Path(path).readlink())
        except OSError:
            break
    try:
        return not stat.S_ISREG(destination.stat().st_mode)
    except FileNotFoundError:
        return False


def _append(pieces: Iterable[str], destination: Path, more_flags: int = 0) -> None:
    # Appending, because /dev/stdout may be a file that others have written to.
    descriptor = os.open(destination, os.O_WRONLY | os.O_APPEND | os.O_NOCTTY | os.O_CLOEXEC | more_flags, 0o666)
    with os.fdopen(descriptor, "wb") as stream:
        _encode(pieces, stream)


def _replace(pieces: Iterable[str], destination: Path) -> None:
    temporary = destination.with_name(f".akpatrol-{os.urandom(8).hex()}.tmp")
    mode = _mode(destination)
    # A report may show secrets: an existing file's mode must hold from the first byte.
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(temporary, flags, 0o666 if mode is None else 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            if mode is not None:
                os.fchmod(stream.fileno(), mode)
            _encode(pieces, stream)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(destination)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _encode(pieces: Iterable[str], stream: BufferedWriter) -> None:
    """Write a text of which each piece may be large, too: there is no room for such a one twice."""
    stream.writelines(
        text[start : start + _PIECE].encode("utf-8", "backslashreplace")
        for text in pieces
        for start in range(0, len(text), _PIECE)
    )


def _mode(destination: Path) -> int | None:
    try:
        return stat.S_IMODE(destination.stat().st_mode)
    except FileNotFoundError:
        return None


def _reason(error: OSError | ValueError) -> str:
    return (isinstance(error, OSError) and error.strerror) or str(error)


def _unusable(destination: Path, reason: str, hint: str) -> UsageError:
    return UsageError(f"cannot write {visible(str(destination))}: {reason}", hint)
