"""Open, scan and decode the contents of units: unwrap and the engine take turns until nothing is left."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING

from akpatrol.config.limits import Limits
from akpatrol.detect.enclosing_text import Outer
from akpatrol.detect.engine import Engine
from akpatrol.detect.medium import Medium
from akpatrol.model.batch import ContentBatch
from akpatrol.model.member_path import path_of
from akpatrol.model.scan import Chunk, Content, Counted, Excluded, Match, Skipped
from akpatrol.rules.literals import of_all
from akpatrol.scan.counting import counted
from akpatrol.scan.decode import (
    GROWTH,
    TOO_DEEP,
    ChunkState,
    Layer,
    Within,
    as_joined,
    batched,
    container_items,
    decoded,
    distinct,
    in_chunk,
    most_bytes,
    passing,
    stored,
    with_doubtful_end,
    without_repeated_skips,
)
from akpatrol.scan.gather import gathered
from akpatrol.scan.program_chunks import chunks_of, shortened_chunk, whole_chunk
from akpatrol.scan.repeats import shorten
from akpatrol.scan.silent_contents import SilentContents, key_of
from akpatrol.scan.work import EXAMINED, FOUND, REASON, Work
from akpatrol.sources.base import PathsUnit, RescanUnit
from akpatrol.unwrap.containers.forms import COMPRESSED, WHOLE
from akpatrol.unwrap.containers.member import title
from akpatrol.unwrap.containers.recognise import ZIP_END, containers_among, has_zip_tail, is_opened, kind_of, tail_kind
from akpatrol.unwrap.encodings.negative_cache import NegativeCache
from akpatrol.unwrap.encodings.registry import decoder

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from akpatrol.detect.keywords import Clue
    from akpatrol.detect.prefilter import PrefilterChoice
    from akpatrol.detect.prefilter_result import PrefilterResult
    from akpatrol.model.credential import RawFinding
    from akpatrol.model.scan import Secret
    from akpatrol.rules.literals import Literal
    from akpatrol.rules.rule import RuleSet
    from akpatrol.scan.decode import ScanItem
    from akpatrol.scan.repeats import Shortened
    from akpatrol.sources.base import Item, Unit
    from akpatrol.unwrap.encodings.encoding import Decoded

    Decoding = Generator[Match | ScanItem, None, bool]

# Beneath the depth to which encodings are decoded, down to this one, they are only checked for a possible match.
_DEEPEST = 64


class Examiner:
    """Finds credentials in the contents of units.

    ``literals`` are those of the rules, where another process has derived them.
    """

    def __init__(
        self,
        rules: RuleSet,
        limits: Limits = Limits(),  # noqa: B008
        prefilter: PrefilterChoice = "auto",
        literals: Sequence[Literal] | None = None,
    ) -> None:
        self.rules = rules
        self.limits = limits
        self.literals = literals if literals is not None or not limits.decode else of_all(rules.rules)
        self._decoder = decoder(self.literals, None if limits.decode else ())
        triggers = (*self._decoder.triggers, ZIP_END) if limits.containers else self._decoder.triggers
        self._zip_end = len(self._decoder.triggers)
        # Encoded texts without a possible match: histories repeat them.
        self._negative_keys: set[tuple[int, object]] = set()
        self._silent = SilentContents()
        self._key = partial(key_of, paths_matter=rules.ask_for_paths)
        self._all_shipped = all(rule.shipped for rule in rules.rules)
        self.engine = Engine(rules, prefilter, triggers)

    def examine(self, unit: Unit) -> Iterator[ScanItem]:
        """Read one unit and yield raw findings, counts and skips."""
        if isinstance(unit, RescanUnit) and unit.known:
            from akpatrol.scan.rescan import rescanned  # noqa: PLC0415 - a history that was scanned before

            yield from rescanned(unit, self.rules, self.examine_item)
            return
        if isinstance(unit, PathsUnit):
            from akpatrol.scan.path_findings import files_by_path  # noqa: PLC0415 - only a history has such

            yield from files_by_path(unit, self.engine.path_rules)
            return
        # Nearly all files and objects are small and hold nothing.
        for item in gathered(unit.read()):
            yield from self.examine_item(item)

    def _batch(self, batch: ContentBatch, within: Within | None) -> Iterator[ScanItem]:
        data = batch.data
        containers = containers_among(data) if self.limits.containers else set()
        for number in sorted(containers):
            yield from self.examine_item(batch.content(number), within)
        plain = [number for number in range(len(data)) if number not in containers]
        for number, known in self.engine.prefiltered_each([data[number] for number in plain]) if plain else ():
            yield from self._in_memory(batch.content(plain[number]), within or Within(Work()), known)

    def examine_item(self, item: Item | ContentBatch, within: Within | None = None) -> Iterator[ScanItem]:
        """Yield the findings, counts and skips of contents or of a chunk, within the bounds of its container."""
        if isinstance(item, ContentBatch):
            yield from self._batch(item, within)
            return
        within = within or Within(Work())
        if isinstance(item, Content):
            try:
                examine = partial(self._content, within=within)
                yield from counted(item, examine) if item.counter else examine(item)
            except OSError as error:
                yield Skipped(title(item.origin), error.strerror or "cannot be read")
        elif isinstance(item, Chunk):
            yield from self._chunk(item, within)
        else:
            yield item

    def _content(self, content: Content, within: Within) -> Iterator[ScanItem]:
        if self.limits.containers and is_opened(content):
            yield from self._container(content, within)
        elif content.read:
            yield from self._blocks(content, within)
        else:
            yield from self._in_memory(content, within)

    def _in_memory(self, content: Content, within: Within, known: PrefilterResult | None = None) -> Iterator[ScanItem]:
        """Yield the findings in a content; its prefilter result may be ``known``."""
        shortened = self._shortened(content.data)
        data, known = (shortened.data, None) if shortened else (content.data, known)
        result = self.engine.prefiltered_at(content.origin.place, data, known)
        if not result:
            return
        if self._zip_end in result.fired and has_zip_tail(content):
            yield from self._container(content, within)
        else:
            yield from self._after_prefilter(whole_chunk(content), result, within, shortened)

    def _shortened(self, data: bytes) -> Shortened | None:
        return shorten(data) if self._all_shipped else None  # a user's pattern may need more than is kept

    def _container(self, content: Content, within: Within) -> Iterator[ScanItem]:
        """Yield the findings in members, then those only in the container's own bytes: comments, deleted parts."""
        from akpatrol.scan.member_parts import in_members, others  # noqa: PLC0415 - most trees have no containers
        from akpatrol.unwrap.budget import Budget  # noqa: PLC0415

        outside: list[RawFinding] = []
        repeated: list[RawFinding] = []
        inside: set[Secret] = set()
        is_read = True
        # Compressed bytes may hold parts of the original text, in another order.
        kind = kind_of(content.data) or tail_kind(content)
        if kind not in COMPRESSED and (content.read is None or content.at):
            for item in self._blocks(content, Within(within.work)):
                if isinstance(item, Counted):
                    yield item
                elif not isinstance(item, Skipped | Excluded):
                    outside.append(item)
        budget = within.budget or Budget(self.limits, content.size, named=content.named)
        examine = partial(self.examine_item, within=within._replace(budget=budget))
        examined = partial(self._silent.examined_with, self._key, examine, within.work)
        for item, repeats in in_members(content, budget, examined, self.engine.path_rules):
            if isinstance(item, Counted | Skipped | Excluded):
                is_read &= not isinstance(item, Skipped)
                yield item
            elif repeats:
                repeated.append(item)
            else:
                inside.add(item.match.secret)
                yield item
        if outside or repeated:
            yield from others(repeated, () if inside and is_read and kind in WHOLE else outside, inside)

    def _blocks(self, content: Content, within: Within) -> Iterator[ScanItem]:
        counted = 0
        for chunk in chunks_of(content):
            yield from self._chunk(chunk, within)
            if content.counter:
                seen = chunk.offset + len(chunk.data)
                yield Counted(content.counter, 0, seen - counted)
                counted = seen

    def _chunk(self, chunk: Chunk, within: Within) -> Iterator[ScanItem]:
        if chunk.files and self.engine.path_rules:
            from akpatrol.scan.path_findings import path_findings  # noqa: PLC0415 - only users' rules

            yield from path_findings(chunk, self.engine.path_rules)
        shortened = self._shortened(chunk.data)
        data = shortened.data if shortened else chunk.data
        if result := self.engine.prefiltered_at(chunk.origin.place, data):
            yield from self._after_prefilter(chunk, result, within, shortened)

    def _after_prefilter(
        self, chunk: Chunk, result: PrefilterResult, within: Within, shortened: Shortened | None
    ) -> Iterator[ScanItem]:
        """Yield a chunk's findings; ``result`` is the prefilter's for the ``shortened`` data of a repetitive chunk."""
        matches: list[Match] | None
        if shortened:
            matches = self._in_shortened(chunk, result, within, shortened)
            if matches is not None:
                yield from self._located(chunk, matches, decoded=bool(result.fired))
                return
            result = self.engine.prefiltered_at(chunk.origin.place, chunk.data)
        matches = []
        for item in self._matches(chunk, result, within):
            if isinstance(item, Match):
                matches.append(item)
            else:
                yield item
        yield from self._located(chunk, matches, decoded=bool(result.fired))

    def _in_shortened(
        self, chunk: Chunk, result: PrefilterResult, within: Within, shortened: Shortened
    ) -> list[Match] | None:
        """Return the matches in a chunk; None where a repetition holds some, or anything else is found."""
        matches = []
        for item in self._matches(shortened_chunk(chunk, shortened), result, within):
            offset = shortened.offset(item.start, item.end - item.start) if isinstance(item, Match) else None
            if not isinstance(item, Match) or offset is None:
                return None
            matches.append(item._replace(start=offset, end=offset + item.end - item.start))
        return matches

    def _located(self, chunk: Chunk, matches: list[Match], *, decoded: bool) -> Iterator[ScanItem]:
        stop = len(chunk.data) if chunk.end is None else chunk.end
        if decoded:
            matches = distinct(matches)
        matches = self.engine.joined(chunk, matches)
        if matches := [match for match in matches if chunk.begin <= match.start < stop]:
            from akpatrol.scan.locate import locate  # noqa: PLC0415 - most runs have no match

            yield from locate(chunk, matches, self.engine.candidates)

    def _matches(self, chunk: Chunk, result: PrefilterResult, within: Within) -> Iterator[Match | ScanItem]:
        """Yield the matches in a chunk, at its offsets, and the findings of containers encoded in it."""
        stop = len(chunk.data) if chunk.end is None else chunk.end
        work = within.work
        work.grow(stop - chunk.begin)
        medium = Medium(chunk.data, names=chunk.names, constants=chunk.constants)
        for match in self.engine.confirm(medium, result, (chunk.begin, stop), path_of(chunk.origin), Outer(work)):
            work.left += FOUND
            yield match
        if result.fired:
            around = self.engine.around(chunk.data, result)
            layer = Layer(chunk.data, (), lambda first, last: (first, last), frozenset, around)
            state = ChunkState(chunk.origin, within, [most_bytes(len(chunk.data))], set())
            yield from self._decode(layer, result, state)
        if work.over:
            work.over, before, work.reported = False, work.reported, title(chunk.origin)
            if work.reported != before:
                yield Skipped(work.reported, REASON)

    def _decode(self, layer: Layer, result: PrefilterResult, state: ChunkState) -> Decoding:
        """Yield the matches in runs encoded in a layer, at the chunk's offsets, and the findings of containers in it.

        Return whether nothing there could be a match.
        """
        # Beside a rule's keyword, a text without a match elsewhere may hold one.
        negatives = NegativeCache(set() if layer.around.rules else self._negative_keys, len(layer.encodings))
        for parts in batched(decoded(self._decoder, layer, result, state, negatives)):
            passed = passing(self.engine, layer, parts)
            for number, (part, is_new) in enumerate(parts):
                # The matches of a text that was decoded before were reported there.
                is_negative = is_new and (number not in passed or (yield from self._part(layer, part, state)))
                negatives.record(part.key, is_negative)
        if state.left[0] < 0:
            yield Skipped(title(state.origin), f"its decoded text is more than {GROWTH} times its size")
            return False
        return negatives.all_negative()

    def _part(self, layer: Layer, part: Decoded, state: ChunkState) -> Decoding:
        encodings = (*layer.encodings, part.encoding)
        members = self._encoded_container(part.data, encodings, state) if kind_of(part.data) else ()
        if members:
            yield from without_repeated_skips(members, state)
            return False
        state.within.work.left -= EXAMINED
        result = self.engine.prefiltered_in_encoded(state.origin.place, part.data, layer.around)
        if not result:
            return True

        def span(first: int, last: int) -> tuple[int, int]:
            return layer.span(*part.span(first, last))

        if len(encodings) > self.limits.decode_depth:
            around = self.engine.around(part.data, result, layer.around)
            deeper = Layer(part.data, encodings, span, frozenset, around)
            return (yield from self._too_deep(deeper, result, state))

        @cache
        def clues() -> frozenset[Clue]:
            return layer.clues() | self.engine.clues(layer.data, part.start, part.end)

        outer = Outer(state.within.work, clues, layer.around)
        medium, bounds = Medium(part.data, stored(layer.data, part)), (0, len(part.data))
        for match in self.engine.confirm(medium, result, bounds, path_of(state.origin), outer):
            state.within.work.left += FOUND
            moved = in_chunk(match, part, span(match.start, match.end), encodings)
            if joined := as_joined(moved, part, match.start, match.end):
                yield with_doubtful_end(joined, layer.data, part, match.end)
        beneath = True
        if result.fired:
            around = self.engine.around(part.data, result, layer.around)
            beneath = yield from self._decode(Layer(part.data, encodings, span, clues, around), result, state)
        return beneath and not (result.ends or result.rules)

    def _too_deep(self, layer: Layer, result: PrefilterResult, state: ChunkState) -> Decoding:
        """Yield one skip if anything at this depth or deeper could be a match; return whether nothing could."""
        held = len(layer.encodings) >= _DEEPEST and bool(result.fired)
        if not held and (result.ends or result.rules):
            bounds, outer = (0, len(layer.data)), Outer(state.within.work, around=layer.around)
            held = bool(self.engine.confirm(Medium(layer.data), result, bounds, path_of(state.origin), outer))
        if not held:
            beneath = (yield from self._decode(layer, result, state)) if result.fired else True
            return beneath and not result.rules
        if TOO_DEEP not in state.seen:
            state.seen.add(TOO_DEEP)
            depth = self.limits.decode_depth
            yield Skipped(title(state.origin), f"encoded more than {depth} times over; --decode-depth")
        return False

    def _encoded_container(self, data: bytes, encodings: tuple[str, ...], state: ChunkState) -> list[ScanItem]:
        """Return the findings of a container encoded in a text; nothing if the text only begins like one.

        The end of the text is a guess, and tests quote the beginnings of containers. So data after a container, or data
        missing from a small one, means nothing.
        """
        if not self.limits.containers:
            return []
        origin = state.origin._replace(encodings=state.origin.encodings + encodings)
        content, within = Content(origin, data, size=len(data)), state.within
        examine = lambda: iter(container_items(list(self.examine_item(content, within)), len(data)))  # noqa: E731
        return list(self._silent.examined(self._key(content), examine, within.work))
