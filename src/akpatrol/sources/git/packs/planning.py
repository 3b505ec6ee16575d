"""What is to be read of an object database: every object once, in slices."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from akpatrol.errors import GitError
from akpatrol.model import Skipped
from akpatrol.sources.git.packs import entries, families, stores
from akpatrol.sources.git.packs.pack_index import PackIndex
from akpatrol.sources.git.packs.slices import Everything, LooseObjects

if TYPE_CHECKING:
    from collections.abc import Iterator
    from mmap import mmap

    from akpatrol.sources.git.packs.slices import Slice
    from akpatrol.sources.git.runner import Git

_ID_BYTES = {b"sha1": 20, b"sha256": 32}
_LISTED_AT_MOST = 3
_LOOSE_IDS = 2000


def plan(git: Git) -> Iterator[Slice | Skipped]:
    """Yield the slices of the object database and its alternates. Does not raise: in doubt git reads everything."""
    try:
        id_bytes = _ID_BYTES[git.run("rev-parse", "--show-object-format").strip()]
        directories, skips = stores.directories(git)
        opened, loose = _opened(directories, id_bytes)
    except (OSError, ValueError, KeyError, GitError):
        yield Everything()
        return
    yield from skips
    repeated = _without_repetition([index for _, _, index in opened], loose, id_bytes)
    for (path, pack, index), marks in zip(opened, repeated, strict=True):
        if not index.intact:
            yield Skipped(
                _shown(path), "its index has a wrong checksum and may name wrong ids: run git index-pack on it"
            )
        yield from families.slices(path, pack, index, bytes(marks))
    for store in loose:
        yield from _loose(store, id_bytes)


def _loose(store: stores.Store, id_bytes: int) -> Iterator[LooseObjects]:
    ids: list[str] = []
    for joined in store.loose.values():
        hexes = joined.hex()
        ids += [hexes[place : place + 2 * id_bytes] for place in range(0, len(hexes), 2 * id_bytes)]
        while len(ids) >= _LOOSE_IDS:
            yield LooseObjects(store.directory, tuple(ids[:_LOOSE_IDS]))
            del ids[:_LOOSE_IDS]
    if ids:
        yield LooseObjects(store.directory, tuple(ids))


_Opened = list[tuple[bytes, "mmap", PackIndex]]


def _opened(directories: list[bytes], id_bytes: int) -> tuple[_Opened, list[stores.Store]]:
    """Return all packs, open, and all loose objects. Raises OSError, and GitError for what is not understood."""
    for _ in range(_LISTED_AT_MOST):
        found = [stores.listed(directory, id_bytes) for directory in directories]
        paths = [path for store in found for path in sorted(store.packs)]
        try:
            opened = [(path, entries.opened(path), _index(path, id_bytes)) for path in paths]
        except FileNotFoundError:
            continue  # a concurrent git gc put its objects elsewhere
        if all(stores.packs(store.directory) == store.packs for store in found):
            return opened, found
    raise GitError("the object database does not keep still")


def _shown(path: bytes) -> str:
    return "objects/pack/" + os.fsdecode(os.path.basename(path))


def _index(path: bytes, id_bytes: int) -> PackIndex:
    return PackIndex(path.removesuffix(b".pack") + b".idx", id_bytes)


def _without_repetition(indexes: list[PackIndex], found: list[stores.Store], id_bytes: int) -> list[bytearray]:
    """Mark in each pack what an earlier one has too, and take out of the loose objects what is met twice."""
    if len(indexes) + sum(bool(store.loose) for store in found) <= 1:
        return [bytearray() for _ in indexes]
    marks = [bytearray(index.number) for index in indexes]
    # By first byte, so that a 256th of all ids is held at a time.
    for byte in range(256):
        known: set[bytes] = set()
        for index, own in zip(indexes, marks, strict=True):
            first, stop = index.fan_out[byte], index.fan_out[byte + 1]
            ids = index.ids(first, stop)
            if not known.isdisjoint(ids):
                for position, id_ in enumerate(ids, first):
                    own[position] = id_ in known
            known.update(ids)
        fan = b"%02x" % byte
        for store in found:
            if joined := store.loose.get(fan):
                ids = [joined[place : place + id_bytes] for place in range(0, len(joined), id_bytes)]
                store.loose[fan] = b"".join([id_ for id_ in ids if id_ not in known])
                known.update(ids)
    return marks
