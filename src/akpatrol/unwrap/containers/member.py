"""What the openers say of a container: its members, and what of it cannot be read."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from akpatrol.model.scan import Origin

# The most that a decompressor gives at once, in bytes: bounds on what it gives act as often.
PIECE_BYTES = 1 << 20


class Unreadable(Exception):  # noqa: N818 - it is the data that err
    """A container or the rest of a member cannot be read; the message is the reason, for a person."""


class Flaw(NamedTuple):
    """Why some of the container cannot be read, though the opener goes on."""

    reason: str


class Member(NamedTuple):
    """One direct member, valid until the next is asked for.

    ``label`` is what it is called among ``Origin.containers``; ``names`` are the names that the container stores for
    it, as they are stored. ``pieces`` gives its bytes in pieces of at most ``PIECE_BYTES`` and raises Unreadable,
    OverLimit or OSError; None says that it has none: a directory or a link, or, for the reason ``flaw``, out of reach.
    ``at`` gives any part of it where that is possible; ``size`` in bytes, where it is known.
    """

    label: str
    names: tuple[bytes, ...] = ()
    pieces: Iterator[bytes] | None = None
    flaw: str | None = None
    at: Callable[[int, int], bytes] | None = None
    size: int | None = None


def text(name: bytes) -> str:
    """Return a stored name for people: what is not UTF-8 shows as escapes, one to one."""
    return name.decode("utf-8", "backslashreplace")


def title(origin: Origin) -> str:
    """Return what a person would call the content: its path or object, and the way through its containers."""
    outermost = os.fsdecode(origin.path) if origin.path is not None else origin.object or origin.target
    return " > ".join((outermost, *origin.containers))
