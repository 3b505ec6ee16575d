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


def complete(
    data: bytes,
    matches: Iterable[Accepted],
    required: Sequence[Required],
    matches_of: Callable[[str], Iterable[Accepted]],
) -> Iterator[Accepted]:
    """Yield the matches for which each required rule has a match near enough; ``matches_of`` returns a rule's."""
    found = list(matches)
    if not found:
        return
    position = _positions(data)
    near = {rule.rule_id: [position(span.start) for span, _ in matches_of(rule.rule_id)] for rule in required}
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
