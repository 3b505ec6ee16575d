"""Encoded text whose lines carry something of their own: a patch, a log, an array. It is decoded line by line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.unwrap.lazy import lazy

if TYPE_CHECKING:
    from akpatrol.unwrap.encoding import Decoded

_LINE = 512  # bytes that are looked at of a line, on either side
_LEAST = 4  # characters that a line goes on with
# The rest of a line behind what it carries: a quote and what parts members of a list.
_REST = lazy(rb"[\"'`\\,;+. \t]{0,8}(?:\\[rn]){0,2}[\"'`\\,;+. \t]{0,4}\r?\n")
_DIGIT = lazy(rb"[0-9]")
_NEXT = {
    "base64": lazy(
        rb"([^\n]*?)([0-9A-Za-z+/_-]{4,}={0,2})[\"'`\\,;+. \t]{0,8}(?:\\[rn]){0,2}[\"'`,; \t]{0,4}\r?(?:\n|\Z)"
    ),
    "hex": lazy(rb"([^\n]*?)((?:[0-9A-Fa-f]{2}){2,})[\"'`\\,;+. \t]{0,8}(?:\\[rn]){0,2}[\"'`,; \t]{0,4}\r?(?:\n|\Z)"),
}
# What begins like a credential continues none.
_BEGINS = lazy(rb"cGF0X|YWtf|7061745[fF]|616[bB]5[fF]")


def is_cut(data: bytes, part: Decoded) -> bool:
    """Tell whether what ``data[part.start:part.end]`` encodes may go on in the next line.

    That line begins as this one does, digits aside, is no longer, and ends in whole groups of the alphabet.
    """
    pattern = _NEXT.get("base64" if part.encoding.startswith("base64") else part.encoding)
    rest = _REST.match(data, part.end) if pattern else None
    if not pattern or not rest:
        return False
    begin = data.rfind(b"\n", max(0, part.end - _LINE), part.end) + 1
    found = pattern.match(data, rest.end(), rest.end() + _LINE)
    if not found or len(found[2]) % 4 or len(found[0].rstrip()) > rest.end() - begin:
        return False
    same = _DIGIT.sub(b"0", data[begin : part.end]).startswith(_DIGIT.sub(b"0", found[1]))
    return bool(found[1]) and same and not _BEGINS.match(found[2])
