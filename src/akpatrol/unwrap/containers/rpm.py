"""Open rpm packages: both headers, with their strings and scripts, and the payload, a cpio archive that is compressed.

The format is in rpm's documentation, "RPM V4 Package Format" (rpm.org/docs, manual/format_v4.html) and "RPM V6".
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from akpatrol.unwrap.containers.member import Flaw, Member
from akpatrol.unwrap.containers.recognise import kind_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.unwrap.budget import Level
    from akpatrol.unwrap.containers.container_bytes import ContainerBytes

_LEAD_BYTES, _INTRO_BYTES, _ENTRY_BYTES = 96, 16, 16
_MAGIC = b"\x8e\xad\xe8\x01"
# There are some hundred tags; rpm itself refuses headers beyond 256 MiB (lib/header.c).
_MOST_ENTRIES, _MOST_BYTES = 1 << 16, 256 << 20
# Files of 4 GiB do not fit a cpio: their sizes and names are in the header alone. RPMTAG_LONGFILESIZES says so, and
# RPMTAG_RPMFORMAT, which version 6 has (include/rpm/rpmtag.h).
_LONG_SIZES, _FORMAT = 5008, 5114
_BEGINNING = 70_000


def members(source: ContainerBytes, level: Level) -> Iterator[Member | Flaw]:
    """Yield the signatures, the header and the payload. Raises OverLimit and OSError; damage is a flaw."""
    source.skip(_LEAD_BYTES)
    tags: set[int] = set()
    for name in ("signature", "header"):
        level.member()
        start = source.offset
        intro = source.read(_INTRO_BYTES)
        count, size = struct.unpack(">2I", intro[8:]) if len(intro) == _INTRO_BYTES else (0, 0)
        if len(intro) < _INTRO_BYTES:
            yield Flaw(f"truncated at byte {source.offset}")
            return
        if not intro.startswith(_MAGIC) or count > _MOST_ENTRIES or size > _MOST_BYTES:
            yield Flaw(f"damaged at byte {start}")
            return
        index = source.read(_ENTRY_BYTES * count)
        tags.update(struct.unpack_from(">I", index, at)[0] for at in range(0, len(index) - 3, _ENTRY_BYTES))
        start = source.offset
        yield Member(f"rpm:{name}", (), source.pieces(size), at=source.part(start, size), size=size)
        # Only the signatures are filled up, to a multiple of eight.
        source.skip(start + size + (-size % 8 if name == "signature" else 0) - source.offset)
    level.member()
    beginning, start = source.peek(_BEGINNING), source.offset
    if not beginning:
        yield Flaw(f"truncated at byte {start}")
        return
    size_left = None if source.size is None else source.size - start
    at = None if size_left is None else source.part(start, size_left)
    yield Member("rpm:payload", (), source.rest(), at=at, size=size_left)
    if kind_of(beginning) is None:
        yield Flaw("rpm package: its payload is not cpio, nor compressed in a way that is known")
    elif tags & {_LONG_SIZES, _FORMAT}:
        yield Flaw("rpm package: its files' names and sizes are not in the payload: archives among them are not opened")
