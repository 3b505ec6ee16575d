"""Text that was decoded, on its way back through the engine, and what is to be believed of what is found in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from akpatrol.detect.medium import Stored
from akpatrol.model.scan import Confidence, Counted, End, Excluded, Match, Skipped
from akpatrol.scan.work import DECODED, DECODED_BYTES
from akpatrol.unwrap.containers.recognise import is_flaw, is_gap, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Sequence

    from akpatrol.detect.engine import Engine
    from akpatrol.detect.keywords import Clue
    from akpatrol.detect.outside import Around
    from akpatrol.detect.prefilter_result import PrefilterResult
    from akpatrol.model.credential import RawFinding
    from akpatrol.model.scan import Origin
    from akpatrol.scan.work import Work
    from akpatrol.unwrap.budget import Budget
    from akpatrol.unwrap.encodings.encoding import Decoded
    from akpatrol.unwrap.encodings.registry import Decoder
    from akpatrol.unwrap.encodings.silent import Silent

    Found = RawFinding | Skipped | Counted | Excluded

_WIDEST = 4  # bytes of a character
_BATCH_BYTES, _BATCH = 64 << 10, 512  # in which the gate tells each place

# Decoded text may be encoded again, in more than one way: a bound on what one chunk may come to, in its own size.
GROWTH = 16
_LEAST_BYTES = 1 << 20
_EXCERPT_BYTES = 64 << 10
_SURE_BYTES = 64  # expanded, or of a form that is not opened, to call encoded text a container


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

    ``seen`` has hashes of where decoded texts stand and what they say: two encodings lead to one text in either order.
    """

    origin: Origin
    within: Within
    left: list[int]
    seen: set[int]


# What ``Turn.seen`` holds once it was told that something is encoded too many times over.
TOO_DEEP = -1  # no hash is


def stored(data: bytes, part: Decoded) -> Stored | None:
    """Return the bytes round wide text that lies amid other data, None for other text and where it is all there is."""
    if part.width == 1 or part.end - part.start == len(data):
        return None
    return Stored(data, lambda offset: part.span(offset, offset)[1], part.width)


def decoded(
    decoder: Decoder, layer: Layer, suspicion: PrefilterResult, turn: Turn, silent: Silent
) -> Iterator[tuple[Decoded, bool]]:
    """Yield what is encoded in a layer, and whether it was not met in another way, up to the bytes that are allowed."""
    work = turn.within.work
    for part in decoder.find(layer.data, suspicion.alarms, silent, work):
        work.left -= DECODED + len(part.data) // DECODED_BYTES
        where = hash((*layer.span(part.start, part.end), part.data))  # a number is nothing to collect
        is_new = where not in turn.seen
        if is_new:
            turn.seen.add(where)
            turn.left[0] -= len(part.data)
            if turn.left[0] < 0:
                return
        yield part, is_new


def suspected_of(engine: Engine, layer: Layer, parts: Sequence[tuple[Decoded, bool]]) -> Container[int]:
    """Return the numbers of those decoded texts in which there may be something, by one look at all of them."""
    # A rule whose keyword stands outside may match without a sign of it.
    if len(parts) == 1 or layer.around.rules:
        return range(len(parts))
    suspected = set(engine.suspects([part.data for part, _ in parts]))
    suspected.update(number for number, (part, _) in enumerate(parts) if kind_of(part.data))
    return suspected


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


def doubted(found: Match, data: bytes, part: Decoded, end: int) -> Match:
    """Return a match in a decoded part, with an uncertain end where it may go on in the next line of ``data``."""
    from akpatrol.unwrap.encodings.prefixed_lines import is_cut  # noqa: PLC0415 - most runs have no hit

    if not is_cut(data, part, end):
        return found
    return found._replace(ending=End.UNCERTAIN, confidence=min(found.confidence, Confidence.MEDIUM))


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


def most_bytes(size: int) -> int:
    """Return how many bytes of decoded text a chunk of ``size`` bytes may come to."""
    return max(_LEAST_BYTES, GROWTH * size)


def of_container(found: Sequence[Found], size: int) -> list[Found]:
    """Return what counts of a container encoded in ``size`` bytes of text; nothing if it only begins like one.

    Of a form that is not opened nothing more shows than its beginning and its size.
    """
    expanded = sum(item.size for item in found if isinstance(item, Counted))
    if expanded < _SURE_BYTES and all(isinstance(item, Counted | Skipped | Excluded) for item in found):
        return [item for item in found if isinstance(item, Skipped) and size >= _SURE_BYTES and is_gap(item.reason)]
    small = size < _EXCERPT_BYTES
    return [item for item in found if not (isinstance(item, Skipped) and is_flaw(item.reason, of_any_part=small))]


def new_of(found: Sequence[Found], turn: Turn) -> Iterator[Found]:
    """Yield what is found, and of skips that are alike the first: a text may hold many files of one form."""
    for item in found:
        if not isinstance(item, Skipped):
            yield item
        elif (skip := hash(item)) not in turn.seen:
            turn.seen.add(skip)
            yield item
