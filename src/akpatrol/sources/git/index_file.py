"""Check that the index is as git wrote it: git itself does not verify its checksum.

https://git-scm.com/docs/gitformat-index
"""

from __future__ import annotations

import hashlib
import os
import stat
from threading import Thread
from typing import TYPE_CHECKING

from akpatrol.errors import GitError
from akpatrol.model.scan import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.sources.git.runner import Git

_HASHES = (("sha1", 20), ("sha256", 32))
_SHARED = b"sharedindex."
# An extension's name and the size of its content, which begins with the shared index's id.
_LINK, _SIZE_BYTES = b"link", 4
_REMEDY = "remove it and run git reset, then git add again"


class IndexCheck:
    """Checks the index while git reads it. Raises GitError for an index that would block git."""

    def __init__(self, git: Git) -> None:
        self._directory = git.repository.git_dir
        self._path = location(git)
        refuse_special(git)
        self._skips: tuple[Skipped, ...] = (Skipped("index", "its checksum could not be computed"),)
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def skips(self) -> tuple[Skipped, ...]:
        """Return skips for problems with it and with the shared index that it is split from."""
        self._thread.join()
        return self._skips

    def _run(self) -> None:
        try:
            self._skips = find_problems(self._directory, self._path)
        except MemoryError:
            return  # as it was before


def find_problems(directory: bytes, path: bytes, inside: str = "") -> tuple[Skipped, ...]:
    """Return skips for an index that is not intact, and for shared indexes of its git directory that it needs.

    ``inside`` names the git directory, in front of a file's name.
    """
    try:
        return tuple(_find_problems(directory, path, inside))
    except OSError as error:
        return (Skipped(f"{inside}index", error.strerror or "cannot be read"),)


def location(git: Git) -> bytes:
    """Return the file that git reads as the index."""
    return os.fsencode(git.variable("GIT_INDEX_FILE")) or os.path.join(git.repository.git_dir, b"index")


def refuse_special(git: Git) -> None:
    """Raise GitError for an index that is not a regular file: git would block on a FIFO."""
    try:
        mode = os.stat(location(git)).st_mode
    except OSError:
        return  # git says what is wrong, and that there is none is no fault
    if not stat.S_ISREG(mode):
        raise GitError(f"{os.fsdecode(location(git))} is not a regular file")


def _find_problems(directory: bytes, path: bytes, inside: str) -> Iterator[Skipped]:
    try:
        content = _read(path)
    except FileNotFoundError:
        return  # there is none before the first git add
    if not is_intact(content):
        yield Skipped(f"{inside}index", f"wrong checksum, entries may be lost: {_REMEDY}")
    for name in _shared(directory, content):
        if not is_intact(_read(os.path.join(directory, name))):
            yield Skipped(inside + os.fsdecode(name), f"wrong checksum, entries may be lost: {_REMEDY}")


def _read(path: bytes) -> bytes:
    # Not to wait for a FIFO that has come there meanwhile.
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as stream:
        return stream.read()


def is_intact(content: bytes) -> bool:
    """Return whether the trailing checksum matches the content, or is zeros, as ``index.skipHash`` writes it."""
    body = memoryview(content)
    for algorithm, size in _HASHES:
        # That one of the two fits by chance is out of the question.
        if len(content) > size and content[-size:] in (
            bytes(size),
            hashlib.new(algorithm, body[:-size], usedforsecurity=False).digest(),
        ):
            return True
    return False


def _shared(directory: bytes, content: bytes) -> Iterator[bytes]:
    """Yield the names of the shared indexes that a split index is based on."""
    if _LINK not in content:
        return
    for name in os.listdir(directory):
        if name.startswith(_SHARED):
            try:
                id_ = bytes.fromhex(name.removeprefix(_SHARED).decode())
            except ValueError:
                continue
            place = content.find(id_)
            if content[max(0, place - _SIZE_BYTES - len(_LINK)) : max(0, place - _SIZE_BYTES)] == _LINK:
                yield name
