"""Encoded text whose lines carry something of their own: a patch, a log, an array. It is decoded line by line."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING

from akpatrol.unwrap.lazy import lazy

if TYPE_CHECKING:
    from akpatrol.unwrap.encoding import Decoded

_LINE = 512  # bytes that are looked at of a line
_GROUP = 4  # characters: three bytes in base64, two in hex
# Behind the characters: a quote, what parts the members of a list, the end of a line spelled out.
_REST = lazy(rb"[\"'`\\,;+. \t]{0,8}(?:\\[rn]){0,2}[\"'`,;+. \t]{0,4}\r?\n")
_BEHIND = b"\"'`\\,;+. \t\r"
_DIGIT = lazy(rb"[0-9]")
_ALPHABETS = {
    "base64": (string.ascii_letters + string.digits + "+/_-").encode(),
    "hex": string.hexdigits.encode(),
}
# What begins like a credential continues none.
_BEGINS = lazy(rb"cGF0X|YWtf|7061745[fF]|616[bB]5[fF]")


def is_cut(data: bytes, part: Decoded) -> bool:
    """Tell whether what ``data[part.start:part.end]`` encodes may go on in the next line.

    That line begins as this one does, digits aside, is no longer, and ends in whole groups of the alphabet.
    """
    alphabet = _ALPHABETS.get("base64" if part.encoding.startswith("base64") else part.encoding)
    rest = _REST.match(data, part.end) if alphabet else None
    if not alphabet or not rest:
        return False
    begin = data.rfind(b"\n", max(0, part.end - _LINE), part.end) + 1
    stop = data.find(b"\n", rest.end(), rest.end() + _LINE)
    line = data[rest.end() : stop if stop >= 0 else rest.end() + _LINE]
    # An end of a line that is spelled out leaves its letter, in the alphabet or not.
    shown = line.rstrip(_BEHIND).removesuffix(b"\\n").removesuffix(b"\\r").rstrip(_BEHIND)
    characters = shown.rstrip(b"=")
    carried = characters.rstrip(alphabet)
    more = shown[len(carried) :]
    if not carried or not more or len(more) % _GROUP or len(line) > rest.end() - begin or _BEGINS.match(more):
        return False
    return _DIGIT.sub(b"0", data[begin : part.end]).startswith(_DIGIT.sub(b"0", carried))
