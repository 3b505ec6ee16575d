"""The parts of a repository that an earlier run read under the same conditions, and the parts this run caches.

A part of the object database is cached when all of it was read: its counts, and the objects to scan again because of
a finding or a skip in them.
"""

from __future__ import annotations

import os
from hashlib import sha256
from typing import TYPE_CHECKING

from akpatrol.errors import GitError
from akpatrol.model.scan import Skipped
from akpatrol.sources.base import RescanUnit
from akpatrol.sources.git import scan_state_json
from akpatrol.sources.git.completeness import Proof
from akpatrol.sources.git.packs import plan
from akpatrol.sources.git.packs.parts import identity, parts
from akpatrol.sources.git.ref_snapshot import RefSnapshot
from akpatrol.sources.git.units import SliceUnit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from akpatrol.cache.scan_cache import ScanCache
    from akpatrol.scan.result import ScanResult
    from akpatrol.sources.base import Planned, Unit
    from akpatrol.sources.git.packs.parts import Part
    from akpatrol.sources.git.packs.plan import Pack, Survey
    from akpatrol.sources.git.runner import Git
    from akpatrol.sources.git.scan_state_json import CachedPart

_REPOSITORY = "repository"
_PART = "part"


class _PartProgress:
    """A part that is being read, in several units; it is complete when all were planned and read."""

    __slots__ = ("has_problem", "pending", "planned", "read")

    def __init__(self) -> None:
        self.pending = 0
        self.planned = self.has_problem = False
        self.read: ScanResult | None = None


class RepositoryCache:
    """Knows the parts of one repository in ``cache``. Use: ``survey``, ``units``, ``record`` for each, ``store``.

    With ``range_bytes``, large packs are read in ranges of this size.
    """

    def __init__(self, git: Git, refs: RefSnapshot, cache: ScanCache, conditions: str, *, range_bytes: int = 0) -> None:
        self._git = git
        self._refs = refs
        self._cache = cache
        self._conditions = conditions
        self._range_bytes = range_bytes
        self._key = sha256(os.path.realpath(git.repository.common_dir)).hexdigest()
        cached = scan_state_json.parse_repository(cache.get(conditions, _REPOSITORY, self._key))
        self.is_cached = cached is not None
        self._before = cached or scan_state_json.CachedRepository()
        self._now = scan_state_json.CachedRepository()
        self._state: object = None
        self._id_bytes = 0
        self._parts: list[tuple[Part, CachedPart | None]] = []
        self._progress: dict[str, _PartProgress] = {}

    def survey(self) -> tuple[Skipped, ...] | None:
        """Survey the repository and return its missing parts; None when a part is not understood."""
        tips = _tips(self._refs)
        identities: dict[bytes, str] = {}

        def arrange(packs: Sequence[Pack]) -> Sequence[Pack]:
            identities.update({pack.path: identity(pack) for pack in packs})
            ranks = {identity: rank for rank, identity in enumerate(self._before.packs)}
            # Of two packs the earlier has the objects of both: a new pack must not take away from one that is known.
            return sorted(
                packs,
                key=lambda pack: (ranks.get(identity := identities[pack.path], len(ranks)), -len(pack.file), identity),
            )

        surveyed = plan.survey(self._git, arrange, range_bytes=self._range_bytes)
        if not surveyed:
            return None
        ordered = tuple(identities[pack.path] for pack in surveyed.packs)
        loose = frozenset(id_ for store in surveyed.loose for id_ in store.ids(surveyed.id_bytes, *store.loose))
        if self._before.tips is not None and not self._all_remain(surveyed, ordered, loose):
            self._before = self._before._replace(tips=None)
        self._now = scan_state_json.CachedRepository(ordered, loose, tips)
        self._state, self._id_bytes = surveyed.state, surveyed.id_bytes
        self._parts = [(part, self._known(part)) for part in parts(surveyed, ordered)]
        return surveyed.skips

    def unread(self) -> int:
        """Return how many objects are to be read."""
        return sum(len(known.rescan) if known else part.number for part, known in self._parts)

    def proof(self) -> Proof | None:
        """Return the tips from which everything is known to exist; None if that is unknown."""
        if self._before.tips is None or self._now.tips is None:
            return None
        return Proof(self._before.tips, self._now.tips - self._before.tips)

    def units(self, target: str) -> Iterator[Planned]:
        """Yield the parts that are not cached; for the others, the cached counts and the objects to scan again."""
        while self._parts:
            part, known = self._parts.pop(0)
            if known:
                yield from known.counts
                rescan = part.some(known.rescan) if known.rescan else ()
                yield from (RescanUnit(SliceUnit(target, self._git, piece), known.rescan) for piece in rescan)
                continue
            progress = self._progress.setdefault(part.key, _PartProgress())
            for piece in part.slices():
                if isinstance(piece, Skipped):
                    progress.has_problem = True
                    yield piece
                else:
                    progress.pending += 1
                    yield SliceUnit(target, self._git, piece, part.key)
            progress.planned = True

    def record(self, unit: Unit, read: ScanResult) -> None:
        """Store a unit's result."""
        if isinstance(unit, SliceUnit) and (progress := self._progress.get(unit.key)):
            progress.pending -= 1
            if progress.read:
                progress.read.merge(read)
            else:
                progress.read = read

    def store(self, *, complete: bool) -> None:
        """Store the parts that were read whole and, if nothing changed meanwhile, that nothing was missing."""
        entry = {
            key: value
            for key, progress in self._progress.items()
            if key and progress.planned and not progress.pending and not progress.has_problem and progress.read
            if (value := scan_state_json.part_value(progress.read))
        }
        self._cache.put(self._conditions, _PART, entry)
        if not self._state:
            return
        now = self._now
        if not complete or (now != self._before and not self._refs_unchanged()):
            now = now._replace(tips=None)
        if not self.is_cached or now != self._before:
            self._cache.put(self._conditions, _REPOSITORY, {self._key: scan_state_json.repository_value(now)})

    def _known(self, part: Part) -> CachedPart | None:
        return scan_state_json.parse_part(self._cache.get(self._conditions, _PART, part.key)) if part.key else None

    def _all_remain(self, survey: Survey, packs: Sequence[str], loose: frozenset[str]) -> bool:
        """Return whether every earlier object still exists, so that everything reached through them does too."""
        if not {*self._before.packs} <= {*packs}:
            return False
        gone = self._before.loose - loose
        return all(any(pack.idx.find(bytes.fromhex(id_)) >= 0 for pack in survey.packs) for id_ in gone)

    def _refs_unchanged(self) -> bool:
        """Return whether the walk saw the planned refs, which may have moved meanwhile."""
        refs = RefSnapshot(self._git, again=True)
        return plan.state(self._git, self._id_bytes) == self._state and _tips(refs) == self._now.tips


def _tips(refs: RefSnapshot) -> frozenset[str] | None:
    try:
        return refs.tips()
    except GitError:
        return None
