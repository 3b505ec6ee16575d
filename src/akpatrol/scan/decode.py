"""Text that was decoded, on its way back through the engine, and what is to be believed of what is found in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from akpatrol.detect.medium import Stored
from akpatrol.model.scan import Confidence, End, Match

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from akpatrol.detect.engine import Around
    from akpatrol.detect.keywords import Clue
    from akpatrol.model.scan import Origin
    from akpatrol.unwrap.budget import Budget
    from akpatrol.unwrap.encodings.encoding import Decoded
    from akpatrol.work import Work

_WIDEST = 4  # bytes of a character
_BATCH_BYTES, _BATCH = 64 << 10, 512  # in which the gate tells each place


class Layer(NamedTuple):
    """Text at some depth of encodings; ``span`` maps its offsets to the chunk's, ``clues`` stand round it.

    ``around`` is the text itself, for what is encoded in it.
    """

    data: bytes
    encodings: tuple[str, ...]
    span: Callable[[int, int], tuple[int, int]]
    clues: Callable[[], frozenset[Clue]]
    around: Around


class Within(NamedTuple):
    """What bounds a content: the work that is left for the outermost, and the budget of the container round it."""

    work: Work
    budget: Budget | None = None


class Turn(NamedTuple):
    """One chunk being decoded: its origin, what it lies within, and the bytes still allowed.

    ``seen`` has where decoded texts stand and their hashes: two encodings lead to one text in either order.
    """

    origin: Origin
    within: Within
    left: list[int]
    seen: set[tuple[int, int, int]]


# What ``Turn.seen`` holds once it was told that something is encoded too many times over.
TOO_DEEP = (-1, -1, 0)


def stored(data: bytes, part: Decoded) -> Stored | None:
    """Return the bytes round wide text that lies amid other data, None for other text and where it is all there is."""
    if not part.encoding.startswith("utf-") or part.end - part.start == len(data):
        return None
    return Stored(data, lambda offset: part.span(offset, offset)[1], int(part.encoding[4:6]) // 8)


def batched(parts: Iterator[tuple[Decoded, bool]]) -> Iterator[list[tuple[Decoded, bool]]]:
    """Yield decoded texts, with what is known of them, in lists of as many as can be looked at together."""
    batch, size = [], 0
    for part in parts:
        batch.append(part)
        size += len(part[0].data)
        if size > _BATCH_BYTES or len(batch) >= _BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def doubted(match: Match) -> Match:
    """Return a match that may go on where its text was cut."""
    return match._replace(ending=End.UNCERTAIN, confidence=min(match.confidence, Confidence.MEDIUM))


def distinct(matches: Sequence[Match]) -> list[Match]:
    """Return the matches in order, without shorter readings of the same place and longer ways to it.

    Of wide text that is read in both byte orders the one counts whose end is certain.
    """
    kept: list[Match] = []
    last: dict[str, Match] = {}
    certain = {(one.rule_id, one.start) for one in matches if one.ending is End.CERTAIN and one.encodings}
    for match in sorted(matches, key=lambda one: (one.start, -one.end, len(one.encodings))):
        if match.ending is End.UNCERTAIN and match.encodings:
            near = range(match.start - _WIDEST + 1, match.start + _WIDEST)
            if any((match.rule_id, start) in certain for start in near):
                continue
        before = last.get(match.rule_id)
        if before and match.end <= before.end and before.encodings != match.encodings:
            continue
        kept.append(match)
        if not before or match.end > before.end:
            last[match.rule_id] = match
    return kept
