"""A repository with files in their usual places: git is not needed for its configuration and refs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.sources.git.plain import plain_refs
from akpatrol.sources.git.plain.kept_objects import KeptObjects

if TYPE_CHECKING:
    from collections.abc import Callable

    from akpatrol.sources.git.plain.plain_config import PlainConfig
    from akpatrol.sources.git.plain.plain_refs import PlainRefs

MOST_OBJECTS = 20_000
"""Objects that are kept at most: with more, what git costs is little beside reading them."""


class PlainRepository:
    """The configuration and the refs of a repository, and the objects that are ``kept`` while they are read."""

    def __init__(self, git_dir: bytes, config: PlainConfig, refs: PlainRefs, objects: int) -> None:
        self.config = config
        self.refs = refs
        self.kept = KeptObjects(objects)
        self._git_dir = git_dir
        if objects > MOST_OBJECTS:
            self.kept.give_up()

    @property
    def head(self) -> str:
        """The commit that HEAD names, "" if its branch has none."""
        return self.refs.head

    def refs_now(self) -> PlainRefs | None:
        """Read the refs again; None if git should."""
        return _refs(self._git_dir, self.config.id_bytes)


def read_refs(git_dir: bytes, id_bytes: int, exists: Callable[[bytes], bool]) -> PlainRefs | None:
    """Read the refs; None if git should, or if they name objects that do not exist."""
    refs = _refs(git_dir, id_bytes)
    named = {*(id_ for id_, _ in refs.listing), *filter(None, [refs.head])} if refs else ()
    return refs if all(exists(bytes.fromhex(id_)) for id_ in named) else None


def _refs(git_dir: bytes, id_bytes: int) -> PlainRefs | None:
    try:
        return plain_refs.read(git_dir, id_bytes)
    except OSError:
        return None
