"""Make a member of values, each on its own line, that says of each which column and row it is."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING

from akpatrol.model.scan import Part
from akpatrol.unwrap.containers.member import PIECE_BYTES, Member

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


def member_of(kind: str, values: Sequence[bytes], label: Callable[[int], str]) -> Member:
    """Return a member of a few values; ``label`` names one of them by its number, and is only called for findings."""
    starts: list[int] = []

    def part_at(offset: int) -> Part | None:
        if not starts:
            starts.extend(accumulate((len(value) + 1 for value in values), initial=0))
        number = bisect_right(starts, offset) - 1
        if not 0 <= number < len(values):
            return None
        lines = values[number].count(b"\n", 0, offset - starts[number])
        return Part(f"{kind}:{label(number)}", starts[number], lines)

    return Member(kind, pieces=_pieces(values), part_at=part_at)


def _pieces(values: Sequence[bytes]) -> Iterator[bytes]:
    data = b"\n".join(values) + b"\n"
    for start in range(0, len(data), PIECE_BYTES):
        yield data[start : start + PIECE_BYTES]
