"""Tell whether a rar or cab archive is whole: libarchive passes over what begins in another volume, and over a cut end.

The headers are in RARLAB's "RAR 5.0 archive format" (rarlab.com/technote.htm), in its technote of RAR 4, and in
Microsoft's "Cabinet Format", CFHEADER.
"""

from __future__ import annotations

_RAR4, _RAR5 = b"Rar!\x1a\x07\0", b"Rar!\x1a\x07\1\0"
_RAR4_MAIN, _RAR5_MAIN = 0x73, 1
_VOLUME, _HAS_EXTRA = 1, 1
_CABINET, _CABINET_FLAGS_AT, _BEFORE_OR_AFTER = b"MSCF", 30, 3
_RAR4_END, _RAR5_END = 0x7B, 5
# With the sizes that an end may have: its checksum, and what optional numbers take.
_RAR4_ENDS, _RAR5_ENDS = range(7, 21), range(7, 24)
HEADER_BYTES = TAIL_BYTES = 64


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


def has_end(beginning: bytes, tail: bytes) -> bool:
    """Return whether ``tail``, the last ``TAIL_BYTES``, is the end of a rar archive; True for other forms.

    RAR 2 wrote none, which is not told from a truncated archive.
    """
    if beginning.startswith(_RAR4):
        ends = (tail[-size:] for size in _RAR4_ENDS)
        return any(end[2] == _RAR4_END and int.from_bytes(end[5:7], "little") == len(end) for end in ends if end[6:])
    if beginning.startswith(_RAR5):
        ends = (tail[-size:] for size in _RAR5_ENDS)
        return any(end[4] == len(end) - 5 and end[5] == _RAR5_END for end in ends if end[6:])
    return True


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
