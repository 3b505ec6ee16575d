"""Plan the reading of an object database: every object once, in slices."""

from __future__ import annotations

import os
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.errors import GitError
from akpatrol.model.scan import Skipped
from akpatrol.sources.git import alternates
from akpatrol.sources.git.packs import object_directories, pack_file, partition
from akpatrol.sources.git.packs.pack_index import PackIndex
from akpatrol.sources.git.packs.slices import Everything, LooseObjects
from akpatrol.sources.regular_file import problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from mmap import mmap

    from akpatrol.sources.git.packs.slices import Slice
    from akpatrol.sources.git.runner import Git

_ID_BYTES = {b"sha1": 20, b"sha256": 32}
_LISTED_AT_MOST = 3
_LOOSE_IDS = 2000


class Pack(NamedTuple):
    """A pack, open; ``repeated`` has 1 for each object that is read from another place, and is empty when none is."""

    path: bytes
    file: mmap
    idx: PackIndex
    label: str
    repeated: bytes = b""

    def slices(self) -> Iterator[Slice | Skipped]:
        """Yield the pack's slices."""
        if not self.idx.intact:
            yield Skipped(self.label, "wrong index checksum, object ids may be wrong: run git index-pack on it")
        elif not self.idx.is_of(self.file):
            yield Skipped(self.label, "pack is damaged or does not match its index: run git index-pack on it")
        elif self.idx.astray:
            yield Skipped(self.label, "index is damaged, it has no offset of some objects: run git index-pack on it")
        yield from partition.slices(self.path, self.file, self.idx, self.repeated)


class Survey(NamedTuple):
    """The content of an object database; each object is in one pack or one store's loose objects.

    ``state`` is what ``state`` returned; as long as it returns the same, nothing was added or removed.
    """

    id_bytes: int
    packs: tuple[Pack, ...]
    loose: tuple[object_directories.ObjectDirectory, ...]
    skips: tuple[Skipped, ...]
    state: object


def survey(git: Git, arrange: Callable[[Sequence[Pack]], Sequence[Pack]] = lambda packs: packs) -> Survey | None:
    """Return the content; None if a part of it is in an unknown format.

    ``arrange`` returns the packs in the order in which they are read: an object in two packs is read from
    the earlier one.
    """
    try:
        id_bytes = _ID_BYTES[git.object_format()]
        directories, skips = alternates.directories(git)
        opened, stores, broken = _opened(directories, id_bytes)
    except (KeyError, GitError):
        return None
    state_ = _state(stores)
    arranged = arrange(opened)
    repeated = _without_repetition([pack.idx for pack in arranged], stores, id_bytes)
    packs = (
        pack._replace(repeated=bytes(marks) if 1 in marks else b"")
        for pack, marks in zip(arranged, repeated, strict=True)
    )
    return Survey(id_bytes, tuple(packs), tuple(stores), (*skips, *broken), state_)


def state(git: Git, id_bytes: int) -> object:
    """Return the names of all packs and loose objects as one value; None when they cannot be listed."""
    try:
        return _state([object_directories.listed(directory, id_bytes) for directory in alternates.directories(git)[0]])
    except GitError:
        return None


def _state(stores: Iterable[object_directories.ObjectDirectory]) -> object:
    return [(store.directory, store.packs, hash(tuple(sorted(store.loose.items())))) for store in stores]


def plan(git: Git) -> Iterator[Slice | Skipped]:
    """Yield the slices of the object database and its alternates. Does not raise: in doubt git reads everything."""
    surveyed = survey(git)
    if not surveyed:
        yield Everything()
        return
    yield from surveyed.skips
    for pack in surveyed.packs:
        yield from pack.slices()
    for store in surveyed.loose:
        yield from loose(store.directory, store.ids(surveyed.id_bytes, *store.loose))


def loose(directory: bytes, ids: Iterable[str]) -> Iterator[LooseObjects]:
    """Yield slices of the loose objects with these ids."""
    left = iter(ids)
    while some := tuple(islice(left, _LOOSE_IDS)):
        yield LooseObjects(directory, some)


def _opened(
    directories: list[bytes], id_bytes: int
) -> tuple[list[Pack], list[object_directories.ObjectDirectory], list[Skipped]]:
    """Return all packs that can be opened, all loose objects, and a skip for each other pack. Raises GitError."""
    for _ in range(_LISTED_AT_MOST):
        stores = [object_directories.listed(directory, id_bytes) for directory in directories]
        labels = [alternates.label(directories, store.directory) for store in stores]
        named = [(path, label) for store, label in zip(stores, labels, strict=True) for path in sorted(store.packs)]
        try:
            opened = [
                _pack(path, f"{label}/pack/{os.fsdecode(os.path.basename(path))}", id_bytes) for path, label in named
            ]
        except FileNotFoundError:
            continue  # a concurrent git gc put its objects elsewhere
        if all(object_directories.packs(store.directory) == store.packs for store in stores):
            packs = [pack for pack in opened if isinstance(pack, Pack)]
            return packs, stores, [skip for skip in opened if isinstance(skip, Skipped)]
    raise GitError("the object database keeps changing")


def _pack(path: bytes, label: str, id_bytes: int) -> Pack | Skipped:
    """Open a pack. Raises FileNotFoundError if it no longer exists."""
    reading, item = path, label
    try:
        file = pack_file.opened(path)
        reading, item = path.removesuffix(b".pack") + b".idx", label.removesuffix(".pack") + ".idx"
        return Pack(path, file, PackIndex(reading, id_bytes), label)
    except OSError as error:
        if isinstance(error, FileNotFoundError) and not os.path.lexists(reading):
            raise
        return Skipped(item, problem(reading) or error.strerror or "cannot be opened")
    except GitError as error:
        return Skipped(item, f"{error}: none of its objects can be read")


def _without_repetition(
    indexes: list[PackIndex], stores: list[object_directories.ObjectDirectory], id_bytes: int
) -> list[bytearray]:
    """Mark in each pack the objects that an earlier pack has too, and remove repeated ones from the loose objects."""
    if len(indexes) + sum(bool(store.loose) for store in stores) <= 1:
        return [bytearray() for _ in indexes]
    marks = [bytearray(index.number) for index in indexes]
    # By first byte, so that a 256th of all ids is held at a time.
    for byte in range(256):
        known: set[bytes] = set()
        for index, mark in zip(indexes, marks, strict=True):
            first, stop = index.fan_out[byte], index.fan_out[byte + 1]
            ids = index.ids(first, stop)
            if not known.isdisjoint(ids):
                for position, id_ in enumerate(ids, first):
                    mark[position] = id_ in known
            known.update(ids)
        fan = b"%02x" % byte
        for store in stores:
            if joined := store.loose.get(fan):
                ids = [joined[place : place + id_bytes] for place in range(0, len(joined), id_bytes)]
                store.loose[fan] = b"".join([id_ for id_ in ids if id_ not in known])
                known.update(ids)
    return marks
