r"""Make untrusted text safe to show: undecodable bytes, control characters, lengths, shell words.

``path_text`` is one to one: replacing every ``\xHH`` in its result by that byte gives the path back.
"""

from __future__ import annotations

import re
import shlex
import unicodedata

_SURROGATE = re.compile("[\ud800-\udfff]")
_LITERAL_ESCAPE = re.compile(r"\\(?=x[0-9a-fA-F]{2})")
_ESCAPE = re.compile(rb"\\x([0-9a-fA-F]{2})")
_ELLIPSIS = "…"


def path_text(path: bytes) -> str:
    r"""Return a path as text: UTF-8, ``\xNN`` for a byte that is not, ``\x5cxNN`` for a literal ``\xNN``."""
    return escaped_path(decoded(path))


def decoded(data: bytes) -> str:
    """Return bytes as text in which every byte that is not UTF-8 is a lone surrogate (PEP 383)."""
    return data.decode("utf-8", "surrogateescape")


def encoded(text: str) -> bytes:
    """Return the bytes of ``decoded`` text; surrogates that encode no byte become question marks."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


def escaped_path(text: str) -> str:
    """Return ``decoded`` text with its lone surrogates visible, one to one."""
    return plain(_LITERAL_ESCAPE.sub(lambda _: "\\x5c", text))


def path_bytes(text: str) -> bytes:
    """Return the path that ``path_text`` shows."""
    return _ESCAPE.sub(lambda match: bytes([int(match[1], 16)]), text.encode("utf-8", "replace"))


def plain(text: str) -> str:
    r"""Return text that can be encoded: ``\xNN`` for a byte that is not UTF-8, ``\udNNN`` for other surrogates."""
    return text if text.isascii() else _SURROGATE.sub(lambda match: _surrogate(ord(match[0])), text)


def _surrogate(code: int) -> str:
    is_byte = 0xDC80 <= code <= 0xDCFF  # noqa: PLR2004 - PEP 383
    return f"\\x{code - 0xDC00:02x}" if is_byte else f"\\u{code:04x}"


def visible(text: str) -> str:
    r"""Return text that cannot control a terminal: unprintable characters become ``\n``, ``\x1b``, ``\u202e``.

    That covers C0, C1, DEL, line separators, bidirectional controls, zero-width and unassigned characters and
    every space but the plain one (https://docs.python.org/3/library/stdtypes.html#str.isprintable).
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def columns(text: str) -> int:
    """Return how many terminal columns visible text takes: two for wide characters, none for combining."""
    return len(text) if text.isascii() else sum(_columns(char) for char in text)


def _columns(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def head(text: str, width: int) -> str:
    """Return the start of the text that fits into ``width`` columns, an ellipsis last where it is cut."""
    if columns(text) <= width:
        return text
    return _fitting(text, width - 1) + _ELLIPSIS


def tail(text: str, width: int) -> str:
    """Return the end of the text that fits into ``width`` columns, an ellipsis first where it is cut."""
    if columns(text) <= width:
        return text
    return _ELLIPSIS + _fitting(text[::-1], width - 1)[::-1]


def middle_out(text: str, width: int) -> str:
    """Return the text without its middle where it is wider than ``width``: both ends of a path matter."""
    if columns(text) <= width:
        return text
    return _fitting(text, width // 3) + tail(text, width - width // 3)


def _fitting(text: str, width: int) -> str:
    used = 0
    for index, char in enumerate(text):
        used += _columns(char)
        if used > width:
            return text[:index]
    return text


def around(text: str, start: int, end: int, width: int) -> str:
    """Return the part of the text around ``[start, end)`` that fits into ``width`` columns."""
    if columns(text) <= width:
        return text
    left, focus, right = text[:start], text[start:end], text[end:]
    room = width - columns(focus)
    if room <= 0:
        return head(focus, width)
    before = min(columns(left), max(room // 2, room - columns(right)))
    return tail(left, before) * bool(before) + focus + head(right, room - before) * (room > before)


def shell_word(text: str) -> str:
    """Return visible text as one word of a shell command."""
    return shlex.quote(visible(text))


def wrapped(text: str, width: int) -> list[str]:
    """Return the text's words in lines of at most ``width`` columns; a longer word has its own line."""
    lines: list[str] = []
    for word in text.split(" "):
        if lines and columns(lines[-1]) + 1 + columns(word) <= width:
            lines[-1] += " " + word
        else:
            lines.append(word)
    return lines
