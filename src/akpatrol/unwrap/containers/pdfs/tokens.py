"""Split a page's content stream into operators with their operands (ISO 32000-1, 7.2, 7.3, 7.8.2 and 8.9.7).

It is read in one pass, and nothing is kept but the operands of one operator.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from akpatrol.unwrap.containers.member import Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Operand = float | str | bytes | list["Operand"]

_TOKEN = re.compile(
    rb"(?P<blank>[\0\t\n\f\r ]+|%[^\r\n]*)"
    rb"|/(?P<name>[^\0\t\n\f\r ()<>\[\]{}/%]*)"
    rb"|(?P<number>[+-]*(?:\d+\.?\d*|\.\d+)(?:-\d*)?)(?![A-Za-z'\"*])"
    rb"|(?P<word>[^\0\t\n\f\r ()<>\[\]{}/%]+)"
    rb"|(?P<string>\()"
    rb"|<(?P<hex>[0-9A-Fa-f\0\t\n\f\r ]*)>"
    rb"|(?P<open>\[|<<)|(?P<close>\]|>>)|(?P<other>.)",
    re.DOTALL,
)
_PARENTHESIS = re.compile(rb"\\.|[()]", re.DOTALL)
_ESCAPE = re.compile(rb"\\(?:([0-7]{1,3})|(\r\n|.))|\r\n?", re.DOTALL)
_CONTROLS = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f", b"\n": b"", b"\r": b"", b"\r\n": b""}
# An inline picture ends here when text follows, at least for a few bytes.
_IMAGE_END = re.compile(rb"[\0\t\n\f\r ]EI(?=[\t\n\r -~]{0,12}(?:[\t\n\r -~]|\Z))(?![A-Za-z0-9])")
_NUMBER = re.compile(rb"[+-]?(?:\d{1,30}\.?\d{0,30}|\.\d{1,30})")
_NAME_ESCAPE = re.compile(rb"#([0-9A-Fa-f]{2})")
# No operator has more (Annex A), but an array of text may be long; nested arrays occur in dictionaries only.
_MOST_OPERANDS, _DEEPEST = 200_000, 16


class Operator(NamedTuple):
    """An operator with the operands before it; a dictionary is a list of its keys and values."""

    name: bytes
    operands: list[Operand]


def operators(data: bytes) -> Iterator[Operator]:
    """Yield the operators of a content stream; what is no token is passed over.

    Raises Unreadable when one has too many operands.
    """
    operands: list[Operand] = []
    nested = [operands]
    position = 0
    while match := _TOKEN.match(data, position):
        position, kind = match.end(), match.lastgroup
        if kind in _OPERANDS:
            value, position = _OPERANDS[kind](match, data)
            nested[-1].append(value)
        elif kind == "open" and len(nested) < _DEEPEST:
            inner: list[Operand] = []
            nested[-1].append(inner)
            nested.append(inner)
        elif kind == "close" and len(nested) > 1:
            nested.pop()
        elif kind == "word" and len(nested) == 1:
            if match["word"] == b"ID":
                end = _IMAGE_END.search(data, position)
                position = end.end() if end else len(data)
            else:
                yield Operator(match["word"], operands)
            operands = []
            nested = [operands]
        if len(nested[-1]) > _MOST_OPERANDS:
            raise Unreadable(f"an operator has more than {_MOST_OPERANDS:,} operands")


def unescaped(literal: bytes) -> bytes:
    """Return the bytes that a literal string's text stands for."""
    return _ESCAPE.sub(_character, literal) if b"\\" in literal or b"\r" in literal else literal


def from_hex(digits: bytes) -> bytes:
    """Return the bytes of a hexadecimal string; a last digit that is missing is zero."""
    digits = b"".join(digits.replace(b"\0", b"").split())
    return bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode())


def _closing(data: bytes, position: int) -> int:
    depth = 1
    for match in _PARENTHESIS.finditer(data, position):
        if match[0] == b"(":
            depth += 1
        elif match[0] == b")":
            depth -= 1
            if not depth:
                return match.start()
    return len(data)


def _character(escape: re.Match[bytes]) -> bytes:
    if escape[1]:
        return bytes((int(escape[1], 8) & 0xFF,))
    return _CONTROLS.get(escape[2], escape[2]) if escape[2] else b"\n"


def _string(match: re.Match[bytes], data: bytes) -> tuple[Operand, int]:
    end = _closing(data, match.end())
    return unescaped(data[match.end() : end]), end + 1


def _number(match: re.Match[bytes], _data: bytes) -> tuple[Operand, int]:
    # Readers take "--5" and "1.2-3" too.
    number = _NUMBER.search(match["number"])
    return float(number[0]) if number else 0.0, match.end()


def _name(match: re.Match[bytes], _data: bytes) -> tuple[Operand, int]:
    text = _NAME_ESCAPE.sub(lambda escape: bytes.fromhex(escape[1].decode()), match["name"])
    return "/" + text.decode("latin-1"), match.end()


def _hexadecimal(match: re.Match[bytes], _data: bytes) -> tuple[Operand, int]:
    return from_hex(match["hex"]), match.end()


_OPERANDS: Final[dict[str | None, Callable[[re.Match[bytes], bytes], tuple[Operand, int]]]] = {
    "string": _string,
    "number": _number,
    "name": _name,
    "hex": _hexadecimal,
}
