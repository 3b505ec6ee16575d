"""Opens, looks through and decodes what units yield: unwrap and the engine take turns until nothing is left."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import TYPE_CHECKING

from akpatrol.config.limits import Limits
from akpatrol.detect.engine import Engine
from akpatrol.detect.medium import Medium
from akpatrol.detect.outside import Outer
from akpatrol.model.chunks import blocks
from akpatrol.model.scan import Chunk, Content, Counted, Excluded, Match, Skipped
from akpatrol.rules.literals import of_all
from akpatrol.scan.decode import (
    GROWTH,
    TOO_DEEP,
    Layer,
    Turn,
    Within,
    batched,
    decoded,
    distinct,
    doubted,
    most_bytes,
    new_of,
    of_container,
    stored,
    suspected_of,
)
from akpatrol.scan.repeats import shortened
from akpatrol.scan.work import EXAMINED, FOUND, REASON, Work
from akpatrol.unwrap.budget import Budget
from akpatrol.unwrap.containers.forms import COMPRESSED
from akpatrol.unwrap.containers.member import title
from akpatrol.unwrap.containers.opening import open_container
from akpatrol.unwrap.containers.recognise import (
    ZIP_END,
    has_zip_tail,
    kind_of,
    tail_kind,
)
from akpatrol.unwrap.encodings.registry import decoder
from akpatrol.unwrap.encodings.silent import Silent

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from akpatrol.detect.keywords import Clue
    from akpatrol.detect.prefilter import GateChoice
    from akpatrol.detect.prefilter_result import PrefilterResult
    from akpatrol.model.credential import RawFinding
    from akpatrol.rules.rule_file import RuleSet
    from akpatrol.scan.decode import Found
    from akpatrol.scan.repeats import Shortened
    from akpatrol.sources.base import Item, Unit
    from akpatrol.unwrap.encodings.encoding import Decoded

# Contents of at most so many bytes are looked at together, up to so many bytes and contents: they stay in the cache.
_SMALL_BYTES = 16 << 10
_TOGETHER_BYTES = 256 << 10
_TOGETHER = 512
_REMEMBERED = 1 << 17
# Beneath the depth to which encodings are opened, they are only asked whether there may be something: so far.
_DEEPEST = 64


class Examiner:
    """Finds credentials in whatever a unit yields. Raises RuleError when a rule's pattern does not compile."""

    def __init__(self, rules: RuleSet, limits: Limits = Limits(), gate: GateChoice = "auto") -> None:  # noqa: B008
        self.rules = rules
        self.limits = limits
        self._decoder = decoder(of_all(rules.rules), None if limits.decode else ())
        alarms = (*self._decoder.alarms, ZIP_END) if limits.containers else self._decoder.alarms
        self._zip_end = len(self._decoder.alarms)
        # What was looked through and held nothing: histories repeat it.
        self._silent: set[tuple[int, object]] = set()
        self._counted_only: dict[int, list[Counted]] = {}
        self._paths_matter = any(rule.path or any(one.paths for one in rule.allowlists) for rule in rules.rules)
        self._all_shipped = all(rule.shipped for rule in rules.rules)
        self.engine = Engine(rules, gate, alarms)

    def examine(self, unit: Unit) -> Iterator[Found]:
        """Read one unit and yield hits, counts and skips."""
        small: list[Content] = []
        size = 0
        for item in unit.read():
            # Nearly all files and objects are small and hold nothing: this is the way that they take.
            if isinstance(item, Content) and self._is_small(item):
                small.append(item)
                size += len(item.data)
                if size > _TOGETHER_BYTES or len(small) > _TOGETHER:
                    yield from self._together(small)
                    small, size = [], 0
            else:
                yield from self.look(item)
        yield from self._together(small)

    def _is_small(self, content: Content) -> bool:
        return len(content.data) <= _SMALL_BYTES and not content.read and not self._is_container(content)

    def _together(self, small: list[Content]) -> Iterator[Found]:
        """Look through small contents at once: asking the gate costs more than it takes to look at one."""
        data = [content.data for content in small]
        for number in self.engine.suspects(data) if small else ():
            yield from self._whole(small[number], Within(Work()))
        counts = Counter(content.counter for content in small if content.counter)
        for counter, number in counts.items():
            yield Counted(counter, number, sum(len(content.data) for content in small if content.counter == counter))

    def look(self, item: Item, within: Within | None = None) -> Iterator[Found]:
        """Yield what one content or chunk holds; ``within`` bounds what it lies in."""
        within = within or Within(Work())
        if isinstance(item, Content):
            try:
                yield from self._counted(item, within) if item.counter else self._content(item, within)
            except OSError as error:
                yield Skipped(title(item.origin), error.strerror or "cannot be read")
        elif isinstance(item, Chunk):
            yield from self._chunk(item, within)
        else:
            yield item

    def _counted(self, content: Content, within: Within) -> Iterator[Found]:
        """Yield what a content holds, and its own size: what was not told while it was read comes last."""
        read, told, taken = content.read, 0, len(content.data)

        def taking(number: int) -> bytes:
            nonlocal taken
            data = read(number) if read else b""
            taken += len(data)
            return data

        for found in self._content(content._replace(read=taking) if read else content, within):
            if isinstance(found, Counted) and found.name == content.counter:
                told += found.size
            yield found
        size = content.size if content.at and content.size else taken  # a container is not read in its order
        yield Counted(content.counter or "", 1, max(0, size - told))

    def _content(self, content: Content, within: Within) -> Iterator[Found]:
        if self._is_container(content):
            yield from self._container(content, within)
        elif content.read:
            yield from self._blocks(content, within)
        else:
            yield from self._whole(content, within)

    def _is_container(self, content: Content) -> bool:
        """Tell whether a container begins here; one that stands at the end of small content rings an alarm."""
        return self.limits.containers and bool(
            kind_of(content.data) or tail_kind(content) or (content.read and has_zip_tail(content))
        )

    def _whole(self, content: Content, within: Within) -> Iterator[Found]:
        less = self._less(content.data)
        suspicion = self.engine.suspect(less.data if less else content.data)
        if not suspicion:
            return
        if self._zip_end in suspicion.alarms and has_zip_tail(content):
            yield from self._container(content, within)
        else:
            yield from self._suspected(Chunk(content.origin, content.data), suspicion, within, less)

    def _less(self, data: bytes) -> Shortened | None:
        # A user's pattern may want more than what is kept of a repetition.
        return shortened(data) if self._all_shipped else None

    def _container(self, content: Content, within: Within) -> Iterator[Found]:
        """Yield what the members hold, then what only the container's own bytes do: comments, gaps, deleted parts."""
        outside: list[RawFinding] = []
        inside = set()
        # Compressed bytes may show parts of what they stand for, in an order of their own.
        if kind_of(content.data) not in COMPRESSED and (content.read is None or content.at):
            for item in self._blocks(content, Within(within.work)):
                if isinstance(item, Counted):
                    yield item
                elif not isinstance(item, Skipped | Excluded):
                    outside.append(item)
        own = within.budget or Budget(self.limits, content.size, named=content.named)
        for member in open_container(content, own):
            for item in self.look(member, within._replace(budget=own)):
                if not isinstance(item, Counted | Skipped | Excluded):
                    inside.add(item.match.secret)
                yield item
        if outside:
            from akpatrol.scan.locate import not_told  # noqa: PLC0415 - most runs have no hit

            yield from not_told(outside, inside)

    def _blocks(self, content: Content, within: Within) -> Iterator[Found]:
        counted = 0
        for chunk in blocks(content):
            yield from self._chunk(chunk, within)
            if content.counter:
                seen = chunk.offset + len(chunk.data)
                yield Counted(content.counter, 0, seen - counted)
                counted = seen

    def _chunk(self, chunk: Chunk, within: Within) -> Iterator[Found]:
        less = self._less(chunk.data)
        if suspicion := self.engine.suspect(less.data if less else chunk.data):
            yield from self._suspected(chunk, suspicion, within, less)

    def _suspected(
        self, chunk: Chunk, suspicion: PrefilterResult, within: Within, less: Shortened | None
    ) -> Iterator[Found]:
        """Yield what a chunk holds; ``suspicion`` is of ``less`` of it where it repeats itself."""
        if less:
            found = self._in_less(chunk, suspicion, within, less)
            if found is not None:
                yield from self._located(chunk, found, decoded=bool(suspicion.alarms))
                return
            suspicion = self.engine.suspect(chunk.data)
        matches = []
        for item in self._matches(chunk, suspicion, within):
            if isinstance(item, Match):
                matches.append(item)
            else:
                yield item
        yield from self._located(chunk, matches, decoded=bool(suspicion.alarms))

    def _in_less(self, chunk: Chunk, suspicion: PrefilterResult, within: Within, less: Shortened) -> list[Match] | None:
        """Return the matches in a chunk; None where a repetition holds some, or there is more to tell."""
        matches = []
        for found in self._matches(Chunk(chunk.origin, less.data, names=chunk.names), suspicion, within):
            offset = less.offset(found.start, found.end - found.start) if isinstance(found, Match) else None
            if not isinstance(found, Match) or offset is None:
                return None
            matches.append(found._replace(start=offset, end=offset + found.end - found.start))
        return matches

    def _located(self, chunk: Chunk, matches: list[Match], *, decoded: bool) -> Iterator[Found]:
        stop = len(chunk.data) if chunk.end is None else chunk.end
        if decoded:
            matches = distinct(matches)
        matches = self.engine.joined(chunk.data, matches)
        if matches := [match for match in matches if chunk.begin <= match.start < stop]:
            from akpatrol.scan.locate import locate  # noqa: PLC0415 - most runs have no hit

            yield from locate(chunk, matches, self.engine.candidates)

    def _matches(self, chunk: Chunk, suspicion: PrefilterResult, within: Within) -> Iterator[Match | Found]:
        """Yield the matches in a chunk, at its offsets, and what containers encoded in it hold."""
        stop = len(chunk.data) if chunk.end is None else chunk.end
        work = within.work
        work.grow(stop - chunk.begin)
        medium = Medium(chunk.data, names=chunk.names)
        for match in self.engine.confirm(medium, suspicion, (chunk.begin, stop), chunk.origin.path, Outer(work)):
            work.left += FOUND
            yield match
        if suspicion.alarms:
            around = self.engine.around(chunk.data, suspicion)
            layer = Layer(chunk.data, (), lambda first, last: (first, last), frozenset, around)
            turn = Turn(chunk.origin, within, [most_bytes(len(chunk.data))], set())
            yield from self._decode(layer, suspicion, turn)
        if work.over:
            work.over, before, work.told = False, work.told, title(chunk.origin)
            if work.told != before:
                yield Skipped(work.told, REASON)

    def _decode(self, layer: Layer, suspicion: PrefilterResult, turn: Turn) -> Generator[Match | Found, None, bool]:
        """Yield matches in what is encoded in a layer, at the chunk's offsets, and what containers in it hold.

        Return whether there was nothing that could have been a match.
        """
        # Beside a keyword of a rule what came to nothing elsewhere may be a match.
        silent = Silent(set() if layer.around.rules else self._silent, len(layer.encodings))
        for parts in batched(decoded(self._decoder, layer, suspicion, turn, silent)):
            suspected = suspected_of(self.engine, layer, parts)
            for number, (part, is_new) in enumerate(parts):
                # What a text came to that was met in another way was told there.
                silent.met(part.key, is_new and (number not in suspected or (yield from self._part(layer, part, turn))))
        if turn.left[0] < 0:
            yield Skipped(title(turn.origin), f"what is encoded in it comes to more than {GROWTH} times its size")
            return False
        return silent.always()

    def _part(self, layer: Layer, part: Decoded, turn: Turn) -> Generator[Match | Found, None, bool]:
        encodings = (*layer.encodings, part.encoding)
        members = self._encoded_container(part.data, encodings, turn) if kind_of(part.data) else ()
        if members:
            yield from new_of(members, turn)
            return False
        turn.within.work.left -= EXAMINED
        suspicion = self.engine.suspect(part.data)
        suspicion.rules |= layer.around.rules
        if not suspicion:
            return True

        def span(first: int, last: int) -> tuple[int, int]:
            return layer.span(*part.span(first, last))

        if len(encodings) > self.limits.decode_depth:
            around = self.engine.around(part.data, suspicion, layer.around)
            deeper = Layer(part.data, encodings, span, frozenset, around)
            return (yield from self._too_deep(deeper, suspicion, turn))

        @cache
        def clues() -> frozenset[Clue]:
            return layer.clues() | self.engine.clues(layer.data, part.start, part.end)

        outer = Outer(turn.within.work, clues, layer.around)
        medium, bounds = Medium(part.data, stored(layer.data, part)), (0, len(part.data))
        for match in self.engine.confirm(medium, suspicion, bounds, turn.origin.path, outer):
            turn.within.work.left += FOUND
            start, end = span(match.start, match.end)
            found = match._replace(start=start, end=end, encodings=encodings)
            yield doubted(found, layer.data, part, match.end)
        beneath = True
        if suspicion.alarms:
            around = self.engine.around(part.data, suspicion, layer.around)
            beneath = yield from self._decode(Layer(part.data, encodings, span, clues, around), suspicion, turn)
        return beneath and not (suspicion.ends or suspicion.rules)

    def _too_deep(self, layer: Layer, suspicion: PrefilterResult, turn: Turn) -> Generator[Match | Found, None, bool]:
        """Yield one skip if anything at this depth or beneath might be a match; return whether nothing might."""
        held = len(layer.encodings) >= _DEEPEST and bool(suspicion.alarms)
        if not held and (suspicion.ends or suspicion.rules):
            whole, outer = (0, len(layer.data)), Outer(turn.within.work, around=layer.around)
            held = bool(self.engine.confirm(Medium(layer.data), suspicion, whole, turn.origin.path, outer))
        if not held:
            beneath = (yield from self._decode(layer, suspicion, turn)) if suspicion.alarms else True
            return beneath and not suspicion.rules
        if TOO_DEEP not in turn.seen:
            turn.seen.add(TOO_DEEP)
            depth = self.limits.decode_depth
            yield Skipped(title(turn.origin), f"encoded more than {depth} times over; --decode-depth")
        return False

    def _encoded_container(self, data: bytes, encodings: tuple[str, ...], turn: Turn) -> list[Found]:
        """Return what a container holds that stands encoded in a text; nothing if it only begins like one.

        Where the text ends is a guess, and tests quote a container's beginning: what follows one, or is missing of a
        small one, tells nothing.
        """
        if not self.limits.containers:
            return []
        path = turn.origin.path if self._paths_matter else None
        key = hash((data, path, len(turn.origin.containers), len(encodings)))
        if key in self._counted_only:
            return list(self._counted_only[key])
        origin = turn.origin._replace(encodings=turn.origin.encodings + encodings)
        found = list(self.look(Content(origin, data, size=len(data)), turn.within))
        told = of_container(found, len(data))
        if all(isinstance(one, Counted) for one in told) and len(self._counted_only) < _REMEMBERED:
            self._counted_only[key] = [one for one in told if isinstance(one, Counted)]
        return told
