"""Extract the strings that a PDF's page shows (ISO 32000-1, 9.4.3), with one line for each operator.

Kerned text is joined into words. Only a program that sets the page, as in ``pdfs``, joins words across operators and
decodes the codes of a font: this is for streams that no page shows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.unwrap.encodings.lazy_pattern import lazy

if TYPE_CHECKING:
    import re

# Bounded, because an unbounded search is quadratic.
_STRING = rb"\((?:[^()\\]|\\.|\((?:[^()\\]|\\.){0,4096}+\)){0,4096}+\)"
_SHOWN = lazy(
    rb"(?s)(\[(?:[^\[\]()]|" + _STRING + rb"){0,4096}+\])\s{0,8}+TJ(?![A-Za-z])"
    rb"|(" + _STRING + rb")\s{0,8}+(?:Tj(?![A-Za-z])|'|\")"
)
_PART = lazy(rb"(?s)(" + _STRING + rb")|(-?\d+)")
_ESCAPE = lazy(rb"(?s)\\(?:([0-7]{1,3})|(\r\n|.))")
_SHOWS_TEXT = lazy(rb"[)\]>]\s*(?:TJ|Tj|'|\")(?![A-Za-z])")
_SETS_TEXT = lazy(rb"(?<![A-Za-z0-9])BT(?![A-Za-z0-9])")
# Also one that does not end, so that each byte is looked at once.
_SIMPLE_STRING = lazy(rb"(?s)\((?:[^()\\]|\\.)*+\)?")
# A picture in the line (8.9.7).
_PICTURE, _PICTURE_END = lazy(rb"(?<![A-Za-z0-9])ID\s"), lazy(rb"\sEI(?![A-Za-z0-9])")
_TEXT_BYTES = bytes((9, 10, 12, 13, *range(32, 127)))
# The part of other bytes in what is compressed or encrypted is 0.6.
_MOST_OTHER_BYTES = 0.3
_CONTROLS = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f", b"\n": b"", b"\r": b"", b"\r\n": b""}
_MOST_BYTES = 1 << 20
# The distance between words, in thousandths of the font's size.
_BLANK = -180


def shows_text(content: bytes) -> bool:
    """Return whether a stream has operators that show text; in data of another kind they are there by chance."""
    if not (_SHOWS_TEXT.search(content) and _SETS_TEXT.search(content)):
        return False
    operators = _SIMPLE_STRING.sub(b"", _without_pictures(content))
    return len(operators.translate(None, _TEXT_BYTES)) <= _MOST_OTHER_BYTES * len(operators)


def _without_pictures(content: bytes) -> bytes:
    parts, position = list[bytes](), 0
    while (picture := _PICTURE.search(content, position)) and (end := _PICTURE_END.search(content, picture.end())):
        parts.append(content[position : picture.end()])
        position = end.start()
    return b"".join((*parts, content[position:]))


def shown_text(content: bytes) -> bytes:
    """Return the strings that a content stream shows, as lines, up to about a MiB; nothing if it shows none."""
    lines, size = list[bytes](), 0
    for match in _SHOWN.finditer(content):
        lines.append(_joined(match[1]) if match[1] else _string(match[2]))
        size += len(lines[-1]) + 1
        if size > _MOST_BYTES:
            break
    return b"\n".join(lines)


def _joined(array: bytes) -> bytes:
    parts = []
    for part in _PART.finditer(array):
        if part[1]:
            parts.append(_string(part[1]))
        elif int(part[2][:9]) < _BLANK:
            parts.append(b" ")
    return b"".join(parts)


def _string(literal: bytes) -> bytes:
    return _ESCAPE.sub(_character, literal[1:-1])


def _character(escape: re.Match[bytes]) -> bytes:
    if escape[1]:
        return bytes((int(escape[1], 8) & 0xFF,))
    return _CONTROLS.get(escape[2], escape[2])
