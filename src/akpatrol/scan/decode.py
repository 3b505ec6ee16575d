"""Pass decoded text back to the engine, and decide which findings in it count."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from akpatrol.detect.medium import Stored
from akpatrol.model.scan import Confidence, Counted, End, Excluded, Match, Skipped
from akpatrol.scan.work import DECODED, DECODED_BYTES
from akpatrol.unwrap.containers.recognise import is_flaw, is_gap, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Sequence

    from akpatrol.detect.enclosing_text import EnclosingText
    from akpatrol.detect.engine import Engine
    from akpatrol.detect.keywords import Clue
    from akpatrol.detect.prefilter_result import PrefilterResult
    from akpatrol.model.credential import RawFinding
    from akpatrol.model.scan import Origin
    from akpatrol.scan.work import Work
    from akpatrol.unwrap.budget import Budget
    from akpatrol.unwrap.encodings.encoding import Decoded
    from akpatrol.unwrap.encodings.negative_cache import NegativeCache
    from akpatrol.unwrap.encodings.registry import Decoder

    ScanItem = RawFinding | Skipped | Counted | Excluded

_WIDEST = 4  # bytes of a character
_BATCH_BYTES, _BATCH = 64 << 10, 512  # so little data that the prefilter reports each place

# Decoded text may be encoded again, in more than one way: this bounds the decoded size, in sizes of the chunk.
GROWTH = 16
_LEAST_BYTES = 1 << 20
_EXCERPT_BYTES = 64 << 10
_SURE_BYTES = 64  # of expanded data, or of a form that is not opened, that make encoded text a container


class Layer(NamedTuple):
    """Text at some depth of encodings; ``span`` maps its offsets to the chunk's, ``clues`` are those around it.

    ``around`` is this text, as the context of the runs that are encoded in it.
    """

    data: bytes
    encodings: tuple[str, ...]
    span: Callable[[int, int], tuple[int, int]]
    clues: Callable[[], frozenset[Clue]]
    around: EnclosingText


class Within(NamedTuple):
    """The bounds on a content: the work left for the outermost one, and the budget of its container."""

    work: Work
    budget: Budget | None = None


class ChunkState(NamedTuple):
    """The state of decoding one chunk: its origin, its bounds, and the decoded bytes still allowed.

    ``seen`` has hashes of the places and the data of decoded texts: two encodings give one text in either order.
    """

    origin: Origin
    within: Within
    left: list[int]
    seen: set[int]


# In ``ChunkState.seen`` once a skip said that something is encoded too many times over.
TOO_DEEP = -1  # no hash is


def stored(data: bytes, part: Decoded) -> Stored | None:
    """Return the bytes around wide text within other data; None for other text, and where it is all of the data."""
    if part.width == 1 or part.end - part.start == len(data):
        return None
    return Stored(data, lambda offset: part.span(offset, offset)[1], part.width)


def decoded(
    decoder: Decoder, layer: Layer, result: PrefilterResult, state: ChunkState, negatives: NegativeCache
) -> Iterator[tuple[Decoded, bool]]:
    """Decode the runs in a layer, up to the bytes allowed; say of each whether it was not decoded before."""
    work = state.within.work
    for part in decoder.find(layer.data, result.fired, negatives, work):
        work.left -= DECODED + len(part.data) // DECODED_BYTES
        where = hash((*layer.span(part.start, part.end), part.data))  # a number is nothing to collect
        is_new = where not in state.seen
        if is_new:
            state.seen.add(where)
            state.left[0] -= len(part.data)
            if state.left[0] < 0:
                return
        yield part, is_new


def passing(engine: Engine, layer: Layer, parts: Sequence[tuple[Decoded, bool]]) -> Container[int]:
    """Return the numbers of the decoded texts that pass the prefilter, by one search in all of them."""
    # A rule whose keyword is outside the text may match without a prefilter result.
    if len(parts) == 1 or layer.around.rules:
        return range(len(parts))
    passing_numbers = set(engine.prefiltered_parts([part.data for part, _ in parts], encoded=True))
    passing_numbers.update(number for number, (part, _) in enumerate(parts) if kind_of(part.data))
    return passing_numbers


def batched(parts: Iterator[tuple[Decoded, bool]]) -> Iterator[list[tuple[Decoded, bool]]]:
    """Yield decoded texts in lists that can be searched together."""
    batch, size = [], 0
    for part in parts:
        batch.append(part)
        size += len(part[0].data)
        if size > _BATCH_BYTES or len(batch) >= _BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def with_doubtful_end(match: Match, data: bytes, part: Decoded, end: int) -> Match:
    """Return a match in a decoded part, with an uncertain end where it may continue on the next line of ``data``."""
    from akpatrol.unwrap.encodings.prefixed_lines import is_cut  # noqa: PLC0415 - most runs have no match

    if not is_cut(data, part, end):
        return match
    return match._replace(ending=End.UNCERTAIN, confidence=min(match.confidence, Confidence.MEDIUM))


def in_chunk(match: Match, part: Decoded, span: tuple[int, int], encodings: tuple[str, ...]) -> Match:
    """Return a match in a decoded part as one at ``span`` of its chunk."""
    # The lines of other encodings are not those of the text within.
    lines_before = match.lines_before if part.encoding.startswith("utf-") else 0
    start, end = span
    return match._replace(start=start, end=end, encodings=encodings, lines_before=lines_before)


def as_joined(match: Match, part: Decoded, start: int, end: int) -> Match | None:
    """Return a match at ``[start, end)`` of a decoded part with what its joints say; None for one within a piece."""
    if not part.joints:
        return match
    if not any(start < joint < end for joint in part.joints):
        return None  # found without joining
    ending = End.UNCERTAIN if part.is_guess else match.ending
    return match._replace(ending=ending, confidence=min(match.confidence, Confidence.MEDIUM))


def distinct(matches: Sequence[Match]) -> list[Match]:
    """Return the matches in order, without shorter readings of the same place and longer chains of encodings to it.

    Where wide text is read in both byte orders, the reading with a certain end counts.
    """
    kept: list[Match] = []
    last: dict[str, Match] = {}
    certain = {(match.rule_id, match.start) for match in matches if match.ending is End.CERTAIN and match.encodings}
    for match in sorted(matches, key=lambda match: (match.start, -match.end, len(match.encodings))):
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


def most_bytes(size: int) -> int:
    """Return how many bytes of decoded text a chunk of ``size`` bytes may give."""
    return max(_LEAST_BYTES, GROWTH * size)


def container_items(items: Sequence[ScanItem], size: int) -> list[ScanItem]:
    """Return the items that count of a container encoded in ``size`` bytes; nothing if it only begins like one.

    A form that is not opened shows only by its beginning and its size.
    """
    expanded = sum(item.size for item in items if isinstance(item, Counted))
    if expanded < _SURE_BYTES and all(isinstance(item, Counted | Skipped | Excluded) for item in items):
        return [item for item in items if isinstance(item, Skipped) and size >= _SURE_BYTES and is_gap(item.reason)]
    small = size < _EXCERPT_BYTES
    return [item for item in items if not (isinstance(item, Skipped) and is_flaw(item.reason, of_any_part=small))]


def without_repeated_skips(items: Sequence[ScanItem], state: ChunkState) -> Iterator[ScanItem]:
    """Yield all items, but equal skips only once: a text may hold many files of one form."""
    for item in items:
        if not isinstance(item, Skipped):
            yield item
        elif (skip := hash(item)) not in state.seen:
            state.seen.add(skip)
            yield item
