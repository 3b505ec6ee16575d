"""A commit as a walk over history gives it."""

from __future__ import annotations

from typing import NamedTuple

WALK_SECONDS = 4.0
"""How long git may walk before its work is counted: see ``graph``."""


class WalkedCommit(NamedTuple):
    """One commit of a walk; ``date`` is its committer date in seconds since 1970."""

    id: str
    date: int
    parents: tuple[str, ...]
