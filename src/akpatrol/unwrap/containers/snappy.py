"""Expand one block of snappy (google/snappy, format_description.txt)."""

from __future__ import annotations

from akpatrol.unwrap.containers.member import Unreadable

_LITERAL, _NEAR, _FAR = 0, 1, 2
_LONG = 60  # from here the bits say how many bytes the length has


def expanded(data: bytes, most: int) -> bytes:
    """Return the expansion of a block, at most ``most`` bytes. Raises Unreadable."""
    try:
        return _expanded(data, most)
    except IndexError:
        raise Unreadable("damaged") from None


def _expanded(data: bytes, most: int) -> bytes:
    size, at = _size(data)
    if size > most:
        raise Unreadable(f"a block expands to more than {most >> 20} MiB")
    out = bytearray()
    end = len(data)
    while at < end:
        tag = data[at]
        at += 1
        kind = tag & 3
        if kind == _LITERAL:
            length = tag >> 2
            if length >= _LONG:
                wide = length - _LONG + 1
                length = int.from_bytes(data[at : at + wide], "little")
                at += wide
            out += data[at : at + length + 1]
            at += length + 1
        else:
            if kind == _NEAR:
                length, offset = (tag >> 2 & 7) + 4, tag >> 5 << 8 | data[at]
                at += 1
            else:
                wide = 2 if kind == _FAR else 4
                length, offset = (tag >> 2) + 1, int.from_bytes(data[at : at + wide], "little")
                at += wide
            if not 0 < offset <= len(out):
                raise Unreadable("damaged")
            if offset >= length:
                out += out[len(out) - offset : len(out) - offset + length]
            else:
                part = bytes(out[-offset:])
                out += (part * (length // offset + 1))[:length]
        if len(out) > size:
            raise Unreadable("damaged")
    if len(out) != size:
        raise Unreadable("damaged")
    return bytes(out)


def _size(data: bytes) -> tuple[int, int]:
    """Return the size of the expansion and where the rest begins. Raises IndexError."""
    size = 0
    for place in range(5):
        size |= (data[place] & 0x7F) << 7 * place
        if data[place] < 0x80:  # noqa: PLR2004 - the continuation bit
            return size, place + 1
    raise Unreadable("damaged")
