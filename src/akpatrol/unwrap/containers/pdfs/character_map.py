"""Read a ToUnicode map, or the code lengths of an embedded CMap (ISO 32000-1, 9.10.3; Adobe Technical Note 5014)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from akpatrol.unwrap.containers.pdfs.tokens import operators

if TYPE_CHECKING:
    from akpatrol.unwrap.containers.pdfs.tokens import Operand

# As many characters as Unicode's first plane has; a hostile range names any number of them.
_MOST = 1 << 16


class CharacterMap(NamedTuple):
    """``texts`` of codes, and ``lengths``: the number of bytes of a code by the range of its first byte."""

    texts: dict[int, str]
    lengths: list[tuple[int, int, int]]

    def length(self, first: int) -> int | None:
        """Return how long the codes are that begin with a byte, None where the map does not say."""
        return next((number for low, high, number in self.lengths if low <= first <= high), None)


def character_map(data: bytes) -> CharacterMap:
    """Return what a CMap says; what is damaged in it is left out."""
    texts: dict[int, str] = {}
    lengths: list[tuple[int, int, int]] = []
    for name, operands in operators(data):
        if name == b"endcodespacerange":
            lengths += _lengths(operands)
        elif name == b"endbfchar":
            for code, text in zip(operands[::2], operands[1::2], strict=False):
                if isinstance(code, bytes) and len(texts) < _MOST:
                    texts[int.from_bytes(code)] = _text(text)
        elif name == b"endbfrange":
            for first, last, to in zip(operands[::3], operands[1::3], operands[2::3], strict=False):
                if isinstance(first, bytes) and isinstance(last, bytes):
                    _range(texts, int.from_bytes(first), int.from_bytes(last), to)
    return CharacterMap(texts, lengths)


def _lengths(operands: list[Operand]) -> list[tuple[int, int, int]]:
    return [
        (low[0], high[0], len(low))
        for low, high in zip(operands[::2], operands[1::2], strict=False)
        if isinstance(low, bytes) and isinstance(high, bytes) and low and len(low) == len(high)
    ]


def _range(texts: dict[int, str], first: int, last: int, to: Operand) -> None:
    last = min(last, first + _MOST - len(texts))
    if isinstance(to, list):
        for code, text in zip(range(first, last + 1), to, strict=False):
            texts[code] = _text(text)
    elif isinstance(to, bytes) and to:
        before, start = to[:-2], int.from_bytes(to[-2:])
        width = min(2, len(to))
        for code in range(first, last + 1):
            texts[code] = _text(before + (start + code - first & 0xFFFF).to_bytes(2)[-width:])


def _text(target: Operand) -> str:
    """Return a target as text; nothing where it is none, as for a character that the font's maker did not know."""
    if not isinstance(target, bytes):
        return ""
    text = target.decode("latin-1" if len(target) == 1 else "utf-16-be", "replace")
    # Symbolic fonts have ASCII at U+F020.
    return "".join(chr(ord(each) - 0xF000) if "\uf020" <= each <= "\uf07e" else each for each in text)
