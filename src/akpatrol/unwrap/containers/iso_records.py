"""Parse directory records of ISO 9660 (ECMA-119, 9.1) and what extends them in their system use fields.

SUSP 1.12 (IEEE P1281) has the entries and their continuation, RRIP 1.12 (IEEE P1282, "Rock Ridge") names and links,
and zisofs' ``ZF`` the compressed files (Linux, fs/isofs/rock.h).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

_FIXED = 33
_ENDS = b"ST"
_BEGINS = b"SP\x07\x01\xbe\xef"
# A continuation is of one sector at most (SUSP 5.1) and may have another: names have 255 bytes, links a few thousand.
_CONTINUATIONS = 8
_CURRENT, _PARENT, _ROOT = 2, 4, 8


class Record(NamedTuple):
    """One record: where its file is in blocks and how long it is in bytes, its ``flags`` and its ``name`` as stored.

    It is ``sound`` unless the two spellings of one of its numbers differ (ECMA-119, 7.3.3); some writers leave one out.
    """

    block: int
    size: int
    flags: int
    interleaved: bool
    sound: bool
    name: bytes
    extra: bytes

    @property
    def is_directory(self) -> bool:
        """Whether it is a directory (9.1.6)."""
        return bool(self.flags & 2)

    @property
    def continues(self) -> bool:
        """Whether the next record has another part of the file."""
        return bool(self.flags & 0x80)


class Extras(NamedTuple):
    """A system use field: the longer name, a link's target, and whether the file is compressed.

    It is ``complete`` unless a part of it is elsewhere, out of reach, and ``sound`` unless something else is in it.
    """

    name: bytes = b""
    link: bytes | None = None
    compressed: bool = False
    complete: bool = True
    sound: bool = True


def parse(data: bytes) -> Record | None:
    """Parse one record; None unless it is one."""
    if len(data) <= _FIXED or _FIXED + data[32] > len(data):
        return None
    end = _FIXED + data[32]
    return Record(
        int.from_bytes(data[2:6], "little") + data[1],
        int.from_bytes(data[10:14], "little"),
        data[25],
        bool(data[26] or data[27]),
        all(data[at + 4 : at + 8] in (data[at : at + 4][::-1], bytes(4)) for at in (2, 10)),
        data[_FIXED:end],
        data[end + end % 2 :],
    )


def bytes_to_skip(extra: bytes) -> int | None:
    """Return how many bytes of each system use field precede its entries; None unless this root has Rock Ridge."""
    place = extra.find(_BEGINS)
    return None if place < 0 or len(extra) < place + 7 else extra[place + 6]


def extras(field: bytes, continuation: Callable[[int, int, int], bytes | None]) -> Extras:
    """Parse a system use field; ``continuation(block, offset, size)`` returns other bytes of it, None if it cannot."""
    names: list[bytes] = []
    links: list[bytes] = []
    found, is_link, compressed, sound = 0, False, False, True
    while field:
        following: bytes | None = b""
        place = 0
        while place + 4 <= len(field) and (length := field[place + 2]) >= 4:  # noqa: PLR2004 - signature, length, version
            kind, body = field[place : place + 2], field[place + 4 : place + length]
            if kind == b"NM":
                names.append(body[1:])
            elif kind == b"SL":
                is_link = True
                links.append(_target(body[1:]))
            elif kind == b"ZF":
                compressed = True
            elif kind == b"CE" and len(body) >= 24:  # noqa: PLR2004 - three numbers in both byte orders
                found += 1
                following = continuation(*(int.from_bytes(body[at : at + 4], "little") for at in (0, 8, 16)))
            place = len(field) if kind == _ENDS else place + length
        sound &= not field[place:].strip(b"\0")
        if following is None or found > _CONTINUATIONS:
            return Extras(
                b"".join(names), b"".join(links) if is_link else None, compressed, complete=False, sound=sound
            )
        field = following
    return Extras(b"".join(names), b"".join(links) if is_link else None, compressed, sound=sound)


def _target(components: bytes) -> bytes:
    """Return the target of a link from its components (RRIP 4.1.3), each with a slash after it unless it continues."""
    parts, place = [], 0
    while place + 2 <= len(components):
        flags, length = components[place], components[place + 1]
        special = b".." if flags & _PARENT else b"." if flags & _CURRENT else b""
        parts.append(special or components[place + 2 : place + 2 + length])
        if not flags & 1 and (place + 2 + length < len(components) or flags & _ROOT):
            parts.append(b"/")
        place += 2 + length
    return b"".join(parts)
