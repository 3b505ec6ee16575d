"""Walk directories on disk: every entry is read, left out by design, or reported as unreadable."""

from __future__ import annotations

import os
import stat
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.model.scan import Excluded, Exclusion, Skipped
from akpatrol.sources.git.repository import at, is_git_dir

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class DirectoryEntry(NamedTuple):
    """A name met on the way, relative to the root; ``readable`` when it is a regular file to open."""

    path: bytes
    readable: bool


class NestedRepository(NamedTuple):
    """A repository whose history is left to ``akpatrol history``; ``path`` is relative to the root."""

    path: bytes


def walk(
    root: bytes, excluded: Callable[[bytes, bool], bool]
) -> Iterator[DirectoryEntry | NestedRepository | Excluded | Skipped]:
    """Yield everything under ``root``, sorted; ``excluded(path, is_directory)`` prunes.

    Nothing but directories is opened, no symbolic link is followed.
    """
    pending = [b""]
    while pending:
        directory = pending.pop()
        entries = _entries(os.path.join(root, directory))
        if isinstance(entries, OSError):
            yield Skipped(os.fsdecode(directory or root), f"directory: {entries.strerror}")
            continue
        if directory and is_git_dir(os.path.join(root, directory), {entry.name for entry in entries}):
            yield NestedRepository(directory)
            yield Excluded(Exclusion.GIT_DIRECTORY)
            continue
        subdirectories: list[bytes] = []
        above = directory + b"/" if directory else b""
        for entry in entries:
            path = above + entry.name
            # A directory that is only called .git is read like any other.
            is_repository = entry.name == b".git" and at(os.path.join(root, directory)) is not None
            if is_repository:
                yield NestedRepository(directory or b".")
            try:
                is_directory = entry.is_dir(follow_symlinks=False)
                if is_directory and is_repository:
                    yield Excluded(Exclusion.GIT_DIRECTORY)
                elif excluded(path, is_directory):
                    yield Excluded(Exclusion.EXCLUDE_OPTION)
                elif entry.is_file(follow_symlinks=False):
                    yield DirectoryEntry(path, readable=True)
                else:
                    yield from _unread(entry, path, subdirectories)
            except OSError as error:  # where the directory listing lacks the types of its entries
                yield Skipped(os.fsdecode(path), error.strerror or "cannot be read")
        pending.extend(reversed(subdirectories))


def _entries(directory: bytes) -> list[os.DirEntry[bytes]] | OSError:
    try:
        with os.scandir(directory) as scanned:
            return sorted(scanned, key=attrgetter("name"))
    except OSError as error:
        return error


def _unread(entry: os.DirEntry[bytes], path: bytes, subdirectories: list[bytes]) -> Iterator[DirectoryEntry | Excluded]:
    if entry.is_dir(follow_symlinks=False):
        subdirectories.append(path)
    else:
        yield Excluded(Exclusion.SYMLINK if entry.is_symlink() else Exclusion.SPECIAL_FILE)
    yield DirectoryEntry(path, readable=False)


def special(mode: int) -> str:
    """Return the name of the type of a file that is neither regular nor a directory."""
    names = [
        (stat.S_ISFIFO, "FIFO"),
        (stat.S_ISSOCK, "socket"),
        (stat.S_ISCHR, "character device"),
        (stat.S_ISBLK, "block device"),
        (stat.S_ISLNK, "symbolic link"),
    ]
    return next((name for test, name in names if test(mode)), "special file")
