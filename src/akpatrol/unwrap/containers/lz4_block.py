"""Expand one block of LZ4 (lz4/doc/lz4_Block_format.md)."""

from __future__ import annotations

from akpatrol.unwrap.containers.member import Unreadable

_MORE, _CONTINUES = 15, 255
_SHORTEST = 4


def expanded(data: bytes, most: int) -> bytes:
    """Return the expansion of a block, at most ``most`` bytes. Raises Unreadable."""
    try:
        return _expanded(data, most)
    except IndexError:
        raise Unreadable("damaged") from None


def _expanded(data: bytes, most: int) -> bytes:
    out = bytearray()
    at, end = 0, len(data)
    while at < end:
        token = data[at]
        literals, at = _length(data, at + 1, token >> 4)
        if at + literals > end or len(out) + literals > most:
            raise Unreadable("damaged")
        out += data[at : at + literals]
        at += literals
        if at == end:
            return bytes(out)  # the last sequence has only literals
        offset = data[at] | data[at + 1] << 8
        length, at = _length(data, at + 2, token & 15)
        length += _SHORTEST
        if not 0 < offset <= len(out) or len(out) + length > most:
            raise Unreadable("damaged")
        start = len(out) - offset
        if offset >= length:
            out += out[start : start + length]
        else:
            out += (bytes(out[start:]) * (length // offset + 1))[:length]
    raise Unreadable("damaged")


def _length(data: bytes, at: int, length: int) -> tuple[int, int]:
    """Return a length and its end: one of 15 continues in the bytes that follow."""
    if length == _MORE:
        byte = _CONTINUES
        while byte == _CONTINUES:
            byte = data[at]
            length += byte
            at += 1
    return length, at
