"""The files of one commit, read through git: nothing is checked out, and a symbolic link is not followed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.errors import GitError, UsageError
from akpatrol.model.scan import Skipped
from akpatrol.sources.git.catfile import ABSENT
from akpatrol.sources.git.completeness import is_partial
from akpatrol.sources.git.runner import LITERALLY

if TYPE_CHECKING:
    from akpatrol.sources.git.runner import Git

_LINK = "120000"
_SHORT = 12


class _Entry(NamedTuple):
    mode: str
    type: str
    id: str


class CommittedFiles:
    """The files of a commit, named by the absolute paths that they would have below ``root``.

    ``absent`` are the files that a partial clone left out: they count as missing.
    """

    def __init__(self, git: Git, commit: str, root: str) -> None:
        self._git = git
        self._commit = commit
        self._root = root
        self._directories: dict[str, dict[str, _Entry]] = {}
        self.absent: dict[str, Skipped] = {}

    def name(self, path: str) -> str:
        """Return the path behind the commit's id."""
        return f"{self._commit[:_SHORT]}:{os.path.relpath(path, self._root)}"

    def is_file(self, path: str) -> bool:
        """Return whether the commit has a file or link there."""
        entry = self._entry(path)
        return entry is not None and entry.type == "blob" and not self._is_absent(path, entry)

    def problem(self, path: str) -> str:
        """Return what is wrong with a file: it is outside, a link, or no file."""
        if self._relative(path) is None:
            return "is outside the scanned tree"
        entry = self._entry(path)
        if entry and entry.mode == _LINK:
            return "is a symbolic link, and links are not followed in a commit"
        return "is not a regular file" if entry and entry.type != "blob" else ""

    def listing(self, path: str) -> list[str] | None:
        """Return the names in a directory."""
        relative = self._relative(path)
        return sorted(self._directory(relative)) or None if relative is not None else None

    def read(self, path: str, most: int) -> bytes:
        """Return the content."""
        entry, name = self._entry(path), self.name(path)
        if problem := self.problem(path):
            raise UsageError(f"{name}: {problem}")
        if not entry:
            raise UsageError(f"{name}: no such file in this commit")
        try:
            if int(self._git.run("cat-file", "-s", entry.id)) > most:
                raise UsageError(f"{name}: longer than {most >> 20} MiB")
            return self._git.run("cat-file", "blob", entry.id)
        except GitError as error:
            raise UsageError(f"{name}: {error}") from None

    def _is_absent(self, path: str, entry: _Entry) -> bool:
        """Return whether a partial clone left the file out, and note it."""
        try:
            self._git.run("cat-file", "-e", entry.id)
        except GitError:
            if not is_partial(self._git):
                return False  # reported when it is read
            self.absent[path] = Skipped(self.name(path), f"the range's policy: {ABSENT}")
            return True
        return False

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
        """Return the entries of a directory; empty if there is no such directory, or only a link to one."""
        if relative not in self._directories:
            where = ("--", f"{relative}/") if relative else ()
            try:
                # Without sizes: a partial clone has the trees, but not the blobs that nothing needs.
                listed = self._git.run(LITERALLY, "ls-tree", "-z", "--full-tree", self._commit, *where)
            except GitError as error:
                if is_partial(self._git):
                    self.absent[relative] = Skipped(self._commit, f"the files of the range's base: {ABSENT}")
                    self._directories[relative] = {}
                    return {}
                raise UsageError(f"{self._commit[:_SHORT]}: git cannot list its files: {error}") from None
            entries = {}
            for line in listed.split(b"\0"):
                details, tab, path = line.partition(b"\t")
                if tab:
                    entries[os.path.basename(os.fsdecode(path))] = _Entry(*details.decode("ascii", "replace").split())
            self._directories[relative] = entries
        return self._directories[relative]
