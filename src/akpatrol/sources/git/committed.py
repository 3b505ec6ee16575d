"""The files of one commit, read through git: nothing is checked out, and a symbolic link is not followed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.errors import GitError, UsageError
from akpatrol.sources.git.runner import LITERALLY

if TYPE_CHECKING:
    from akpatrol.sources.git.runner import Git

_LINK = "120000"
_SHORT = 12


class _Entry(NamedTuple):
    mode: str
    type: str
    id: str
    size: str


class CommittedFiles:
    """The files of a commit, called by the absolute paths that they would have below ``root``."""

    def __init__(self, git: Git, commit: str, root: str) -> None:
        self._git = git
        self._commit = commit
        self._root = root
        self._directories: dict[str, dict[str, _Entry]] = {}

    def name(self, path: str) -> str:
        """Return the path behind the commit's id."""
        return f"{self._commit[:_SHORT]}:{os.path.relpath(path, self._root)}"

    def is_file(self, path: str) -> bool:
        """Tell whether the commit has a file or link there."""
        return (entry := self._entry(path)) is not None and entry.type == "blob"

    def flaw(self, path: str) -> str:
        """Return what is wrong with a file: it is outside, a link, or no file."""
        if self._relative(path) is None:
            return "lies outside the scanned tree"
        entry = self._entry(path)
        if entry and entry.mode == _LINK:
            return "is a symbolic link, which is not followed in a commit"
        return "is not a regular file" if entry and entry.type != "blob" else ""

    def listing(self, path: str) -> list[str] | None:
        """Return the names in a directory."""
        relative = self._relative(path)
        return sorted(self._directory(relative)) or None if relative is not None else None

    def read(self, path: str, most: int) -> bytes:
        """Return the content."""
        entry, name = self._entry(path), self.name(path)
        if flaw := self.flaw(path):
            raise UsageError(f"{name}: {flaw}")
        if not entry:
            raise UsageError(f"{name}: No such file in this commit")
        if not entry.size.isdigit() or int(entry.size) > most:
            raise UsageError(f"{name}: longer than {most >> 20} MiB")
        try:
            return self._git.run("cat-file", "blob", entry.id)
        except GitError as error:
            raise UsageError(f"{name}: {error}") from None

    def _relative(self, path: str) -> str | None:
        """Return the path in the commit, "" for its root, None for one outside."""
        relative = os.path.relpath(os.path.normpath(path), self._root)
        if relative == os.pardir or relative.startswith(os.pardir + os.sep) or "\0" in relative:
            return None
        return "" if relative == os.curdir else relative

    def _entry(self, path: str) -> _Entry | None:
        relative = self._relative(path)
        if not relative:
            return None
        directory, name = os.path.split(relative)
        return self._directory(directory).get(name)

    def _directory(self, relative: str) -> dict[str, _Entry]:
        """Return the entries of a directory, none when there is no such one; a link to one is none."""
        if relative not in self._directories:
            where = ("--", f"{relative}/") if relative else ()
            try:
                listed = self._git.run(LITERALLY, "ls-tree", "-z", "-l", "--full-tree", self._commit, *where)
            except GitError as error:
                raise UsageError(f"{self._commit[:_SHORT]}: git cannot list its files: {error}") from None
            entries = {}
            for line in listed.split(b"\0"):
                details, tab, path = line.partition(b"\t")
                if tab:
                    entries[os.path.basename(os.fsdecode(path))] = _Entry(*details.decode("ascii", "replace").split())
            self._directories[relative] = entries
        return self._directories[relative]
