"""The facts that a walk through history has gathered about one object or name, and what follows from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from akpatrol.model.scan import State, StateReason
    from akpatrol.sources.git.origins import Introduction, PathOrigin
    from akpatrol.sources.git.trees import TreeChange
    from akpatrol.sources.git.walked_commit import WalkedCommit

# Paths kept of one object; ``more`` says that there are others.
_PATHS_BYTES = 1 << 20


class ObjectHistory:
    """The facts that a walk gathers about one object or name."""

    # Not a dataclass: to import those takes 5 ms of each run.
    __slots__ = ("bits", "introductions", "more", "paths", "removals", "size", "walked")

    def __init__(self) -> None:
        self.introductions: list[Introduction] = []
        self.removals: list[WalkedCommit] = []
        self.paths: set[bytes] = set()
        self.bits = self.size = 0
        self.more = self.walked = False

    def add(self, change: TreeChange) -> None:
        """Add the paths of a change, up to the limit."""
        self.more |= change.more
        for path in change.paths:
            if path not in self.paths:
                if self.paths and self.size > _PATHS_BYTES:
                    self.more = True
                    return
                self.paths.add(path)
                self.size += len(path)


class Provenance(NamedTuple):
    """The history of an object or name; ``introduced`` and ``removed`` are commit ids.

    There may be ``more`` paths. ``version`` is the commit that added the object, whatever it holds. ``origin`` is
    where one place in it came from; ``first`` is the commit that added it where it was moved from; a ``known`` place
    existed before.
    """

    state: State
    reason: StateReason | None = None
    path: bytes | None = None
    paths: tuple[bytes, ...] = ()
    introduced: str | None = None
    removed: str | None = None
    refs: tuple[str, ...] = ()
    more: bool = False
    version: str | None = None
    origin: PathOrigin | None = None
    first: str | None = None
    known: bool = False
