"""What every commit of a history changed, as one ``git log`` prints it beside the scan.

Rules that find files by their paths ask for the paths that commits add. Where something was found, what commits
changed says which of them brought it.
"""

from __future__ import annotations

import weakref
from contextlib import ExitStack
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
_MOST_PATHS_BYTES = 256 << 20
# Of silence, and until git has ended once it is waited for.
_SECONDS = 120.0


class HistoryChanges:
    """The changes of all commits that refs and reflogs reach; git starts at once."""

    def __init__(self, git: Git) -> None:
        self._open = ExitStack()
        # Do not leave git running when the result is not needed.
        weakref.finalize(self, self._open.close)
        self._output: _PrintedChanges | GitError
        try:
            words = (*diff_tree.LOG, *revisions.EVERYTHING)
            stream = self._open.enter_context(git.stream(*words, stdin=(), patience=_SECONDS))
            self._output = self._open.enter_context(_PrintedChanges(stream))
        except GitError as error:
            self._output = error

    def added_paths(self) -> tuple[bytes, ...]:
        """Return the paths of all files that commits add, when git has ended. Raises GitError."""
        return tuple(self._ended().paths)

    def of(self, ids: Sequence[str], wanted: WantedChanges | None) -> Iterator[CommitChanges] | None:
        """Return what ``diff_tree.compare`` does, when git has ended; None where it has to be asked for these commits.

        That is so when git failed, when it printed too much to keep, and for other commits, or in another order.
        """
        try:
            output = self._ended()
        except GitError:
            return None  # said by the code that asks for the paths
        if output.kept is None or output.ids != ids:
            return None
        return diff_tree.compared(split_parts(output.kept, b"\0"), ids, wanted)

    def _ended(self) -> _PrintedChanges:
        if isinstance(self._output, GitError):
            raise self._output
        self._output.wait()
        return self._output


class _PrintedChanges(StreamReader):
    """What git printed, while it is ``kept``; the commits in their order, and the ``paths`` that they add."""

    def __init__(self, stream: Stream) -> None:
        super().__init__(stream)
        self.kept: list[bytes] | None = []
        self.ids: list[str] = []
        self.paths: dict[bytes, None] = {}
        self._problem = ""

    def wait(self) -> None:
        """Wait until git has ended. Raises GitError when it failed or takes too long."""
        self._thread.join(_SECONDS)
        if self._thread.is_alive():
            self._problem = f"git did not answer in {_SECONDS:.0f} seconds"
            self.stream.kill()
            self._thread.join()
        if self._problem:
            raise GitError(self._problem)
        self.stream.finish()

    def _read(self) -> None:
        size, is_whole = 0, False
        try:
            for found in diff_tree.walked(split_parts(self._blocks(), b"\0")):
                if isinstance(found, str):
                    self.ids.append(found)
                    continue
                size += len(found) if found not in self.paths else 0
                self.paths[found] = None
                if size > _MOST_PATHS_BYTES:
                    self._problem = "they are more than there is memory for"
                    return
            is_whole = True
        finally:
            # A git whose output nobody reads would never end.
            if not is_whole:
                self._problem = self._problem or "what git printed could not be read"
                self.stream.kill()

    def _blocks(self) -> Iterator[bytes]:
        size = 0
        while block := self.stream.read(_BLOCK_BYTES):
            size += len(block)
            if size > _MOST_BYTES:
                self.kept = None
            if self.kept is not None:
                self.kept.append(block)
            yield block
