"""Bound the cost of unwrapping: for each open container, and for the outermost with everything within it."""

from __future__ import annotations

from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from akpatrol.config.limits import Limits

_RATIO_FROM = 1 << 30


class OverLimit(Exception):  # noqa: N818 - a bound was met, nobody erred
    """Opening must end. ``level`` is the container that exceeded its bound, None where one was not opened at all.

    The message is the reason, and the option that changes the bound.
    """

    def __init__(self, reason: str, level: Level | None = None) -> None:
        super().__init__(reason)
        self.level = level


class Level:
    """One open container and its cost so far; created by ``Budget.inside``.

    Once over its bound it stays so: each further call here, or at a level within it, raises the same ``OverLimit``.
    """

    def __init__(self, budget: Budget, parents: tuple[Level, ...], stored: int | None) -> None:
        self._budget = budget
        # Outermost first: where several exceed a bound at once, the one that ends everything is named.
        self._open = (*parents, self)
        self._known = stored is not None
        self.stored = stored or 0
        self.expanded = 0
        self.total = 0
        self.members = 0
        self.over: str | None = None

    @property
    def most_members(self) -> int:
        """How many members the container may hold."""
        return self._budget.limits.members

    def count_stored(self, size: int) -> None:
        """Count ``size`` bytes read of the container itself; their sum is its size where that is not known."""
        if not self._known:
            self.stored += size

    def member(self) -> None:
        """Count one member. Raises OverLimit."""
        self.members += 1
        self.check()

    def spend(self, size: int) -> None:
        """Count ``size`` decompressed bytes, here and in the containers around this one. Raises OverLimit."""
        self.expanded += size
        for level in self._open:
            level.total += size
        self.check()

    def check(self) -> None:
        """Raise OverLimit if this container or one around it is over a bound, including that on time."""
        for level in self._open:
            if level.over is None:
                level.over = self._budget.reason(level, outermost=level is self._open[0])
            if level.over is not None:
                raise OverLimit(level.over, level)


class Budget:
    """The bounds on one outermost container, with everything within it.

    ``stored`` is its size in bytes where that is known. ``named`` says that the caller named the file: then the two
    bounds on expanded bytes do not apply. Seconds count from its creation, by ``clock``.
    """

    def __init__(
        self, limits: Limits, stored: int | None = None, *, named: bool = False, clock: Callable[[], float] = monotonic
    ) -> None:
        self.limits = limits
        self._stored = stored
        self._named = named
        self._clock = clock
        self._until = clock() + limits.seconds
        self._levels: list[Level] = []
        self._deep = False

    @contextmanager
    def inside(self, stored: int | None) -> Iterator[Level]:
        """Open a container of ``stored`` bytes, None if unknown, in the one opened last and not yet closed.

        Raises OverLimit when that is too deep.
        """
        if len(self._levels) >= self.limits.depth:
            raise OverLimit(f"deeper than {self.limits.depth} containers; --max-depth")
        if stored is None and not self._levels:
            stored = self._stored
        level = Level(self, tuple(self._levels), stored)
        self._levels.append(level)
        try:
            yield level
        finally:
            self._levels.remove(level)

    def first_too_deep(self) -> bool:
        """Return True once: a tree of containers ends in too many places to name each of them."""
        first, self._deep = not self._deep, True
        return first

    def reason(self, level: Level, *, outermost: bool) -> str | None:
        """Return why ``level`` is over a bound, None if it is not."""
        limits = self.limits
        if level.members > limits.members:
            return f"holds more than {limits.members:,} members; --max-members"
        if level.expanded > limits.expanded and not self._named:
            return f"expands to more than {_size(limits.expanded)}; --max-expanded SIZE"
        if level.total > _RATIO_FROM and level.total > limits.ratio * max(1, level.stored):
            return f"expands more than {limits.ratio:,}-fold; --max-ratio"
        return self._overall(level.total) if outermost else None

    def _overall(self, total: int) -> str | None:
        limits = self.limits
        if total > limits.expanded_overall and not self._named:
            return f"expands to more than {_size(limits.expanded_overall)} in all; --max-expanded-overall SIZE"
        if self._clock() > self._until:
            return f"not done after {limits.seconds:g} seconds; --max-seconds"
        return None


def _size(size: int) -> str:
    """Format ``size`` in bytes with a unit."""
    for unit, name in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if size >= unit:
            return f"{size / unit:.4g} {name}"
    return f"{size} bytes"
