"""Set the pieces of text that a page shows into lines.

Programs set a word in any number of pieces: one for each kerned pair, glyph or change of the font. Pieces join where
they touch on the page, in whatever order they were drawn. Lines keep the order in which they were begun, because that
keeps columns and cells apart. Two pieces are words of one line with a small gap between them; beyond it they are lines.
"""

from __future__ import annotations

import re
from math import atan2, cos, degrees, radians, sin
from typing import NamedTuple

# Distances in sizes of the font: how far pieces may overlap and touch, and how wide a blank between words may be.
_OVERLAP, _TOUCH, _BLANK = -0.3, 0.18, 1.3
# How far baselines of one line may be apart, and those of successive lines.
_SAME_LINE, _NEXT_LINE = 0.3, 2.5
# How much of a line may be empty when the next character did not fit, and how far from a line its block is looked at.
_FULL, _BLOCK_LINES = 0.95, 20
# How many lines beside one another are continued.
_OPEN_LINES = 16
# So many letters that stand alone are one word that is set with wide spaces.
_SPACED = 8
_TAIL = re.compile(r"[A-Za-z0-9_.\-]+\Z")
_HEAD = re.compile(r"[A-Za-z0-9_.\-]+")
_WORD = re.compile(r"[A-Z]?[a-z]+[.,]?|[A-Z]+|\d{1,4}\.?|[-.]+")
# Another credential begins, not the rest of this one.
_PREFIX = re.compile(r"[A-Za-z]{2,8}[_-]")
# The end of a random text is hardly ever like a word of three letters or more.
_LEAST_WRAPPED, _LEAST_TAIL, _LEAST_WORD = 20, 6, 2
# A control character makes the text around it one whose ends are uncertain.
_UNCERTAIN = "\x02"


class Piece(NamedTuple):
    """Text from one point of the page to another in the direction ``angle`` (in degrees); ``size`` is the font's."""

    text: str
    x: float
    y: float
    end_x: float
    end_y: float
    size: float
    angle: int = 0


class PageLines(NamedTuple):
    """A page's ``lines``, and those that may continue on the next one, as they would be joined."""

    lines: str
    wrapped: str


class _TextLine:
    """Pieces that follow one another on one baseline."""

    __slots__ = ("angle", "baseline", "end", "order", "parts", "size", "start")

    def __init__(self, piece: Piece, order: int, start: float, end: float, baseline: float) -> None:
        self.order, self.size, self.angle = order, piece.size, piece.angle
        self.start, self.end, self.baseline = start, end, baseline
        self.parts = [("", piece.text)]

    def add(self, piece: Piece, order: int, end: float, gap: float) -> None:
        joined = gap <= _TOUCH * self.size
        self.parts.append(("" if joined else " ", piece.text))
        self.order, self.end, self.size = min(self.order, order), max(self.end, end), piece.size

    def text(self) -> str:
        alone = [text for before, text in self.parts if before and len(text) == 1]
        if len(alone) >= _SPACED and len(alone) == len(self.parts) - 1:
            return "".join(text for _, text in self.parts)
        return "".join(before + text for before, text in self.parts)


def texts(pieces: list[Piece]) -> PageLines:
    """Return the text of a page."""
    lines = sorted(_lines(pieces), key=lambda line: line.order)
    written = [line.text() for line in lines]
    shown: list[str] = []
    wrapped: list[str] = []
    number = 0
    while number < len(lines):
        last = number
        while last + 1 < len(lines) and _continues(lines, written, last):
            last += 1
        if last == number:
            shown.append(written[number])
        else:
            # The line before may say what it is.
            wrapped += shown[-1:]
            wrapped.append("".join(map(str.strip, written[number : last + 1])) + _UNCERTAIN)
            if written[number].endswith("-"):
                # A hyphen may have been set only because the line ends.
                rest_of_lines = "".join(map(str.strip, written[number + 1 : last + 1]))
                wrapped.append(written[number].rstrip("-") + rest_of_lines + _UNCERTAIN)
            rest = _head(written[last])
            if _WORD.fullmatch(rest) or rest != written[last].strip() or lines[number].end < lines[last].end:
                wrapped += [written[each] + _UNCERTAIN for each in range(number, last + 1)]
        number = last + 1
    return PageLines("\n".join(shown), "\n".join(wrapped))


def _lines(pieces: list[Piece]) -> list[_TextLine]:
    placed = []
    for order, piece in enumerate(pieces):
        across, up = cos(radians(piece.angle)), sin(radians(piece.angle))
        start, end = piece.x * across + piece.y * up, piece.end_x * across + piece.end_y * up
        placed.append((piece.angle, piece.y * across - piece.x * up, start, end, order))
    placed.sort()
    lines: list[_TextLine] = []
    row: list[tuple[int, float, float, float, int]] = []
    for each in placed:
        if row and (each[0] != row[0][0] or each[1] - row[0][1] > _SAME_LINE * pieces[row[0][4]].size):
            lines += _row(pieces, row)
            row = []
        row.append(each)
    return lines + _row(pieces, row)


def _row(pieces: list[Piece], row: list[tuple[int, float, float, float, int]]) -> list[_TextLine]:
    """Return the lines on one baseline: several where columns, or the same text twice, are side by side."""
    lines: list[_TextLine] = []
    continued: list[_TextLine] = []
    for _, baseline, start, end, order in sorted(row, key=lambda each: (each[2], each[4])):
        piece = pieces[order]
        best = min(continued, key=lambda line: abs(start - line.end), default=None)
        if best and _OVERLAP * best.size <= start - best.end <= _BLANK * best.size:
            best.add(piece, order, end, start - best.end)
            continue
        line = _TextLine(piece, order, start, end, baseline)
        lines.append(line)
        continued = [*continued[-_OPEN_LINES + 1 :], line]
    return lines


def _head(text: str) -> str:
    match = _HEAD.match(text.lstrip())
    return match[0] if match else ""


def _continues(lines: list[_TextLine], written: list[str], number: int) -> bool:
    """Return whether a word at the end of a line may continue at the beginning of the next one."""
    line, following = lines[number], lines[number + 1]
    tail, head = _TAIL.search(written[number].rstrip()), _head(written[number + 1])
    if not tail or not head or len(tail[0]) < _LEAST_TAIL or len(tail[0] + head) < _LEAST_WRAPPED:
        return False
    if _PREFIX.match(head) or _WORD.fullmatch(tail[0]) or not any(map(str.isdigit, tail[0] + head)):
        return False
    below = line.baseline - following.baseline
    if line.angle != following.angle or not 0 < below <= _NEXT_LINE * line.size:
        return False
    alone = head == written[number + 1].strip()
    if following.start > line.start + line.size or (_WORD.fullmatch(head) and not (alone and len(head) <= _LEAST_WORD)):
        return False
    block = _block(lines, number, below)
    full = line.end + _FULL * line.size
    if any(each.end > full for each in block):
        # Text that was set line by line, perhaps: both readings are told.
        return alone and not _WORD.fullmatch(head)
    # Beside other text the longest line proves nothing, unless another one is as long.
    return alone or len(block) <= 2 or any(each is not line and each.end > line.end - line.size for each in block)  # noqa: PLR2004


def _block(lines: list[_TextLine], number: int, spacing: float) -> list[_TextLine]:
    """Return the lines around one that are as far from each other, and begin below each other."""

    def follows(line: _TextLine, following: _TextLine) -> bool:
        apart = abs(line.baseline - following.baseline - spacing)
        return apart < _SAME_LINE * line.size and following.start <= line.start + line.size

    first = last = number
    while first and number - first < _BLOCK_LINES and follows(lines[first - 1], lines[first]):
        first -= 1
    while last + 1 < len(lines) and last - number < _BLOCK_LINES and follows(lines[last], lines[last + 1]):
        last += 1
    return lines[first : last + 1]


def angle(x: float, y: float) -> int:
    """Return a direction in degrees."""
    return round(degrees(atan2(y, x))) % 360
