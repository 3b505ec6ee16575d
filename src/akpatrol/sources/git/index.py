"""The content that the next commit would add: blobs from the index, never from the work tree.

https://git-scm.com/docs/git-diff-index, https://git-scm.com/docs/git-ls-files
"""

from __future__ import annotations

import os
from collections import defaultdict
from typing import TYPE_CHECKING

from akpatrol.errors import GitError, UsageError
from akpatrol.model.scan import Excluded, Exclusion, Place, Skipped
from akpatrol.sources.base import OneTarget
from akpatrol.sources.git.index_file import IndexCheck
from akpatrol.sources.git.obstacles import REFUSED
from akpatrol.sources.git.runner import LITERALLY
from akpatrol.sources.git.trees import TreeChange
from akpatrol.sources.git.units import NamesUnit, ObjectsUnit

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from akpatrol.model.credential import RawFinding
    from akpatrol.model.scan import Target
    from akpatrol.sources.base import Placed, Unit
    from akpatrol.sources.git.earlier_content import Examine
    from akpatrol.sources.git.runner import Git

_DIFF = (
    "diff-index",
    "--cached",
    "--raw",
    "-z",
    "--no-renames",
    "--no-abbrev",
    "--no-ext-diff",
    "--ignore-submodules=dirty",
)
_GITLINK = b"160000"
_FEW = 50


class IndexSource(OneTarget):
    """``akpatrol staged``: blobs that differ from HEAD, and those of the named files."""

    def __init__(
        self, git: Git, target: Target, files: Sequence[bytes], cwd: bytes, excluded: Callable[[bytes, bool], bool]
    ) -> None:
        super().__init__(target)
        self._git = git
        self._files = files
        self._cwd = cwd
        self._excluded = excluded
        self._paths: dict[str, dict[bytes, None]] = defaultdict(dict)
        self._real: dict[bytes, bytes] = {}
        self._untracked = 0
        self._changes: list[TreeChange] = []
        self._unchanged: set[str] = set()
        self._changed_paths: dict[bytes, None] = {}
        self._examine: Examine = lambda _unit: ()

    def compare_with(self, examine: Examine) -> None:
        """Receive the function that examines a unit, to compare with HEAD."""
        self._examine = examine

    def plan(self) -> Iterator[Unit | Skipped | Excluded]:
        """Yield the blobs and their paths' names."""
        names: dict[bytes, None] = {}
        links: dict[bytes, None] = {}
        left_out: dict[bytes, None] = {}
        try:
            check = IndexCheck(self._git)
            changed = dict.fromkeys(self._changed())
            unchanged = [entry for entry in self._named() if entry not in changed]
        except GitError as error:
            yield Skipped("index", str(error))
            return
        yield from check.skips()
        self._unchanged = {id_ for _, id_, _ in unchanged}
        for mode, id_, path in (*changed, *unchanged):
            if mode == _GITLINK:
                links[path] = None
            elif not id_.strip("0"):
                continue  # intent to add: the index has a name and no content yet
            elif self._excluded(path, False):  # noqa: FBT003 - a callable's argument
                left_out[path] = None
                self._changed_paths[path] = None
            else:
                names[path] = None
                self._changed_paths[path] = None
                self._paths[id_][path] = None
        if links:
            yield Excluded(Exclusion.SUBMODULE, len(links))
        if left_out:
            yield Excluded(Exclusion.EXCLUDE_OPTION, len(left_out))
        if self._untracked:
            yield Excluded(Exclusion.NOT_IN_INDEX, self._untracked)
        if names:
            yield NamesUnit(self._target.id, Place.PATH, tuple(names))
            labels = {id_: os.fsdecode(next(iter(paths))) for id_, paths in self._paths.items()}
            yield ObjectsUnit(self._target.id, self._git, tuple(labels), labels, staged=True)

    def check(self) -> Iterator[Skipped]:
        """Yield what is kept from git, such as an index that is a FIFO. Only the ref HEAD is needed."""
        yield from (skip for skip in self._git.obstacles() if skip.reason != REFUSED)

    def changed_paths(self) -> Collection[bytes]:
        """Return the files that differ from HEAD, and those that were named."""
        return self._changed_paths.keys()

    def place(self, findings: Sequence[RawFinding]) -> Iterator[Placed]:
        """Yield each raw finding under its blob's paths in the index; one that HEAD holds there already is known.

        A file that was named on the command line is reported even when it is unchanged.
        """
        from akpatrol.sources.git.earlier_content import EarlierContent  # noqa: PLC0415 - most commits have no finding
        from akpatrol.sources.git.staged_placement import StagedPlacement, parents  # noqa: PLC0415

        before = EarlierContent(self._git, self._target.id, self._examine, parents(self._git))
        yield from StagedPlacement(self._git, before, self._changes, self._paths).place(findings, self._unchanged)

    def _changed(self) -> Iterator[tuple[bytes, str, bytes]]:
        """Yield mode, id and path of what differs from HEAD, or of everything before the first commit."""
        try:
            listing = self._git.run(*_DIFF, "HEAD")
        except GitError:
            if self._git.run("rev-parse", "--verify", "--quiet", "HEAD", accept=(0, 1)):
                raise
            yield from self._entries(self._git.run(LITERALLY, "ls-files", "-s", "-z", "--full-name", cwd=self._top()))
            return
        parts = iter(listing.split(b"\0"))
        unmerged = False
        for raw in parts:
            path = next(parts, b"")
            if raw:
                mode_before, mode, old, id_, status = raw.split(b" ")
                before = old.decode() if mode_before != b":" + _GITLINK else ""
                self._changes.append(TreeChange(path, id_.decode(), (before,), link=mode == _GITLINK))
                unmerged |= status == b"U"
                if status not in (b"U", b"D"):
                    yield mode, id_.decode(), path
        if unmerged:
            yield from self._entries(self._git.run("ls-files", "-s", "-u", "-z", "--full-name", cwd=self._top()))

    def _named(self) -> Iterator[tuple[bytes, str, bytes]]:
        """Yield the index's entries for the files and directories named. Raises UsageError for one not there."""
        wanted = {self._from_top(file): file for file in self._files}
        if not wanted:
            return
        # git matches every entry with every pathspec; many are looked up here in the whole list.
        pathspecs = list(wanted) if len(wanted) <= _FEW and b"" not in wanted else []
        listing = self._git.run(LITERALLY, "ls-files", "-s", "-z", "--full-name", "--", *pathspecs, cwd=self._top())
        directories = {path for path in wanted if os.path.isdir(os.path.join(self._top(), path))}
        matched: set[bytes] = set()
        for mode, id_, path in self._entries(listing):
            named = {path} & wanted.keys() | (directories.intersection(_parents(path)) if directories else set())
            if named:
                matched |= named
                yield mode, id_, path
        for path in wanted.keys() - matched:
            if not os.path.lexists(os.path.join(self._top(), path)):
                hint = "options come before the first file" if wanted[path].startswith(b"-") else ""
                raise UsageError(f"{os.fsdecode(wanted[path])}: no such file, neither in the index nor on disk", hint)
            self._untracked += path not in directories

    def _from_top(self, file: bytes) -> bytes:
        """Return the path from the work tree's top of a file named relative to the current directory."""
        directory, name = os.path.split(os.path.join(self._cwd, file))
        if name in (b"", b".", b".."):
            directory, name = os.path.join(directory, name), b""
        if directory not in self._real:
            self._real[directory] = os.path.relpath(os.path.realpath(directory), os.path.realpath(self._top()))
        path = os.path.normpath(os.path.join(self._real[directory], name))
        if path == b".." or path.startswith(b"../"):
            raise UsageError(f"{os.fsdecode(file)} is outside the repository")
        return b"" if path == b"." else path

    def _top(self) -> bytes:
        return self._git.repository.work_tree or self._cwd

    def _entries(self, listing: bytes) -> Iterator[tuple[bytes, str, bytes]]:
        for line in listing.split(b"\0"):
            if line:
                details, _, path = line.partition(b"\t")
                mode, id_, _ = details.split(b" ")
                yield mode, id_.decode(), path


def _parents(path: bytes) -> Iterator[bytes]:
    """Yield the directories that hold a path, the top ("") last."""
    while path:
        path = path.rpartition(b"/")[0]
        yield path
