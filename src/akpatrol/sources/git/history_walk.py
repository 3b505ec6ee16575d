"""git's walk of the whole history, beside the scan: the commits with their order, then the missing objects.

``rev-list`` prints the commits, then all other objects, then ``?`` and the id of each missing object:
https://git-scm.com/docs/git-rev-list#Documentation/git-rev-list.txt---missingltmissing-actiongt
"""

from __future__ import annotations

import re
import weakref
from contextlib import ExitStack, suppress
from io import BytesIO
from threading import Event
from time import monotonic
from typing import TYPE_CHECKING

from akpatrol.errors import GitError
from akpatrol.sources.git import graph, revisions, walked_commit
from akpatrol.sources.git.read_ahead import StreamReader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.sources.git.runner import Git
    from akpatrol.sources.git.stream import Stream
    from akpatrol.sources.git.walked_commit import WalkedCommit

WALK = (
    "rev-list", "--topo-order", "--parents", "--timestamp", "--objects", "--no-object-names", "--missing=print",
    *revisions.EVERYTHING,
)  # fmt: skip
_BLOCK_BYTES = 1 << 16
_MOST_BYTES = 64 << 20  # of commits that are kept, in case something is found
_OTHER = re.compile(rb"^[0-9a-f?]+$", re.MULTILINE)  # a commit has its date in front


class HistoryWalk:
    """Started early, because it takes as long as a part of the scan."""

    def __init__(self, git: Git) -> None:
        self._git = git
        self._open = ExitStack()
        self._begun = monotonic()
        # Do not leave git running when the result is not needed.
        weakref.finalize(self, self._open.close)
        self._output: _Output | GitError
        try:
            stream = self._open.enter_context(git.stream(*WALK, stdin=()))
            self._output = self._open.enter_context(_Output(stream))
        except GitError as error:
            self._output = error

    def give_up(self) -> None:
        """Stop git's walk when it takes too long, because it uses a processor."""
        seconds = monotonic() - self._begun
        output = self._output
        if isinstance(output, GitError) or seconds < walked_commit.WALK_SECONDS or output.ends_within(0):
            return
        with suppress(GitError):  # reported by the code that reads all objects
            if seconds > graph.patience(self._git):
                graph.mark_slow(self._git)
                output.stream.kill()

    def commits(self) -> list[WalkedCommit]:
        """Return every commit that refs and reflogs reach, children first. Raises GitError where one is missing."""
        lines = self._commit_lines()
        if lines is None:
            return list(revisions.commits(self._git, revisions.EVERYTHING))
        commits = [revisions.parse_commit(line) for line in lines]
        known = {commit.id for commit in commits}
        if not all(known.issuperset(commit.parents) for commit in commits):
            raise GitError("a commit is missing")  # newer versions of git walk on
        return commits

    def _commit_lines(self) -> list[bytes] | None:
        """Return a line for each commit; None where they have to be walked again. Raises GitError."""
        output = self._output
        if isinstance(output, GitError) or graph.is_slow(self._git):
            return None
        in_time = graph.finishes_in_time(self._git, output.commits_within, self._begun, "commit")
        return output.commits() if in_time else None

    def missing(self) -> BytesIO | None:
        """Return a line for each missing object, ``?`` and its id; None when git takes too long. Raises GitError."""
        with self._open:
            if isinstance(self._output, GitError):
                raise self._output
            if graph.is_slow(self._git):
                return None
            if not graph.finishes_in_time(self._git, self._output.ends_within, self._begun):
                return None
            return self._output.missing()


class _Output(StreamReader):
    """What git printed so far."""

    def __init__(self, stream: Stream) -> None:
        super().__init__(stream)
        self._commits: bytearray | None = bytearray()
        self._missing = bytearray()
        self._has_commits, self._has_ended = Event(), Event()

    def commits_within(self, seconds: float) -> bool:
        """Return whether all commits are there in that time, or git has ended."""
        return self._has_commits.wait(seconds)

    def ends_within(self, seconds: float) -> bool:
        """Return whether git ends in that time."""
        return self._has_ended.wait(seconds)

    def commits(self) -> list[bytes] | None:
        """Return a line for each commit; None where they were too many to keep. Raises GitError."""
        if self._has_ended.is_set():
            self.stream.finish()
        return None if self._commits is None else bytes(self._commits).splitlines()

    def missing(self) -> BytesIO:
        """Return the lines of missing objects. Raises GitError when git failed."""
        self.stream.finish()
        return BytesIO(self._missing)

    def _read(self) -> None:
        try:
            for lines in _whole_lines(self.stream):
                self._add(lines)
        finally:
            self._has_ended.set()
            self._has_commits.set()  # last: who waits for it then sees that git has ended

    def _add(self, lines: bytes) -> None:
        start = 0
        if not self._has_commits.is_set():
            other = _OTHER.search(lines)
            start = other.start() if other else len(lines)
            if self._commits is not None:
                self._commits += lines[:start]
                if len(self._commits) > _MOST_BYTES:
                    self._commits = None
            if other:
                self._has_commits.set()
        first = lines.find(b"?", start)
        if first >= 0:
            self._missing += lines[first:]


def _whole_lines(stream: Stream) -> Iterator[bytes]:
    """Yield blocks that end where a line ends."""
    rest = b""
    while block := stream.read(_BLOCK_BYTES):
        lines, end, rest = (rest + block).rpartition(b"\n")
        yield lines + end
    yield rest
