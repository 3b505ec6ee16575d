"""The facts that a walk through history has gathered about one object or name."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from akpatrol.sources.git.origins import Introduction
    from akpatrol.sources.git.trees import TreeChange
    from akpatrol.sources.git.walked_commit import WalkedCommit

# Paths kept of one object; ``more`` says that there are others.
_PATHS_BYTES = 1 << 20


@dataclass(slots=True)
class ObjectHistory:
    """The facts that a walk gathers about one object or name."""

    introductions: list[Introduction] = field(default_factory=list)
    removals: list[WalkedCommit] = field(default_factory=list)
    paths: set[bytes] = field(default_factory=set)
    bits: int = 0
    size: int = 0
    more: bool = False
    walked: bool = False

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
