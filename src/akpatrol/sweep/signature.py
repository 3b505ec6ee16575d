"""A target's signature: while it is unchanged, a later sweep need not open the target.

Names, types, sizes, times and inodes of all files, as git's own index compares them:
https://git-scm.com/docs/racy-git
"""

from __future__ import annotations

import os
import stat
from hashlib import sha256
from time import time_ns
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.sources.files_cached import SETTLED_NS
from akpatrol.sources.git import repository

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from akpatrol.model.scan import Target

_ALTERNATES_AT_MOST = 64
_ALTERNATES_BYTES = 1 << 20


class TargetSignature(NamedTuple):
    """``signature`` is None for a target that is changing or cannot be listed; ``size`` in bytes, as stored."""

    signature: str | None
    size: int


def look(target: Target, own_files: Collection[bytes] = ()) -> TargetSignature:
    """Return a target's signature now, without the sweep's ``own_files`` files. Does not raise."""
    digest, size, settled, now = sha256(), 0, True, time_ns()
    for line, status in _files(target):
        if line[:-1] in own_files:
            continue
        digest.update(line)
        if status is None:
            settled = False
            continue
        digest.update(b"%d %d %d %d %d\0" % (*_identity(status),))
        if not stat.S_ISDIR(status.st_mode):
            size += status.st_size
            settled &= now - max(status.st_mtime_ns, status.st_ctime_ns) > SETTLED_NS
    return TargetSignature(digest.hexdigest() if settled else None, size)


def _identity(status: os.stat_result) -> tuple[int, int, int, int, int]:
    # A directory's times only change with its names, which are listed anyway.
    if stat.S_ISDIR(status.st_mode):
        return status.st_mode, status.st_ino, 0, 0, 0
    return status.st_mode, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _files(target: Target) -> Iterator[tuple[bytes, os.stat_result | None]]:
    root = os.fsencode(target.root)
    if target.kind == "file":
        yield root + b"\0", _status(root)
    elif target.kind == "directory":
        yield from _below(root, without_git=True)
    elif repo := repository.at(root):
        for directory in dict.fromkeys((repo.common_dir, repo.git_dir)):
            yield from _below(directory, without_git=False)
        for directory in _alternates(repo.common_dir):
            yield from _below(directory, without_git=False)
    else:
        yield root + b"\0", None


def _below(root: bytes, *, without_git: bool) -> Iterator[tuple[bytes, os.stat_result | None]]:
    """Yield each path below a directory with its status, in order; git directories are separate repositories."""
    pending = [root]
    while pending:
        directory = pending.pop()
        try:
            with os.scandir(directory) as scanned:
                entries = sorted(scanned, key=lambda entry: entry.name)
        except OSError:
            yield directory + b"\0", None
            continue
        if without_git and directory != root and repository.is_git_dir(directory, {entry.name for entry in entries}):
            continue
        for entry in entries:
            if without_git and entry.name == b".git" and repository.at(directory):
                continue
            try:
                status = entry.stat(follow_symlinks=False)
            except OSError:
                yield entry.path + b"\0", None
                continue
            yield entry.path + b"\0", status
            if stat.S_ISDIR(status.st_mode):
                pending.append(entry.path)


def _alternates(common_dir: bytes) -> list[bytes]:
    """Return the object directories that a repository borrows from, and those that these borrow from."""
    directories: dict[bytes, None] = {}
    waiting = [os.path.join(common_dir, b"objects")]
    while waiting and len(directories) < _ALTERNATES_AT_MOST:
        directory = waiting.pop()
        try:
            with open(os.path.join(directory, b"info", b"alternates"), "rb") as file:
                lines = file.read(_ALTERNATES_BYTES).splitlines()
        except OSError:
            continue
        for line in lines:
            other = os.path.normpath(os.path.join(directory, line))
            if line and not line.startswith(b"#") and other not in directories:
                directories[other] = None
                waiting.append(other)
    return list(directories)


def _status(path: bytes) -> os.stat_result | None:
    try:
        return os.stat(path)
    except OSError:
        return None
