"""Tasks for a worker pool: picklable, so at the top of a module."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from threading import Event
from time import sleep
from typing import TYPE_CHECKING, Any

from akpatrol.sweep import cluster

if TYPE_CHECKING:
    from collections.abc import Callable


def doubled(number: int) -> int:
    return 2 * number


def failing() -> None:
    raise LookupError("as it should")


def dying() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def dying_once(marker: str) -> str:
    """Die the first time."""
    file = Path(marker)
    if not file.exists():
        file.touch()
        dying()
    return "done"


def telling(file: str) -> None:
    """Raise an error with the content of a file."""
    secret = Path(file).read_text()
    raise LookupError(secret)


def stuck(marker: str) -> None:
    """Begin, and never end."""
    Path(marker).touch()
    Event().wait()


def aged() -> None:
    """Become of another version."""
    own: Any = cluster
    own.__version__ = "0.0.1"


def wait_for(file: Path) -> None:
    """Wait until a file is there; what hangs has failed."""
    while not file.exists():
        sleep(0.05)


class LoadedAtLast:
    """Four, once a worker has failed to load it some times; each failure leaves a mark in ``file``."""

    def __init__(self, file: str, *, failures: int) -> None:
        self._file = file
        self._failures = failures

    def __reduce__(self) -> tuple[Callable[[str, int], int], tuple[str, int]]:
        """Have it loaded by ``_four``."""
        return _four, (self._file, self._failures)


def _four(file: str, failures: int) -> int:
    with Path(file).open("ab+") as marks:
        if marks.seek(0, os.SEEK_END) < failures:
            marks.write(b"x")
            raise TypeError(file)
    return 4
