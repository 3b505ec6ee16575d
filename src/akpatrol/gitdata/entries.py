"""Entries of a pack and their headers.

https://git-scm.com/docs/gitformat-pack#_pack_pack_files_have_the_following_format
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from akpatrol.gitdata.inflate import BrokenObjectError, CutShortError
from akpatrol.gitdata.raw_object import OFS_DELTA, REF_DELTA, TYPES

if TYPE_CHECKING:
    from array import array

    from akpatrol.gitdata.pack_bytes import PackBytes

PACK_HEADER_BYTES = 12
# More bits than any size or distance needs: a longer sequence is invalid.
_MOST_BITS = 63

# Type as in the pack; size in bytes, inflated; where a delta's base is, or, for REF_DELTA, where in the pack the
# base's id is; where the zlib stream starts. A plain tuple: there is one for every object of a history.
Header = tuple[int, int, int, int]


class Entries(NamedTuple):
    """Some entries of a pack, in the order of their offsets, and their data from its index.

    ``ends`` is where the next entry of the pack starts; ``ids`` are binary and concatenated; ``crcs`` is empty
    when the index has none. ``silent`` marks with 1 the entries that are needed only as bases. All bases are included.

    The rest is from the headers: ``kinds``, 0 for a broken header; the ``sizes`` of what is stored, in bytes, inflated;
    the length of each header in bytes; and the number of each delta's base, -1 for none.
    """

    pack: bytes
    id_bytes: int
    offsets: array[int]
    ends: array[int]
    ids: bytes
    crcs: array[int]
    silent: bytes
    kinds: bytes
    sizes: array[int]
    header_bytes: bytes
    bases: array[int]


def header(pack: PackBytes, offset: int, id_bytes: int, before: int = 0) -> Header:
    """Return the header of the entry at an offset. Raises BrokenObjectError.

    A part of a pack has so many bytes ``before`` it, in which bases may lie, at places below its own.
    """
    if not PACK_HEADER_BYTES <= offset < len(pack):
        raise BrokenObjectError("offset outside the pack")
    try:
        byte = pack[offset]
        kind, size, shift, position = byte >> 4 & 7, byte & 15, 4, offset + 1
        while byte > 127:  # noqa: PLR2004 - the highest bit says that more follow
            byte = pack[position]
            size |= (byte & 127) << shift
            shift += 7
            position += 1
            if shift > _MOST_BITS:
                raise BrokenObjectError("entry with an invalid size")
        if kind == OFS_DELTA:
            byte = pack[position]
            distance = byte & 127
            while byte > 127 and distance < offset + before:  # noqa: PLR2004
                position += 1
                byte = pack[position]
                distance = ((distance + 1) << 7) | (byte & 127)
            return kind, size, offset - distance, position + 1
    except IndexError:
        raise CutShortError("entry is cut short") from None
    if kind == REF_DELTA:
        return kind, size, position, position + id_bytes
    if kind not in TYPES:
        raise BrokenObjectError("entry of unknown type")
    return kind, size, 0, position
