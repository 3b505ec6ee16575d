"""The values that openers yield: the members of a container, and flaws, which are parts that cannot be read."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from akpatrol.model.scan import Origin, Part, Place

# The most bytes that a decompressor returns at once: bounds are checked as often.
PIECE_BYTES = 1 << 20
# How the reason begins when a container is followed by other data; ``recognise`` looks for it.
AFTER_END = "the data after its end"


class Unreadable(Exception):  # noqa: N818 - the fault is in the data
    """A container or the rest of a member cannot be read; the message is the reason, for a person."""


class Flaw(NamedTuple):
    """Why a part of the container cannot be read, although the opener continues."""

    reason: str


class Member(NamedTuple):
    """One direct member, valid until the next is requested.

    ``label`` names it among ``Origin.containers``; ``names`` are the names that the container stores for it, as they
    are stored. ``pieces`` yields its bytes in pieces of at most ``PIECE_BYTES`` and raises Unreadable, OverLimit or
    OSError. It is None for a member without bytes: a directory, a link, or one that cannot be read because of ``flaw``.
    ``at`` returns any part of it, where that is possible; ``size`` is in bytes, where it is known.
    ``part_at`` names the part that an offset is in: it is only called for findings, in bytes that were read.
    """

    label: str
    names: tuple[bytes, ...] = ()
    pieces: Iterator[bytes] | None = None
    flaw: str | None = None
    at: Callable[[int, int], bytes] | None = None
    size: int | None = None
    part_at: Callable[[int], Part | None] | None = None


class Together(NamedTuple):
    """Small members, each whole in ``contents``; ``label`` and ``place`` are asked for the few that are looked at."""

    contents: list[bytes]
    label: Callable[[int], str]
    place: Callable[[int], Place]


class Naming(NamedTuple):
    """Not a member: ``better`` returns a better label than a member's own, and is asked only where it has findings."""

    better: Callable[[str], str]


def text(name: bytes) -> str:
    """Return a stored name for display; bytes that are not UTF-8 become escapes, one to one."""
    return name.decode("utf-8", "backslashreplace")


def title(origin: Origin) -> str:
    """Return the name of a content for display: its path or object, and the containers down to it."""
    outermost = os.fsdecode(origin.path) if origin.path is not None else origin.object or origin.target
    return " > ".join((outermost, *origin.containers))
