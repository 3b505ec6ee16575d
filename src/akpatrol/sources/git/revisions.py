"""Commits of a walk, their order, and what they changed.

https://git-scm.com/docs/gitrevisions, https://git-scm.com/docs/git-diff-tree (raw output format, combined diffs)
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.errors import GitError
from akpatrol.sources.git.runner import GitSilentError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from akpatrol.sources.git.runner import Git, Stream

EVERYTHING = ("--all", "--reflog")
_DIFF = (
    "diff-tree", "--stdin", "--always", "-c", "--raw", "-r", "--root", "-z", "--no-renames", "--no-abbrev",
    "--pretty=tformat:%H",
)  # fmt: skip
_GITLINK = b"160000"
_GIVEN_UP_AFTER = 100
# git goes round for ever in a tree that is said to be its own commit; no honest change takes so long.
_SILENCE_SECONDS = 8


class Commit(NamedTuple):
    """One commit of a walk; ``date`` is its committer date in seconds since 1970."""

    id: str
    date: int
    parents: tuple[str, ...]


class Change(NamedTuple):
    """One path in one commit: the object it holds and those its parents held (all zeros: none).

    ``link`` says that the object is a submodule's commit.
    """

    path: bytes
    new: str
    olds: tuple[str, ...]
    link: bool = False

    @property
    def introduces(self) -> bool:
        """True when no parent holds this object at this path."""
        return not self.link and bool(self.new.strip("0")) and self.new not in self.olds

    @property
    def removes(self) -> bool:
        """True when the path is gone or holds something else."""
        return self.new not in self.olds

    @property
    def adds_path(self) -> bool:
        """True when no parent has the path."""
        return not any(old.strip("0") for old in self.olds)

    @property
    def removes_path(self) -> bool:
        """True when the path is gone."""
        return not self.new.strip("0")


def commits(git: Git, revisions: Sequence[str], tips: Sequence[str] = ()) -> Iterator[Commit]:
    """Yield the commits that ``rev-list`` gives for revisions and tips, children before parents. Raises GitError."""
    lines = [f"{tip}\n".encode() for tip in tips]
    with git.stream(
        "rev-list", "--topo-order", "--parents", "--timestamp", *revisions, "--stdin", stdin=lines
    ) as stream:
        while line := stream.readline():
            date, id_, *parents = line.decode("ascii", "replace").split()
            yield Commit(id_, int(date), tuple(parents))
        stream.finish()


def changes(git: Git, ids: Sequence[str]) -> Iterator[tuple[str, tuple[Change, ...]]]:
    """Yield each of these commits with what it changed, in this order; one that git cannot compare is left out.

    Merges are told as combined diffs: what differs from every parent.
    """
    start = failures = 0
    while start < len(ids) and failures <= _GIVEN_UP_AFTER:
        seen = start
        try:
            lines = (id_.encode() + b"\n" for id_ in islice(ids, start, None))
            with git.stream(*_DIFF, stdin=lines, silence=_SILENCE_SECONDS) as stream:
                for id_, found in _parse(stream):
                    try:
                        seen = ids.index(id_, seen) + 1  # git says nothing of what is not there
                    except ValueError:
                        raise GitError("git diff-tree told of a commit that it was not asked for") from None
                    yield id_, found
                stream.finish()
                return
        except GitSilentError:
            return
        except GitError:
            failures = 0 if seen > start else failures + 1
            start = seen + 1


def tree(git: Git, id_: str) -> list[tuple[str, bytes]]:
    """Return the id and path of everything in a tree. Raises GitError."""
    listing = git.run("ls-tree", "-r", "-t", "-z", "--full-tree", id_)
    entries = (line.partition(b"\t") for line in listing.split(b"\0") if line)
    return [(details.split(b" ")[2].decode("ascii", "replace"), path) for details, _, path in entries]


def _parse(stream: Stream) -> Iterator[tuple[str, tuple[Change, ...]]]:
    header = b""
    found: list[Change] = []
    parts = stream.parts()
    for part in parts:
        part = part.lstrip(b"\n")  # noqa: PLW2901 - the format puts a line end between header and changes
        if part.startswith(b":"):
            found.append(_change(part, next(parts, b"")))
        elif part:
            if header:
                yield header.decode("ascii", "replace"), tuple(found)
            header, found = part, []
    if header:
        yield header.decode("ascii", "replace"), tuple(found)


def _change(raw: bytes, path: bytes) -> Change:
    """Parse ``:<modes> <ids> <status>`` with one colon, old mode and old id a parent."""
    parents = len(raw) - len(raw.lstrip(b":"))
    words = raw[parents:].split(b" ")
    ids = [word.decode("ascii", "replace") for word in words[parents + 1 : 2 * parents + 2]]
    return Change(path, ids[-1], tuple(ids[:-1]), link=words[parents] == _GITLINK)
