"""Objects through ``git cat-file``: the reference reader.

Each object is ``<id> SP <type> SP <size> LF <content> LF``, or ``<id> SP missing``: https://git-scm.com/docs/git-cat-file.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, TypeVar
from zlib import crc32

from akpatrol.errors import GitError
from akpatrol.model.scan import Skipped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from akpatrol.sources.git.runner import Git
    from akpatrol.sources.git.stream import Stream

_Answer = TypeVar("_Answer")
_ALL = ("cat-file", "--batch-all-objects", "--unordered", "--buffer")
_TYPES = {"blob", "tree", "commit", "tag"}
_MOST_FAILURES = 1000
_MOST_ERRORS = 20
_FEW = 2000  # objects that one git is asked for, one by one
# git's word for an object that a partial clone left out and must not be fetched.
_PROMISED = "from promisor remote"
ABSENT = "not in this partial clone: run git fetch --refetch without a filter, or check out the commit that has it"


class GitObject(NamedTuple):
    """One object; ``size`` in bytes. ``read(n)`` returns its content in order, until the next object is requested."""

    id: str
    type: str
    size: int
    read: Callable[[int], bytes]


def all_objects(git: Git) -> Iterator[GitObject | Skipped]:
    """Yield every object of the object database and its alternates, reachable or not, each once."""
    done, skips = _Progress(), 0
    try:
        for item in _batch(git, (*_ALL, "--batch"), None, done):
            skips += isinstance(item, Skipped)
            yield item
    except GitError as error:
        # git dies on the first object it cannot unpack. The listing has the same order: continue after that one.
        yield from _remaining(git, done, str(error))
        return
    # If git cannot open a pack or an alternate, its objects are missing, yet git exits with 0.
    for error_line in () if skips else done.errors:
        yield Skipped("object database", error_line)


def objects(git: Git, ids: Sequence[str]) -> Iterator[GitObject | Skipped]:
    """Yield the objects with these ids in this order; one that git cannot read is a skip."""
    start = failures = 0
    while start < len(ids):
        done = _Progress()
        try:
            yield from _batch(git, ("cat-file", "--batch", "--buffer"), islice(ids, start, None), done)
        except GitError as error:
            failures = 0 if done.complete else failures + 1
            start += done.complete
            if failures > _MOST_FAILURES:
                yield Skipped(f"{len(ids) - start} objects", f"git failed: {error}")
                return
            if start < len(ids):
                yield Skipped(ids[start], ABSENT if _PROMISED in str(error) else f"corrupt object: {error}")
            start += 1
        else:
            return


def contents(git: Git, ids: Sequence[str]) -> dict[str, tuple[str, bytes]]:
    """Return type and whole content of each readable object; for the few that hold findings."""
    if git.plain and git.plain.kept.is_complete and git.plain.kept.texts.keys() >= {*ids}:
        return {id_: git.plain.kept.texts[id_] for id_ in ids}
    known = _answers(git, b"contents", list(map(str.encode, ids)), _readable) if ids else []
    if known is not None:
        return {item.id: (item.type, data) for item, data in filter(None, known)}
    readable: dict[str, tuple[str, bytes]] = {}
    for item in objects(git, ids):
        if isinstance(item, GitObject) and len(data := item.read(item.size)) == item.size:
            readable[item.id] = item.type, data
    return readable


def types(git: Git, ids: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield each id with its object's type, "" for an object that git cannot read. Raises GitError."""
    if not ids:
        return
    if (lines := infos(git, list(map(str.encode, ids)))) is not None:
        yield from map(_type, lines)
        return
    with git.stream("cat-file", "--batch-check", "--buffer", stdin=(f"{id_}\n".encode() for id_ in ids)) as stream:
        yield from map(_type, iter(stream.readline, b""))
        stream.finish()


def infos(git: Git, names: Sequence[bytes]) -> list[bytes] | None:
    """Return git's line for each name: id, type and size, or the name and "missing"; None where they are many."""
    return None if len(names) > _FEW else _answers(git, b"info", names, lambda _, line: line)


def all_ids(git: Git) -> list[str]:
    """Return the id of every object, in the order of ``all_objects``. Raises GitError."""
    # With this format git opens no pack; any other field would fail at the first broken one.
    with git.stream(*_ALL, "--batch-check=%(objectname)") as stream:
        ids = [line.decode("ascii", "replace") for line in stream.parts(b"\n")]
        stream.finish()
    return ids


def all_types(git: Git) -> Iterator[tuple[str, str]]:
    """Yield the id of every object with its type; some occur twice if a pack is broken. Raises GitError."""
    try:
        with git.stream(*_ALL, "--batch-check") as stream:
            yield from map(_type, stream.parts(b"\n"))
            stream.finish()
    except GitError:  # git stops at the first object that it cannot read
        yield from types(git, all_ids(git))


class _Progress:
    """The progress of one git: the number of ``complete`` objects, a checksum of their ids, and its error output."""

    def __init__(self) -> None:
        self.complete = 0
        self.checksum = 0
        self.errors: tuple[str, ...] = ()


def _batch(
    git: Git, arguments: tuple[str, ...], ids: Iterable[str] | None, done: _Progress
) -> Iterator[GitObject | Skipped]:
    """Yield what git answers. Raises GitError when it ends early: the last object is then not whole."""
    lines = None if ids is None else (id_.encode() + b"\n" for id_ in ids)
    with git.stream(*arguments, stdin=lines) as stream:
        while header := stream.readline():
            yield from _object(stream, header)
            done.complete += 1
            done.checksum = crc32(header.split()[0], done.checksum)
        stream.finish()
        done.errors = stream.errors()[:_MOST_ERRORS]


def _remaining(git: Git, done: _Progress, error_line: str) -> Iterator[GitObject | Skipped]:
    """Yield the objects that ``all_objects`` did not, one by one; all of them when the order has changed."""
    try:
        ids = all_ids(git)
    except GitError:
        ids = []
    if not ids:
        yield Skipped("object database", error_line)
        return
    same = crc32("".join(ids[: done.complete]).encode()) == done.checksum
    yield from objects(git, ids[done.complete :] if same else ids)


def _answers(
    git: Git, command: bytes, names: Sequence[bytes], parse: Callable[[Stream, bytes], _Answer]
) -> list[_Answer] | None:
    from akpatrol.sources.git import catfile_session  # noqa: PLC0415 - a clean commit asks nothing

    return catfile_session.answers(git, command, names, parse)


def _type(line: bytes) -> tuple[str, str]:
    id_, type_ = line.decode("ascii", "replace").split()[:2]
    return id_, type_ if type_ in _TYPES else ""


def _readable(stream: Stream, header: bytes) -> tuple[GitObject, bytes] | None:
    found = None
    for item in _object(stream, header):
        if isinstance(item, GitObject):
            found = item, item.read(item.size)
    return found


def _object(stream: Stream, header: bytes) -> Iterator[GitObject | Skipped]:
    id_, _, details = header.decode("ascii", "replace").rstrip("\n").partition(" ")
    kind, _, size = details.partition(" ")
    if not size.isdigit():
        yield Skipped(id_, "git cannot read this object: it is missing or corrupt")
        return
    left = int(size)

    def read(number: int) -> bytes:
        nonlocal left
        data = stream.read(min(number, left))
        left -= len(data)
        return data

    yield GitObject(id_, kind, left, read)
    while left:
        if not read(min(left, 1 << 20)):
            stream.finish()
            raise GitError("object content is cut short")
    stream.read(1)
