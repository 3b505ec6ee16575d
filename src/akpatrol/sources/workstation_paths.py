"""Find the files of a path of the table in a home directory; no link that leads out of the home is followed.

A link inside the home is common where dotfiles are kept in a repository, so a path of the table may lead through one.
Links met below a directory that the table names are left out, as in every walk.
"""

from __future__ import annotations

import os
import stat
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from akpatrol.model.scan import Excluded, Exclusion, Skipped
from akpatrol.sources.walk import DirectoryEntry, NestedRepository, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Excluder = Callable[[bytes, bool], bool]
    Found = bytes | NestedRepository | Excluded | Skipped

_ALL: Final = b"**"
_LEADS_OUT: Final = "a symbolic link out of the home directory, which is not followed: scan what it leads to"


def files(home: bytes, path: bytes, excluded: Excluder) -> Iterator[Found]:
    """Yield the files that ``path`` matches below ``home``, which is free of links, relative to it.

    Yield also what was left out, could not be read, or is a repository. What does not exist yields nothing.
    """
    yield from _matching(home, b"", path.split(b"/"), excluded)


def _matching(home: bytes, directory: bytes, names: list[bytes], excluded: Excluder) -> Iterator[Found]:
    name, *rest = names
    if name == _ALL:
        yield from _everything(home, directory, excluded)
    elif b"*" in name or b"?" in name or b"[" in name:
        yield from _by_pattern(home, directory, names, excluded)
    else:
        yield from _entered(home, os.path.join(directory, name), rest, excluded)


def _by_pattern(home: bytes, directory: bytes, names: list[bytes], excluded: Excluder) -> Iterator[Found]:
    pattern, *rest = names
    try:
        found = sorted(os.listdir(os.path.join(home, directory)))
    except OSError as error:
        yield from _problem(directory or home, error)
        return
    for name in found:
        if fnmatchcase(name, pattern):
            yield from _entered(home, os.path.join(directory, name), rest, excluded)


def _entered(home: bytes, path: bytes, names: list[bytes], excluded: Excluder) -> Iterator[Found]:
    """Yield the file at ``path``, or what the further names match below it."""
    absolute = os.path.join(home, path)
    try:
        mode = os.lstat(absolute).st_mode
        if stat.S_ISLNK(mode):
            absolute = os.path.realpath(absolute)
            mode = os.stat(absolute).st_mode
            if not absolute.startswith(home.rstrip(b"/") + b"/"):
                yield Skipped(os.fsdecode(path), _LEADS_OUT)
                return
            path = os.path.relpath(absolute, home)
    except OSError as error:
        yield from _problem(path, error)
        return
    if stat.S_ISDIR(mode):
        if names:
            yield from _matching(home, path, names, excluded)
    elif names:
        return  # a file where the table has a directory
    elif excluded(path, False):  # noqa: FBT003 - a callable's argument
        yield Excluded(Exclusion.EXCLUDE_OPTION)
    elif stat.S_ISREG(mode):
        yield path
    else:
        yield Excluded(Exclusion.SPECIAL_FILE)


def _everything(home: bytes, directory: bytes, excluded: Excluder) -> Iterator[Found]:
    def below(path: bytes) -> bytes:
        return os.path.normpath(os.path.join(directory, path))

    if excluded(directory, True):  # noqa: FBT003 - a callable's argument
        yield Excluded(Exclusion.EXCLUDE_OPTION)
        return
    root = os.path.join(home, directory)
    for entry in walk(root, lambda path, is_directory: excluded(below(path), is_directory)):
        if isinstance(entry, DirectoryEntry):
            if entry.readable:
                yield below(entry.path)
        elif isinstance(entry, NestedRepository):
            yield NestedRepository(below(entry.path))
        elif isinstance(entry, Skipped):
            item = os.fsencode(entry.item)
            yield entry._replace(item=os.fsdecode(directory if item == root else below(item)))
        else:
            yield entry


def _problem(path: bytes, error: OSError) -> Iterator[Skipped]:
    """Yield a skip, unless the path does not exist."""
    if not isinstance(error, FileNotFoundError | NotADirectoryError):
        yield Skipped(os.fsdecode(path), error.strerror or "cannot be read")
