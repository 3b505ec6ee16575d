"""The parts that are cached as a whole: a pack, and the loose objects of one fan-out directory.

A part's key is a digest of everything that determines its objects and their bytes.
"""

from __future__ import annotations

import mmap
import os
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.sources.git.packs import delta_chain, plan

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from akpatrol.model.scan import Skipped
    from akpatrol.sources.git.packs.object_slices import Slice
    from akpatrol.sources.git.packs.plan import Pack, Survey

_HASHED_AT_ONCE = 16 << 20  # whole pages


class PackPart(NamedTuple):
    """A pack without the objects that are read from another place."""

    pack: Pack
    key: str

    @property
    def number(self) -> int:
        """How many objects there are."""
        return self.pack.idx.number - self.pack.repeated.count(1)

    def slices(self) -> Iterator[Slice | Skipped]:
        """Yield all its slices."""
        return self.pack.slices()

    def some(self, ids: Iterable[str]) -> Iterator[Slice]:
        """Yield slices with these objects alone."""
        return delta_chain.slices(self.pack, ids)


class LoosePart(NamedTuple):
    """Loose objects; ``key`` is empty when they could not be identified."""

    directory: bytes
    ids: tuple[str, ...]
    key: str

    @property
    def number(self) -> int:
        """How many objects there are."""
        return len(self.ids)

    def slices(self) -> Iterator[Slice | Skipped]:
        """Yield all its slices."""
        return plan.loose(self.directory, self.ids)

    def some(self, ids: Iterable[str]) -> Iterator[Slice]:
        """Yield slices with these objects alone."""
        return plan.loose(self.directory, ids)


Part = PackPart | LoosePart


def identity(pack: Pack) -> str:
    """Return a digest of a pack and its index.

    The whole pack is hashed, which costs a fiftieth of reading its objects. The checksum at its end is not enough: a
    failing disk or a forged pack may not match it.
    """
    digest = sha256(len(pack.file).to_bytes(8, "big"))
    view = memoryview(pack.file)
    for start in range(0, len(view), _HASHED_AT_ONCE):
        part = view[start : start + _HASHED_AT_ONCE]
        digest.update(part)
        # Hashed pages would count as this process's memory.
        pack.file.madvise(mmap.MADV_DONTNEED, start, len(part))
    digest.update(pack.idx.content())
    return digest.hexdigest()


def parts(survey: Survey, identities: Sequence[str]) -> Iterator[Part]:
    """Yield all parts; ``identities`` are those of the survey's packs."""
    for pack, pack_identity in zip(survey.packs, identities, strict=True):
        yield PackPart(pack, sha256(f"{pack_identity} ".encode() + pack.repeated).hexdigest())
    for store in survey.loose:
        for start, joined in store.loose.items():
            if joined:
                ids = tuple(sorted(store.ids(survey.id_bytes, start)))
                yield LoosePart(store.directory, ids, _key(store.directory, ids))


def _key(directory: bytes, ids: Sequence[str]) -> str:
    """Return a digest of loose objects as files, because their contents are not compared with their ids."""
    facts = []
    try:
        for id_ in ids:
            status = os.lstat(os.path.join(directory, id_[:2].encode(), id_[2:].encode()))
            facts.append((id_, status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns))
    except OSError:
        return ""
    return sha256(repr(facts).encode()).hexdigest()
