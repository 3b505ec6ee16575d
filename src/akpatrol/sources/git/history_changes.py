"""What every commit of a history changed, as one ``git log`` prints it beside the scan.

Rules that find files by their paths ask for the paths that commits add. Where something was found, what commits
changed says which of them brought it.
"""

from __future__ import annotations

import weakref
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

from akpatrol.errors import GitError
from akpatrol.sources.git import diff_tree, revisions
from akpatrol.sources.git.read_ahead import StreamReader
from akpatrol.sources.git.stream import split_parts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from akpatrol.sources.git.diff_tree import CommitChanges, WantedChanges
    from akpatrol.sources.git.runner import Git
    from akpatrol.sources.git.stream import Stream

_BLOCK_BYTES = 1 << 16
_MOST_BYTES = 64 << 20  # that are kept, in case something is found
_PATIENCE = 120.0  # seconds


class HistoryChanges:
    """The changes of all commits that refs and reflogs reach; git starts at once."""

    def __init__(self, git: Git) -> None:
        self._open = ExitStack()
        # Do not leave git running when the result is not needed.
        weakref.finalize(self, self._open.close)
        self._output: _PrintedChanges | None = None
        with suppress(GitError):
            words = (*diff_tree.LOG, *revisions.EVERYTHING)
            stream = self._open.enter_context(git.stream(*words, stdin=(), patience=_PATIENCE))
            self._output = self._open.enter_context(_PrintedChanges(stream))

    def added_paths(self) -> tuple[bytes, ...]:
        """Return the paths of all files that commits add, when git has ended. Raises GitError."""
        return tuple(self._ended().paths)

    def of(self, ids: Sequence[str], wanted: WantedChanges | None) -> Iterator[CommitChanges] | None:
        """Return what ``diff_tree.compare`` does, when git has ended.

        None where these are not the commits in their order, git failed, or it printed too much to keep.
        """
        try:
            output = self._ended()
        except GitError:
            return None  # said by the code that asks for the paths
        if output.kept is None or output.ids != ids:
            return None
        return diff_tree.compared(split_parts(output.kept, b"\0"), ids, wanted)

    def _ended(self) -> _PrintedChanges:
        if not self._output:
            raise GitError("git did not start")
        self._output.wait()
        return self._output


class _PrintedChanges(StreamReader):
    """What git printed, while it is ``kept``; the commits in their order, and the ``paths`` that they add."""

    def __init__(self, stream: Stream) -> None:
        super().__init__(stream)
        self.kept: list[bytes] | None = []
        self.ids: list[str] = []
        self.paths: dict[bytes, None] = {}
        self._is_whole = False

    def wait(self) -> None:
        """Wait until git has ended. Raises GitError when it failed."""
        self._thread.join()
        self.stream.finish()
        if not self._is_whole:
            raise GitError("what git printed could not be read")

    def _read(self) -> None:
        for found in diff_tree.walked(split_parts(self._blocks(), b"\0")):
            if isinstance(found, str):
                self.ids.append(found)
            else:
                self.paths[found] = None
        self._is_whole = True

    def _blocks(self) -> Iterator[bytes]:
        size = 0
        while block := self.stream.read(_BLOCK_BYTES):
            size += len(block)
            if size > _MOST_BYTES:
                self.kept = None
            if self.kept is not None:
                self.kept.append(block)
            yield block
