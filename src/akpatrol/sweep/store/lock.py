"""The lock of a store: one process at a time writes to it, and only to files of its own user."""

from __future__ import annotations

import os
import socket
import stat

from akpatrol.errors import UsageError

_OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH
_NOTE_BYTES = 300


class Lock:
    """The exclusive right to write to a store, until it is closed or the process ends.

    It is held on a file beside the store, which is never removed and names the holder. Raises UsageError when another
    process has it, and on a file system without locks.
    """

    def __init__(self, store: str) -> None:
        import fcntl  # noqa: PLC0415 - only a sweep needs it

        file = store + "-lock"
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            self._descriptor = os.open(file, flags, 0o600)
        except OSError as error:
            raise UsageError(f"{file}: {error.strerror}") from None
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(self._descriptor, _NOTE_BYTES, 0).decode("utf-8", "replace").strip()
            self.close()
            raise UsageError(
                f"{store}: another sweep is writing to it: {holder or 'it has just started'}",
                hint="wait until it finishes, or use another store",
            ) from None
        except OSError as error:
            self.close()
            raise UsageError(
                f"{file}: cannot be locked: {error.strerror}", hint="keep the store on a local disk"
            ) from None
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"process {os.getpid()} on {socket.gethostname()}\n".encode(), 0)

    def close(self) -> None:
        """Release the lock."""
        os.close(self._descriptor)


def check_own(store: str) -> None:
    """Raise UsageError unless each of a store's files is a regular file that only this user may write.

    Its directory is not checked: the user chooses it, and a team may share it on purpose.
    """
    for suffix in ("", "-wal", "-shm", "-lock"):
        try:
            status = os.lstat(store + suffix)
        except FileNotFoundError:
            continue
        except (OSError, ValueError) as error:  # a NUL
            raise UsageError(f"{store}: {error}") from None
        is_own = not hasattr(os, "geteuid") or status.st_uid == os.geteuid()
        if not stat.S_ISREG(status.st_mode) or not is_own or status.st_mode & _OTHERS_MAY_WRITE:
            raise UsageError(
                f"{store}{suffix}: not a file that you own and only you can write",
                hint="name another file, or fix it with chown and chmod go-w",
            )
    directory = os.path.dirname(os.path.abspath(store))
    if not os.path.isdir(directory):
        raise UsageError(f"{store}: its directory does not exist", hint=f"create it: mkdir -p {directory}")
