"""Find out whether a repository can be read without git."""

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
from akpatrol.sources.git.plain.plain_repository import PlainRepository, read_refs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from akpatrol.sources.git.packs.object_directories import ObjectDirectory
    from akpatrol.sources.git.packs.plan import OpenedStores, Pack
    from akpatrol.sources.git.runner import Git

# With more objects, what git costs is little beside reading them.
_MOST_OBJECTS = 20_000
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
        stores = plan.opened_ahead(git, config.id_bytes, _MOST_OBJECTS)
    except (GitError, OSError):
        return None
    ids = _ids(stores, config.id_bytes) if stores else None
    refs = read_refs(git_dir, config.id_bytes, ids) if ids is not None else None
    if not stores or ids is None or not refs or (refs.head and not _is_commit(stores, refs.head)):
        return None
    return PlainRepository(config, refs, len(ids))


def _ids(stores: OpenedStores, id_bytes: int) -> set[bytes] | None:
    """Return the ids of all objects, None if an index is not right."""
    ids: set[bytes] = set()
    for pack in stores.packs:
        if not pack.idx.intact or pack.idx.astray or not pack.idx.is_of(pack.file):
            return None
        ids.update(pack.idx.ids(0, pack.idx.number))
    for store in stores.directories:
        for joined in store.loose.values():
            ids.update(joined[place : place + id_bytes] for place in range(0, len(joined), id_bytes))
    return ids


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
