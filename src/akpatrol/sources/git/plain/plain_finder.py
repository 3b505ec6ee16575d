"""Find out whether the configuration and the refs of a repository can be read without git."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from akpatrol.errors import GitError
from akpatrol.gitdata.entries import header
from akpatrol.gitdata.inflate import BrokenObjectError
from akpatrol.gitdata.raw_object import OFS_DELTA, REF_DELTA, TYPES
from akpatrol.sources.git.obstacles import content_of
from akpatrol.sources.git.packs import delta_chain, plan
from akpatrol.sources.git.packs.loose import Loose
from akpatrol.sources.git.plain import plain_config
from akpatrol.sources.git.plain.plain_repository import MOST_OBJECTS, PlainRepository, read_refs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from akpatrol.sources.git.packs.object_directories import ObjectDirectory
    from akpatrol.sources.git.packs.plan import OpenedStores, Pack
    from akpatrol.sources.git.runner import Git

# A part of a git directory that changes what its refs, objects or settings mean.
_UNUSUAL = (b"worktrees", b"reftable", b"shallow", b"config.worktree", b"commondir")


def found(git: Git) -> PlainRepository | None:
    """Return the repository, None if git is needed for something."""
    git_dir = git.repository.common_dir
    if git.git_dir != git_dir or any(os.path.lexists(os.path.join(git_dir, name)) for name in _UNUSUAL):
        return None
    try:
        config = plain_config.parse(content_of(os.path.join(git_dir, b"config")))
        if not config or git.has_safe_copy() or git.obstacles():
            return None
        stores = plan.opened_ahead(git, config.id_bytes)
    except (GitError, OSError):
        return None
    if not stores or not all(_is_sound(pack) for pack in stores.packs):
        return None
    objects = _Objects(stores, config.id_bytes)
    refs = read_refs(git_dir, config.id_bytes, objects.__contains__)
    if not refs or (refs.head and not _is_commit(stores, refs.head)):
        return None
    return PlainRepository(git_dir, config, refs, objects.number())


class _Objects:
    """The ids of all objects."""

    def __init__(self, stores: OpenedStores, id_bytes: int) -> None:
        self._packs = stores.packs
        joined = (joined for store in stores.directories for joined in store.loose.values())
        self._loose = {ids[place : place + id_bytes] for ids in joined for place in range(0, len(ids), id_bytes)}

    def __contains__(self, id_: bytes) -> bool:
        return id_ in self._loose or any(pack.idx.find(id_) >= 0 for pack in self._packs)

    def number(self) -> int:
        """Return how many there are; if there are too many to keep, those that are in two packs count twice."""
        number = len(self._loose) + sum(pack.idx.number for pack in self._packs)
        if number > MOST_OBJECTS:
            return number
        return len(self._loose.union(*(pack.idx.ids(0, pack.idx.number) for pack in self._packs)))


def _is_sound(pack: Pack) -> bool:
    return pack.idx.intact and not pack.idx.astray and pack.idx.is_of(pack.file)


def _is_commit(stores: OpenedStores, id_: str) -> bool:
    for pack in stores.packs:
        if (position := pack.idx.find(bytes.fromhex(id_))) >= 0:
            return _type(pack, pack.idx.offsets[position]) == "commit"
    return any(item.type == "commit" for item in _loose(stores.directories, id_))


def _loose(directories: Iterable[ObjectDirectory], id_: str) -> Loose | tuple[()]:
    for store in directories:
        if os.path.isfile(os.path.join(store.directory, id_[:2].encode(), id_[2:].encode())):
            return Loose(store.directory, [id_])
    return ()


def _type(pack: Pack, offset: int) -> str:
    """Return the type of the object at an offset, "" if that is unclear."""
    seen = set()
    with suppress(BrokenObjectError):
        while offset not in seen:
            seen.add(offset)
            fields = header(pack.file, offset, pack.idx.id_bytes)
            if fields[0] not in (OFS_DELTA, REF_DELTA):
                return TYPES[fields[0]]
            offset = delta_chain.base_offset(pack, offset, fields)
    return ""
