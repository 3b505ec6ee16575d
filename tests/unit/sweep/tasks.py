"""Tasks for a worker pool: picklable, so at the top of a module."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from threading import Event
from time import sleep
from typing import Any

from akpatrol.sweep import cluster


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
