"""What commits changed, as ``git diff-tree`` prints it; two of them run at once where there are many commits.

https://git-scm.com/docs/git-diff-tree (raw output format, combined diffs)
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.errors import GitError
from akpatrol.sources.git import walked_commit
from akpatrol.sources.git.read_ahead import ReadAhead
from akpatrol.sources.git.runner import LITERALLY
from akpatrol.sources.git.trees import TreeChange

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

    from akpatrol.sources.git.runner import Git
    from akpatrol.sources.git.stream import Stream

# Without the option for submodules git reads .gitmodules at the first of them, which may be damaged, or a pipe.
_FORM = ("-c", "--raw", "-z", "--no-renames", "--no-abbrev", "--ignore-submodules=none", "--pretty=tformat:%H")
_DIFF = ("diff-tree", "--stdin", "--always", "-r", "--root", *_FORM)
LOG = ("log", "--topo-order", *_FORM)
"""The words with which ``git log`` prints commits as ``diff-tree`` does."""
_GITLINK = "160000"
# git holds all changes of a commit in memory before it prints the first.
_PATIENCE = 3.0
_MEMORY = 512 << 20
MOST_CHANGES = 1_000_000
"""Changes of one commit that are held in memory."""
_MANY = 2000  # commits; fewer are compared before a second git has started


class TooMuchError(GitError):
    """One commit changed more paths than there is memory for."""


class WantedChanges(NamedTuple):
    """Which commits matter: those that add or remove one of these objects, or a path that ``names`` matches."""

    ids: frozenset[bytes]
    names: re.Pattern[bytes] | None = None


class CommitChanges(NamedTuple):
    """One commit's ``changes``, none where no wanted one is among them; ``number`` counts all.

    ``done`` commits of the requested ones are finished with it.
    """

    done: int
    id: str
    number: int
    changes: tuple[TreeChange, ...]


def compare(git: Git, ids: Sequence[str], wanted: WantedChanges | None = None) -> Iterator[CommitChanges]:
    """Yield what these commits changed, in this order; git leaves out a missing one. Raises GitError."""
    half = len(ids) // 2 if len(ids) > _MANY else len(ids)
    with ExitStack() as stack:
        first = stack.enter_context(_started(git, ids[:half]))
        second = stack.enter_context(_started(git, ids[half:])) if half < len(ids) else None
        ahead = stack.enter_context(ReadAhead(second)) if second else None
        yield from compared(first.parts(), ids[:half], wanted)
        first.finish()
        if second and ahead:
            for result in compared(ahead.parts(), ids[half:], wanted):
                yield result._replace(done=half + result.done)
            second.finish()


def compared(
    parts: Iterator[bytes], ids: Sequence[str], wanted: WantedChanges | None = None
) -> Iterator[CommitChanges]:
    """Yield what ``compare`` does, given the parts between the NULs that git prints. Raises GitError."""
    position = 0
    for id_, lines in _parse(parts):
        try:
            position = ids.index(id_, position) + 1
        except ValueError:
            raise GitError("git reported a commit that was not requested") from None
        is_needed = wanted is None or any(_is_wanted(line, wanted) for line in lines)
        yield CommitChanges(position, id_, len(lines), tuple(map(_change, lines)) if is_needed else ())


def of_path(git: Git, tips: Sequence[str], path: bytes) -> Iterator[tuple[str, TreeChange]]:
    """Yield the commits that changed a path, children first, with that change. Raises GitError."""
    words = (*LOG, "--full-history", "--end-of-options", *tips, "--")
    with git.stream(LITERALLY, *words, path, patience=walked_commit.WALK_SECONDS, memory=_MEMORY) as stream:
        for id_, lines in _parse(stream.parts()):
            yield from ((id_, change) for change in map(_change, lines) if change.path == path)
        stream.finish()


def walked(parts: Iterator[bytes]) -> Iterator[str | bytes]:
    """Yield each commit's id as text, and the path of each file that it adds as bytes."""
    for part in parts:
        if part.endswith(b"M"):  # as most do; neither an id nor what adds a file
            next(parts, b"")
            continue
        line = part.lstrip(b"\n")
        if line.startswith(b":"):
            path = next(parts, b"")
            if line.endswith(b"A") and (change := _change(_Line(line, path))).adds_path and not change.link:
                yield path
        elif line:
            yield line.decode("ascii", "replace")


class _Line(NamedTuple):
    """One change as git prints it: modes, ids and status, and the path."""

    raw: bytes
    path: bytes


def _started(git: Git, ids: Sequence[str]) -> AbstractContextManager[Stream]:
    lines = (id_.encode() + b"\n" for id_ in ids)
    return git.stream(*_DIFF, stdin=lines, patience=_PATIENCE, memory=_MEMORY)


def _parse(parts: Iterator[bytes]) -> Iterator[tuple[str, list[_Line]]]:
    header = b""
    lines: list[_Line] = []
    for part in parts:
        part = part.lstrip(b"\n")  # noqa: PLW2901 - the format puts a line end between header and changes
        if part.startswith(b":"):
            lines.append(_Line(part, next(parts, b"")))
            if len(lines) > MOST_CHANGES:
                raise TooMuchError("too many changes to hold in memory")
        elif part:
            if header:
                yield header.decode("ascii", "replace"), lines
            header, lines = part, []
    if header:
        yield header.decode("ascii", "replace"), lines


def _is_wanted(line: _Line, wanted: WantedChanges) -> bool:
    return not wanted.ids.isdisjoint(line.raw.split(b" ")) or bool(wanted.names and wanted.names.search(line.path))


def _change(line: _Line) -> TreeChange:
    """Parse ``:<modes> <ids> <status>`` with one colon, old mode and old id a parent."""
    words = line.raw.decode("ascii", "replace").split(" ")
    parents = words[0].count(":")
    *olds, new = words[parents + 1 : 2 * parents + 2]
    return TreeChange(line.path, new, tuple(olds), link=words[parents] == _GITLINK)
