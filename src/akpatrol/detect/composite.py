"""Composite rules: a match counts where matches of other rules are near, as in gitleaks (detect/detect.go).

Lines and columns are those of gitleaks: a column is in bytes, and one more on every line but the first.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from akpatrol.detect.match import MatchSpan
    from akpatrol.rules.rule import Required

    # A match, and the allowlists that its place may complete.
    Accepted = tuple[MatchSpan, tuple[int, ...]]


class _Position(NamedTuple):
    line: int
    column: int


_FILE = _Position(-1, -1)
"""Above and before the first character, as gitleaks counts for a file that is found by its path."""


def complete(
    data: bytes,
    matches: Iterable[Accepted],
    required: Sequence[Required],
    matches_of: Callable[[str], Iterable[Accepted] | None],
) -> Iterator[Accepted]:
    """Yield the matches for which each required rule has a match near enough; ``matches_of`` returns a rule's.

    It returns None for a rule that finds the file by its path.
    """
    found = list(matches)
    if not found:
        return
    position = _positions(data)
    near = {}
    for rule in required:
        others = matches_of(rule.rule_id)
        near[rule.rule_id] = [_FILE] if others is None else [position(span.start) for span, _ in others]
    for span, waiting in found:
        place = position(span.start)
        if all(any(_is_near(place, other, rule) for other in near[rule.rule_id]) for rule in required):
            yield span, waiting


def _is_near(one: _Position, other: _Position, required: Required) -> bool:
    lines, columns = required.within_lines, required.within_columns
    if lines is not None and abs(one.line - other.line) > lines:
        return False
    return columns is None or abs(one.column - other.column) <= columns


def _positions(data: bytes) -> Callable[[int], _Position]:
    newlines = []
    place = data.find(b"\n")
    while place >= 0:
        newlines.append(place)
        place = data.find(b"\n", place + 1)

    def position(offset: int) -> _Position:
        # A match that begins with a line break begins on the line after it.
        line = bisect_right(newlines, offset)
        return _Position(line, offset - (newlines[line - 1] if line else 0))

    return position
