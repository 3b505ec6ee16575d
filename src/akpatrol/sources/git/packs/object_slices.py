"""The slices that an object database is read in: picklable, for any process to read."""

from __future__ import annotations

from typing import NamedTuple

from akpatrol.gitdata.entries import Entries


class LooseObjects(NamedTuple):
    """Loose objects of one object directory."""

    directory: bytes
    ids: tuple[str, ...]


class PackRange(NamedTuple):
    """The entries of a pack that start at these offsets; its reader reads the index.

    ``order`` has all packs: an object in two of them is read from the earlier one.
    """

    pack: bytes
    order: tuple[bytes, ...]
    start: int
    stop: int


class Everything(NamedTuple):
    """The whole object database through ``git cat-file``, when a part of it is not understood."""


Slice = Entries | LooseObjects | PackRange | Everything
