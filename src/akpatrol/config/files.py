"""The files that a policy consists of, read from a disk or, by another implementation, from a commit."""

from __future__ import annotations

import os
from typing import Protocol

from akpatrol.errors import UsageError


class Files(Protocol):
    """Reads files by their absolute paths; the files of a commit have the paths that they would have if checked out."""

    def name(self, path: str) -> str:
        """Return the name of a file for messages."""

    def is_file(self, path: str) -> bool:
        """Return whether there is a file, wherever it leads."""

    def problem(self, path: str) -> str:
        """Return why a file may not be read, "" when it may; one that does not exist has none."""

    def listing(self, path: str) -> list[str] | None:
        """Return the names in a directory, None for anything else."""

    def read(self, path: str, most: int) -> bytes:
        """Return a file's content. Raises UsageError, also for one of more than ``most`` bytes."""


class OnDisk:
    """Files on disk, all below ``tree`` unless that is None: a scanned tree leads nowhere else."""

    def __init__(self, tree: str | None = None) -> None:
        self._tree = os.path.realpath(tree) if tree else None

    def name(self, path: str) -> str:
        """Return the path."""
        return path

    def is_file(self, path: str) -> bool:
        """Return whether there is a regular file."""
        return os.path.isfile(path)

    def problem(self, path: str) -> str:
        """Return what is wrong with a file of a scanned tree: a link outside, or a FIFO to wait for."""
        if not self._tree:
            return ""
        try:
            real = os.path.realpath(path)
            inside = os.path.commonpath([self._tree, real]) == self._tree
        except ValueError as error:  # a NUL
            return str(error)
        if not inside:
            return "is outside the scanned tree"
        return "is not a regular file" if os.path.exists(real) and not os.path.isfile(real) else ""

    def listing(self, path: str) -> list[str] | None:
        """Return the names in a directory."""
        try:
            return sorted(os.listdir(path)) if os.path.isdir(path) else None
        except OSError as error:
            raise UsageError(f"{path}: {error.strerror}") from None

    def read(self, path: str, most: int) -> bytes:
        """Return the content."""
        if problem := self.problem(path):
            raise UsageError(f"{path}: {problem}")
        try:
            with open(path, "rb") as stream:
                content = stream.read(most + 1)
        except OSError as error:
            raise UsageError(f"{path}: {error.strerror}") from None
        except ValueError as error:  # a NUL
            raise UsageError(f"{path}: {error}") from None
        if len(content) > most:
            raise UsageError(f"{path}: longer than {most >> 20} MiB")
        return content
