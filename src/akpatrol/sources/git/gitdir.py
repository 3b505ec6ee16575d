"""The git directory's own files: configuration, hooks, messages, reflogs, local LFS objects.

Objects, packs and the index are left out (they are read as objects), and so are nested repositories (submodules).
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.model.scan import Chunk, Excluded, Exclusion, Place, Skipped
from akpatrol.sources.files import FilesUnit
from akpatrol.sources.git.obstacles import blocks
from akpatrol.sources.walk import DirectoryEntry, NestedRepository, walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.model.batch import ContentBatch
    from akpatrol.sources.base import Item
    from akpatrol.sources.git.repository import Repository

_BATCH = 256
# Also those of linked work trees; a reflog may have the name of an index.
_INDEX = re.compile(rb"(?:worktrees/[^/]+/)?(?:index(?:\.lock)?|sharedindex\.[0-9a-f]+)")
_REFS = re.compile(rb"(?:worktrees/[^/]+/)?(?:logs/)?refs/.*", re.DOTALL)


class GitDirectoryUnit(NamedTuple):
    """Files of a git directory; file names that are ref names are scanned as refs, not here."""

    files: FilesUnit

    @property
    def title(self) -> str:
        """Return its name in messages."""
        return f"git directory: {self.files.title}"

    def read(self) -> Iterator[Item | ContentBatch]:
        """Yield the files' names and contents, all as of the git directory."""
        for item in self.files.read():
            if isinstance(item, Chunk) and item.names:
                names = [name for name in item.data.split(b"\0") if not _REFS.fullmatch(name)]
                origin = item.origin._replace(place=Place.GIT_DIR)
                yield Chunk(origin, b"\0".join(names), names=True)
            else:
                yield item


def units(target: str, repository: Repository, nested: list[bytes]) -> Iterator[GitDirectoryUnit | Skipped | Excluded]:
    """Yield units over the files; nested repositories (absolute paths) are appended to ``nested``."""
    root = repository.common_dir
    files: list[bytes] = []
    names: list[bytes] = []
    for entry in _with_blocking(root, walk(root, _is_object_store)):
        if isinstance(entry, DirectoryEntry):
            (files if entry.readable else names).append(entry.path)
        elif isinstance(entry, NestedRepository):
            nested.append(os.path.join(root, entry.path))
        elif not (isinstance(entry, Excluded) and entry.reason is Exclusion.EXCLUDE_OPTION):
            yield entry
    for start in range(0, len(files), _BATCH):
        batch = tuple(files[start : start + _BATCH])
        yield GitDirectoryUnit(FilesUnit(target, root, batch, () if start else tuple(names), place=Place.GIT_DIR))


def _with_blocking(
    root: bytes, walked: Iterator[DirectoryEntry | NestedRepository | Excluded | Skipped]
) -> Iterator[DirectoryEntry | NestedRepository | Excluded | Skipped]:
    """Yield a skip for each FIFO and device: git did not create it, and it may have replaced a file."""
    left_out: Excluded | None = None
    for entry in walked:
        if isinstance(entry, Excluded) and entry.reason in (Exclusion.SYMLINK, Exclusion.SPECIAL_FILE):
            left_out = entry
            continue
        if left_out and isinstance(entry, DirectoryEntry):
            why = blocks(os.path.join(root, entry.path))
            yield Skipped(os.fsdecode(entry.path), why) if why else left_out
            left_out = None
        yield entry


def _is_object_store(path: bytes, is_directory: bool) -> bool:  # noqa: FBT001 - a callback's signature
    return path == b"objects" if is_directory else bool(_INDEX.fullmatch(path))
