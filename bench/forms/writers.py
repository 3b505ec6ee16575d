"""What a writer of a form is, and the table that they enter themselves in."""

from __future__ import annotations

import shutil
import subprocess
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Write = Callable[[Path, str], None]


class MissingError(Exception):
    """A writer's program is not installed."""


class Writer(NamedTuple):
    """``write(directory, secret)`` makes files that hold the secret; reports say where by something like ``place``."""

    name: str
    place: str
    write: Write


WRITERS: list[Writer] = []


def form(name: str, place: str = "") -> Callable[[Write], Write]:
    """Enter a function in the table."""

    def entered(write: Write) -> Write:
        WRITERS.append(Writer(name, place, write))
        return write

    return entered


def library(name: str) -> Any:
    """Import a library. Raises MissingError where it is not installed."""
    try:
        return import_module(name)
    except ImportError:
        raise MissingError(f"{name} is not installed") from None


def line(secret: str) -> str:
    """Return a usual line with the secret."""
    return f'ANYREACH_API_KEY = "{secret}"\n'


def run(*words: str | Path, cwd: Path | None = None, stdin: bytes = b"") -> bytes:
    """Run a program and return what it prints. Raises MissingError where it is not installed."""
    if not shutil.which(str(words[0])):
        raise MissingError(f"{words[0]} is not installed")
    return subprocess.run(list(map(str, words)), cwd=cwd, input=stdin, capture_output=True, check=True).stdout


def tree(directory: Path, secret: str) -> Path:
    """Make a directory with a file that holds the secret, and one that does not."""
    top = directory / "tree"
    (top / "conf").mkdir(parents=True)
    (top / "conf/settings.py").write_text(line(secret) * 3)
    (top / "readme.txt").write_text("Nothing is here.\n" * 100)
    return top
