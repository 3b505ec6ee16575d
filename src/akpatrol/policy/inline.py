"""``akpatrol:allow <reason>`` on a credential's line, or alone on the line above, in any comment syntax.

For users' rules, ``gitleaks:allow`` and ``betterleaks:allow`` count too, anywhere on the lines of the match.
"""

from __future__ import annotations

import re

# A line may be a whole minified file: text farther away is not a comment on this credential.
REACH_BYTES = 1024

_MARK = re.compile(rb"(?<![\w-])akpatrol:allow(?![\w-])")
_CLOSING = re.compile(rb"\*/|--%?>|[%#]\}|\*\)|%>|\"\"\"|'''")
_BEFORE_ALONE = re.compile(rb"\W*(?:rem\b|dnl\b|_*comment\b)?\W*", re.IGNORECASE)
_AFTER_ALONE = re.compile(rb"\W*")
_FOREIGN_MARK = re.compile(rb"(?:git|better)leaks:allow")
_ENDS = b" \t\r\"'`,;"


def find(data: bytes, start: int, end: int) -> str | None:
    """Return the reason for allowing ``data[start:end]``, "" for a mark without one, None for no mark."""
    low, high = max(0, start - REACH_BYTES), min(len(data), end + REACH_BYTES)
    begin = data.rfind(b"\n", low, start) + 1 or low
    stop = data.find(b"\n", end, high)
    stop = high if stop < 0 else stop
    for line in (data[begin:start], data[end:stop]):
        if mark := _MARK.search(line):
            return _reason(line, mark)[0]
    above = data[max(0, begin - 1 - REACH_BYTES) : begin - 1] if data[begin - 1 : begin] == b"\n" else b""
    line = above[above.rfind(b"\n") + 1 :]
    if (mark := _MARK.search(line)) and _BEFORE_ALONE.fullmatch(line, 0, mark.start()):
        reason, rest = _reason(line, mark)
        # A comment after other code is about that line's own credential.
        return reason if _AFTER_ALONE.fullmatch(rest) else None
    return None


def foreign(data: bytes, start: int, end: int, lines_before: int = 0) -> str | None:
    """Return another scanner's mark for ``data[start:end]``, with a reason if it gives one; None for no mark.

    Its lines begin so many ``lines_before``.
    """
    low, high = max(0, start - REACH_BYTES), min(len(data), end + REACH_BYTES)
    begin = start
    for _ in range(min(lines_before, REACH_BYTES) + 1):
        begin = max(data.rfind(b"\n", low, begin), low)
    begin += data[begin : begin + 1] == b"\n"
    stop = data.find(b"\n", end, high)
    lines = data[begin : high if stop < 0 else stop]
    mark = _FOREIGN_MARK.search(lines)
    if not mark:
        return None
    last = lines.find(b"\n", mark.end())
    reason, _ = _reason(lines[: last if last >= 0 else len(lines)], mark)
    return f"{mark[0].decode()}{': ' if reason else ''}{reason}"


def _reason(line: bytes, mark: re.Match[bytes]) -> tuple[str, bytes]:
    """Return the rest of the mark's comment, and the text after the comment on its line."""
    rest = line[mark.end() :]
    quote = line[: mark.start()].rstrip(b" \t#/*;-")[-1:]
    ends = [closing.start()] if (closing := _CLOSING.search(rest)) else []
    if quote and quote in b"\"'" and (position := rest.find(quote)) >= 0:
        ends.append(position)
    stop = min(ends, default=len(rest))
    text = rest[:stop].strip(b" \t:").rstrip(_ENDS).decode("utf-8", "backslashreplace")
    return (text if any(character.isalnum() for character in text) else ""), rest[stop:]
