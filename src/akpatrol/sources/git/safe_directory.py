"""A safe copy of a git directory: links to its content, without the files that git must not open.

The repository is not changed, and the copy holds only links and small files.
"""

from __future__ import annotations

import os
import shutil
from tempfile import mkdtemp
from typing import TYPE_CHECKING, NamedTuple
from weakref import finalize

from akpatrol.sources.git import alternates
from akpatrol.sources.git.obstacles import CONFIGURATIONS, content_of, without_includes

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from akpatrol.sources.git.repository import Repository


class SafeDirectory(NamedTuple):
    """``objects`` says whether it has its own object directories, which git's variables must not override."""

    git_dir: bytes
    common_dir: bytes
    objects: bool


class OwnedDirectory:
    """A temporary directory that is removed when this object is no longer referenced."""

    def __init__(self) -> None:
        self.path = os.fsencode(mkdtemp(prefix="akpatrol-"))
        finalize(self, shutil.rmtree, self.path, ignore_errors=True)


def build(
    place: bytes, repository: Repository, git_dir: bytes, avoided: Collection[bytes], stores: Sequence[bytes]
) -> SafeDirectory:
    """Build it in an empty directory. Raises OSError."""
    common = os.path.join(place, b"common")
    worktrees = os.path.join(repository.common_dir, b"worktrees")
    ours = [worktrees]
    if objects := any(_is_below(path, store) for path in avoided for store in stores):
        ours.append(os.path.join(repository.common_dir, b"objects"))
    _git_directory(repository.common_dir, common, {*avoided, *ours})
    for name in (b"refs", b"objects"):
        os.makedirs(os.path.join(common, name), exist_ok=True)
    if objects:
        _objects(place, os.path.join(common, b"objects"), avoided, stores)
    linked = {os.path.join(worktrees, name): os.path.join(common, b"worktrees", name) for name in _names(worktrees)}
    if git_dir != repository.common_dir:
        linked.setdefault(git_dir, os.path.join(place, b"linked"))
    for source, target in linked.items():
        # Each of them names the common directory itself.
        pointer = b"commondir"
        _git_directory(source, target, {*avoided, os.path.join(source, pointer)})
        _write(os.path.join(target, pointer), common + b"\n")
    return SafeDirectory(linked.get(git_dir, common), common, objects)


def _git_directory(source: bytes, target: bytes, avoided: Collection[bytes]) -> None:
    copied = [name for name in (b"HEAD", *CONFIGURATIONS) if os.path.isfile(os.path.join(source, name))]
    _mirror(source, target, {*avoided, *(os.path.join(source, name) for name in copied)})
    for name in copied:
        path, at = os.path.join(source, name), os.path.join(target, name)
        if path in avoided:
            continue
        if os.path.islink(path) and name == b"HEAD":
            os.symlink(os.readlink(path), at)
        else:
            _write(at, without_includes(content_of(path)))
    if not os.path.lexists(head := os.path.join(target, b"HEAD")):
        # Without one git calls this no repository.
        _write(head, b"ref: refs/akpatrol/none\n")


def _objects(place: bytes, ours: bytes, avoided: Collection[bytes], stores: Sequence[bytes]) -> None:
    others = []
    for number, store in enumerate(stores):
        target = os.path.join(place, b"objects-%d" % number) if number else ours
        _mirror(store, target, {*avoided, os.path.join(store, alternates.FILE)})
        if number:
            others.append(target)
    os.makedirs(os.path.join(ours, b"info"), exist_ok=True)
    _write(os.path.join(ours, alternates.FILE), alternates.written(others))


def _mirror(source: bytes, target: bytes, avoided: Collection[bytes]) -> None:
    """Link to the entries of a directory, and mirror those subdirectories that hold something to avoid."""
    os.makedirs(target, exist_ok=True)
    above = {path for avoided_path in avoided for path in _parents(avoided_path)}
    with os.scandir(source) as entries:
        for entry in entries:
            at = os.path.join(target, entry.name)
            if entry.path in avoided:
                continue
            if entry.path in above and entry.is_dir():
                _mirror(entry.path, at, avoided)
            else:
                os.symlink(entry.path, at)


def _parents(path: bytes) -> set[bytes]:
    parents = set()
    while (parent := os.path.dirname(path)) != path:
        parents.add(path := parent)
    return parents


def _is_below(path: bytes, directory: bytes) -> bool:
    return path.startswith(os.path.join(directory, b""))


def _names(directory: bytes) -> list[bytes]:
    try:
        return [name for name in os.listdir(directory) if os.path.isdir(os.path.join(directory, name))]
    except OSError:
        return []


def _write(path: bytes, content: bytes) -> None:
    with open(path, "xb") as file:
        file.write(content)
