"""Tell whether a rar or cab archive is one volume of several, of which libarchive passes over what begins in another.

The headers are in RARLAB's "RAR 5.0 archive format" (rarlab.com/technote.htm), in its technote of RAR 4, and in
Microsoft's "Cabinet Format", CFHEADER.
"""

from __future__ import annotations

_RAR4, _RAR5 = b"Rar!\x1a\x07\0", b"Rar!\x1a\x07\1\0"
_RAR4_MAIN, _RAR5_MAIN = 0x73, 1
_VOLUME, _HAS_EXTRA = 1, 1
_CABINET, _CABINET_FLAGS_AT, _BEFORE_OR_AFTER = b"MSCF", 30, 3
HEADER_BYTES = 64


def is_volume(data: bytes) -> bool:
    """Return whether an archive that begins with ``data``, of ``HEADER_BYTES``, has other volumes."""
    try:
        if data.startswith(_CABINET):
            return bool(data[_CABINET_FLAGS_AT] & _BEFORE_OR_AFTER)
        if data.startswith(_RAR4):
            return data[9] == _RAR4_MAIN and bool(data[10] & _VOLUME)
        return data.startswith(_RAR5) and _is_rar5_volume(data)
    except IndexError:
        return False


def _is_rar5_volume(data: bytes) -> bool:
    """Read the main header: its checksum, then its size, type, flags, the size of an extra area, and its own flags."""
    _, place = _number(data, len(_RAR5) + 4)
    kind, place = _number(data, place)
    flags, place = _number(data, place)
    if flags & _HAS_EXTRA:
        _, place = _number(data, place)
    return kind == _RAR5_MAIN and bool(_number(data, place)[0] & _VOLUME)


def _number(data: bytes, place: int) -> tuple[int, int]:
    """Return a number, of seven bits a byte, and its end. Raises IndexError where the data ends before it."""
    value = shift = 0
    while True:
        byte = data[place]
        value |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:  # noqa: PLR2004 - the continuation bit
            return value, place
