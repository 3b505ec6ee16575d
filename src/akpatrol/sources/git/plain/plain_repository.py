"""A small repository that needs no git: files in their usual places, and nothing broken, borrowed or left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.sources.git.plain import plain_refs
from akpatrol.sources.git.plain.kept_objects import KeptObjects

if TYPE_CHECKING:
    from akpatrol.sources.git.plain.plain_config import PlainConfig
    from akpatrol.sources.git.plain.plain_refs import PlainRefs


class PlainRepository:
    """The configuration and the refs of a repository, and the objects that are ``kept`` while they are read."""

    def __init__(self, config: PlainConfig, refs: PlainRefs, objects: int) -> None:
        self.config = config
        self.refs = refs
        self.kept = KeptObjects(objects)

    @property
    def head(self) -> str:
        """The commit that HEAD names, "" if its branch has none."""
        return self.refs.head


def read_refs(git_dir: bytes, id_bytes: int, ids: set[bytes]) -> PlainRefs | None:
    """Read the refs; None if git should, or if they name objects that do not exist."""
    try:
        refs = plain_refs.read(git_dir, id_bytes)
    except OSError:
        return None
    named = [*(id_ for id_, _ in refs.listing), *filter(None, [refs.head])] if refs else []
    return refs if all(bytes.fromhex(id_) in ids for id_ in named) else None
