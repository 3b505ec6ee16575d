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
from akpatrol.sources.git import refs, scan_state_json
from akpatrol.sources.git.completeness import Proof
from akpatrol.sources.git.packs import plan
from akpatrol.sources.git.packs.parts import identity, parts
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

    __slots__ = ("ahead", "planned", "read", "spoiled")

    def __init__(self) -> None:
        self.ahead = 0
        self.planned = self.spoiled = False
        self.read: ScanResult | None = None


class Memory:
    """Knows the parts of one repository in ``cache``. Use: ``survey``, ``units``, ``note`` for each, ``remember``."""

    def __init__(self, git: Git, cache: ScanCache, conditions: str) -> None:
        self._git = git
        self._cache = cache
        self._conditions = conditions
        self._key = sha256(os.path.realpath(git.repository.common_dir)).hexdigest()
        cached = scan_state_json.before(cache.get(conditions, _REPOSITORY, self._key))
        self.met = cached is not None
        self._before = cached or scan_state_json.CachedRepository()
        self._now = scan_state_json.CachedRepository()
        self._state: object = None
        self._id_bytes = 0
        self._parts: list[tuple[Part, CachedPart | None]] = []
        self._readings: dict[str, _PartProgress] = {}

    def survey(self) -> tuple[Skipped, ...] | None:
        """Survey the repository and return its missing parts; None when a part is not understood."""
        tips = self._tips()
        identities: dict[bytes, str] = {}

        def arrange(packs: Sequence[Pack]) -> Sequence[Pack]:
            identities.update({pack.path: identity(pack) for pack in packs})
            ranks = {identity: rank for rank, identity in enumerate(self._before.packs)}
            # Of two packs the earlier has the objects of both: a new pack must not take away from one that is known.
            return sorted(
                packs,
                key=lambda pack: (ranks.get(identity := identities[pack.path], len(ranks)), -len(pack.file), identity),
            )

        surveyed = plan.survey(self._git, arrange)
        if not surveyed:
            return None
        ordered = tuple(identities[pack.path] for pack in surveyed.packs)
        loose = frozenset(id_ for store in surveyed.loose for id_ in store.ids(surveyed.id_bytes, *store.loose))
        if self._before.tips is not None and not self._still_there(surveyed, ordered, loose):
            self._before = self._before._replace(tips=None)
        self._now = scan_state_json.CachedRepository(ordered, loose, tips)
        self._state, self._id_bytes = surveyed.state, surveyed.id_bytes
        self._parts = [(part, self._known(part)) for part in parts(surveyed, ordered)]
        return surveyed.skips

    def unread(self) -> int:
        """Return how many objects are to be read."""
        return sum(len(known.again) if known else part.number for part, known in self._parts)

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
                again = part.some(known.again) if known.again else ()
                yield from (RescanUnit(SliceUnit(target, self._git, piece)) for piece in again)
                continue
            reading = self._readings.setdefault(part.key, _PartProgress())
            for piece in part.slices():
                if isinstance(piece, Skipped):
                    reading.spoiled = True
                    yield piece
                else:
                    reading.ahead += 1
                    yield SliceUnit(target, self._git, piece, part.key)
            reading.planned = True

    def note(self, unit: Unit, read: ScanResult) -> None:
        """Store a unit's result."""
        if isinstance(unit, SliceUnit) and (reading := self._readings.get(unit.key)):
            reading.ahead -= 1
            if reading.read:
                reading.read.merge(read)
            else:
                reading.read = read

    def remember(self, *, complete: bool) -> None:
        """Store the parts that were read whole and, if nothing changed meanwhile, that nothing was missing."""
        entry = {
            key: value
            for key, reading in self._readings.items()
            if key and reading.planned and not reading.ahead and not reading.spoiled and reading.read
            if (value := scan_state_json.part_value(reading.read))
        }
        self._cache.put(self._conditions, _PART, entry)
        if not self._state:
            return
        now = self._now
        if not complete or (now != self._before and not self._kept_still()):
            now = now._replace(tips=None)
        if not self.met or now != self._before:
            self._cache.put(self._conditions, _REPOSITORY, {self._key: scan_state_json.repository_value(now)})

    def _known(self, part: Part) -> CachedPart | None:
        return scan_state_json.known(self._cache.get(self._conditions, _PART, part.key)) if part.key else None

    def _still_there(self, survey: Survey, packs: Sequence[str], loose: frozenset[str]) -> bool:
        """Return whether every earlier object still exists, so that everything reached through them does too."""
        if not {*self._before.packs} <= {*packs}:
            return False
        gone = self._before.loose - loose
        return all(any(pack.idx.find(bytes.fromhex(id_)) >= 0 for pack in survey.packs) for id_ in gone)

    def _kept_still(self) -> bool:
        """Return whether the walk saw the planned refs, which may have moved meanwhile."""
        return plan.state(self._git, self._id_bytes) == self._state and self._tips() == self._now.tips

    def _tips(self) -> frozenset[str] | None:
        try:
            return refs.tips(self._git)
        except GitError:
            return None
