"""Tasks for processes: picklable, so at the top of a module."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.unit.sweep.tasks import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

_begun = ""


def begin(word: str) -> None:
    global _begun  # noqa: PLW0603 - a process has one
    _begun = word


def begun() -> str:
    return _begun


def repeated(data: bytes, times: int) -> bytes:
    return data * times


def meeting(directory: str, name: str) -> str:
    """Wait until another process is there too."""
    Path(directory, name).touch()
    wait_for(Path(directory, "other" if name == "one" else "one"))
    return name


def marked(directory: str, name: str) -> None:
    """Leave a mark."""
    Path(directory, name).touch()


def answering(message: bytes) -> None:
    """Write into the pipe for answers."""
    os.write(int(sys.argv[2]), message)


def printing() -> str:
    print("from a library")  # noqa: T201 - as libraries do
    os.write(1, b"from another\n")
    return "printed"


def unsendable() -> Callable[[], int]:
    return lambda: 1


class Unreadable:
    """What cannot be read where it arrives."""

    def __reduce__(self) -> tuple[Callable[[], None], tuple[()]]:
        """Have it read by ``_refused``."""
        return _refused, ()


def _refused() -> None:
    raise LookupError("unreadable")
