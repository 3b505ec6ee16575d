"""Plan the reading of an object database: every object once, in slices."""

from __future__ import annotations

import os
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakKeyDictionary

from akpatrol.errors import GitError
from akpatrol.model.scan import Skipped
from akpatrol.sources.git import alternates
from akpatrol.sources.git.packs import object_directories, pack_file, partition
from akpatrol.sources.git.packs.object_slices import Everything, LooseObjects, PackRange
from akpatrol.sources.git.packs.pack_index import PackIndex
from akpatrol.sources.regular_file import problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from mmap import mmap

    from akpatrol.sources.git.packs.object_slices import Slice
    from akpatrol.sources.git.runner import Git

_ID_BYTES = {b"sha1": 20, b"sha256": 32}
_LISTED_AT_MOST = 3
_LOOSE_IDS = 2000


class Pack(NamedTuple):
    """A pack, open; ``repeated`` has 1 for each object that is read from another place, and is empty when none is.

    ``order`` has all packs in the order in which they are read, and ``range_bytes`` is the size of the ranges that this
    one is read in if it is larger than two of them, 0 for none.
    """

    path: bytes
    file: mmap
    idx: PackIndex
    label: str
    repeated: bytes = b""
    order: tuple[bytes, ...] = ()
    range_bytes: int = 0

    def slices(self) -> Iterator[Slice | Skipped]:
        """Yield the pack's slices."""
        if not self.idx.intact:
            yield Skipped(self.label, "wrong index checksum, object ids may be wrong: run git index-pack on it")
        elif not self.idx.is_of(self.file):
            yield Skipped(self.label, "pack is damaged or does not match its index: run git index-pack on it")
        elif self.idx.astray:
            yield Skipped(self.label, "index is damaged, it has no offset of some objects: run git index-pack on it")
        if self.range_bytes and len(self.file) > 2 * self.range_bytes:
            for start in range(0, len(self.file), self.range_bytes):
                yield PackRange(self.path, self.order, start, start + self.range_bytes)
        else:
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


def survey(
    git: Git, arrange: Callable[[Sequence[Pack]], Sequence[Pack]] = lambda packs: packs, *, range_bytes: int = 0
) -> Survey | None:
    """Return the content; None if a part of it is in an unknown format.

    ``arrange`` returns the packs in the order in which they are read: an object in two packs is read from
    the earlier one. With ``range_bytes``, large packs are read in ranges, which are small when they are sent.
    """
    try:
        id_bytes = _ID_BYTES[git.object_format()]
        directories, skips = alternates.directories(git)
        found = _AHEAD.pop(git, None) or _opened(directories, id_bytes)
    except (KeyError, GitError):
        return None
    stores = found.directories
    state_ = _state(stores)
    arranged = arrange(found.packs)
    repeated = _without_repetition([pack.idx for pack in arranged], stores, id_bytes)
    order = tuple(pack.path for pack in arranged)
    packs = (
        pack._replace(repeated=bytes(marks) if 1 in marks else b"", order=order, range_bytes=range_bytes)
        for pack, marks in zip(arranged, repeated, strict=True)
    )
    return Survey(id_bytes, tuple(packs), tuple(stores), (*skips, *found.broken), state_)


def state(git: Git, id_bytes: int) -> object:
    """Return the names of all packs and loose objects as one value; None when they cannot be listed."""
    try:
        return _state([object_directories.listed(directory, id_bytes) for directory in alternates.directories(git)[0]])
    except GitError:
        return None


def _state(stores: Iterable[object_directories.ObjectDirectory]) -> object:
    return [(store.directory, store.packs, hash(tuple(sorted(store.loose.items())))) for store in stores]


def plan(git: Git, *, range_bytes: int = 0) -> Iterator[Slice | Skipped]:
    """Yield the slices of the object database and its alternates. Does not raise: in doubt git reads everything."""
    surveyed = survey(git, range_bytes=range_bytes)
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


class OpenedStores(NamedTuple):
    """All packs that can be opened, all loose objects, and a skip for each other pack."""

    packs: list[Pack]
    directories: list[object_directories.ObjectDirectory]
    broken: list[Skipped]


# What was opened for a git before its survey.
_AHEAD: WeakKeyDictionary[Git, OpenedStores] = WeakKeyDictionary()


def opened_ahead(git: Git, id_bytes: int) -> OpenedStores | None:
    """Open the packs and list the loose objects, and keep them for the next survey.

    Returns None where something cannot be opened. Raises GitError.
    """
    directories, skips = alternates.directories(git)
    if skips:
        return None
    stores = _opened(directories, id_bytes)
    if stores.broken:
        return None
    _AHEAD[git] = stores
    return stores


def _opened(directories: list[bytes], id_bytes: int) -> OpenedStores:
    """Open the packs and list the loose objects. Raises GitError."""
    for _ in range(_LISTED_AT_MOST):
        stores = [object_directories.listed(directory, id_bytes) for directory in directories]
        labels = [alternates.label(directories, store.directory) for store in stores]
        named = [(path, label) for store, label in zip(stores, labels, strict=True) for path in sorted(store.packs)]
        try:
            packs = [
                _pack(path, f"{label}/pack/{os.fsdecode(os.path.basename(path))}", id_bytes) for path, label in named
            ]
        except FileNotFoundError:
            continue  # a concurrent git gc put its objects elsewhere
        if all(object_directories.packs(store.directory) == store.packs for store in stores):
            broken = [skip for skip in packs if isinstance(skip, Skipped)]
            return OpenedStores([pack for pack in packs if isinstance(pack, Pack)], stores, broken)
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
