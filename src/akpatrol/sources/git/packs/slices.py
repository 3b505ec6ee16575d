"""Read the slices of an object database, in any process."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from akpatrol.gitdata.inflate import BrokenObjectError
from akpatrol.gitdata.raw_object import HUGE_BYTES, RawBatch, RawObject
from akpatrol.gitdata.rebuild import Rebuild
from akpatrol.model.scan import Skipped, Uncacheable
from akpatrol.sources.git import catfile
from akpatrol.sources.git.packs import fallback, pack_file
from akpatrol.sources.git.packs.loose import Loose
from akpatrol.sources.git.packs.object_slices import Everything, LooseObjects, PackRange

if TYPE_CHECKING:
    import mmap
    from collections.abc import Iterator

    from akpatrol.gitdata.entries import Entries
    from akpatrol.sources.git.packs.object_slices import Slice
    from akpatrol.sources.git.runner import Git


def read(part: Slice, git: Git) -> Iterator[RawObject | RawBatch | Skipped]:
    """Yield the objects of a slice, small ones in batches.

    An unreadable one is read through git, or is a skip when git fails too.
    """
    if isinstance(part, Everything):
        yield from _everything(git)
    elif isinstance(part, PackRange):
        from akpatrol.sources.git.packs import ranges  # noqa: PLC0415 - of a large pack, in a sweep

        for piece in ranges.slices(part, git):
            yield from (piece,) if isinstance(piece, Skipped) else _packed(piece, git)
    elif isinstance(part, LooseObjects):
        loose = Loose(part.directory, part.ids)
        yield from loose
        yield from _elsewhere(git, loose.left())
    else:
        yield from _packed(part, git)


def _packed(part: Entries, git: Git) -> Iterator[RawObject | RawBatch | Skipped]:
    try:
        pack = _pack(part.pack)
    except (OSError, ValueError, BrokenObjectError):
        # The file may be gone: git searches for the objects by itself.
        width = 2 * part.id_bytes
        hexes = part.ids.hex()
        ids = [hexes[place : place + width] for place in range(0, len(hexes), width)]
        yield from _elsewhere(git, [id_ for id_, silent in zip(ids, part.silent, strict=True) if not silent])
        return
    rebuild = Rebuild(part, memoryview(pack))
    yield from rebuild
    yield from _elsewhere(git, rebuild.left())


def _elsewhere(git: Git, ids: list[str]) -> Iterator[RawObject | Skipped]:
    """Yield objects through git, which may read them from a place that is gone in the next run."""
    for item in fallback.read(git, ids):
        yield item
        if isinstance(item, RawObject):
            # git applies deltas of huge objects. For any other object this place is broken, so nothing here is cached.
            huge = item.size > HUGE_BYTES
            yield Uncacheable(item.id if huge else "objects", "read through git")


@lru_cache(maxsize=4)
def _pack(path: bytes) -> mmap.mmap:
    return pack_file.opened(path)


def _everything(git: Git) -> Iterator[RawObject | Skipped]:
    for item in catfile.all_objects(git):
        yield item if isinstance(item, Skipped) else RawObject(item.id, item.type, item.size, None, item.read)
