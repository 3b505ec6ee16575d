"""Opens, looks through and decodes what units yield: unwrap and the engine take turns until nothing is left."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.blocks import blocks
from akpatrol.detect.engine import Engine
from akpatrol.detect.medium import Medium, Stored
from akpatrol.limits import Limits
from akpatrol.model import Chunk, Confidence, Content, Counted, End, Excluded, Match, Skipped
from akpatrol.unwrap.budget import Budget
from akpatrol.unwrap.containers import COMPRESSED, ZIP_END, has_zip_tail, is_flaw, kind_of, open_container, title
from akpatrol.unwrap.encodings import decoder
from akpatrol.unwrap.prefixed import is_cut

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from akpatrol.detect.gate import GateChoice, Suspicion
    from akpatrol.detect.keywords import Clue
    from akpatrol.findings import Hit
    from akpatrol.model import Origin, Secret
    from akpatrol.rules import RuleSet
    from akpatrol.sources.base import Item, Unit
    from akpatrol.unwrap.encoding import Decoded

    Found = Hit | Skipped | Counted | Excluded

# Contents of at most so many bytes are looked at together, up to so many bytes and contents: they stay in the cache.
_SMALL_BYTES = 16 << 10
_TOGETHER_BYTES = 256 << 10
_TOGETHER = 512
# Decoded text may be encoded again, in more than one way: a bound on what one chunk may come to, in its own size.
_GROWTH = 16
_LEAST_BYTES = 1 << 20
_EXCERPT_BYTES = 64 << 10
_SURE_BYTES = 64  # expanded, to call what stands encoded in a text a container
_REMEMBERED = 1 << 17
_WIDEST = 4  # bytes of a character


class _Layer(NamedTuple):
    """Text at some depth of encodings; ``span`` maps its offsets to the chunk's, ``clues`` stand round it."""

    data: bytes
    encodings: tuple[str, ...]
    span: Callable[[int, int], tuple[int, int]]
    clues: frozenset[Clue]


class _Turn(NamedTuple):
    """One chunk being decoded: its origin, the container budget that it lies in, and the bytes still allowed.

    ``seen`` has where decoded texts stand and their hashes: two encodings lead to one text in either order.
    """

    origin: Origin
    budget: Budget | None
    left: list[int]
    seen: set[tuple[int, int, int]]


class _Silent:
    """The encoded texts, by their keys, in which at some depth nothing could be a match: histories repeat them."""

    def __init__(self, known: set[tuple[int, object]], depth: int) -> None:
        self._known: set[tuple[int, object]] = known
        self._depth = depth
        self._key: int | None = None
        self._silent = self._always = True

    def __contains__(self, key: object) -> bool:
        return (self._depth, key) in self._known

    def met(self, key: int | None, silent: bool) -> None:  # noqa: FBT001 - what a text came to
        """Take in what a part of the text of this key came to; its parts come one after the other."""
        if key != self._key:
            self._add()
            self._key, self._silent = key, True
        self._silent &= silent
        self._always &= silent

    def always(self) -> bool:
        """Return whether all texts were silent; after the last."""
        self._add()
        return self._always

    def _add(self) -> None:
        if self._key is not None and self._silent:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known.add((self._depth, self._key))


class Examiner:
    """Finds credentials in whatever a unit yields. Raises RuleError when a rule's pattern does not compile."""

    def __init__(self, rules: RuleSet, limits: Limits = Limits(), gate: GateChoice = "auto") -> None:  # noqa: B008
        self.rules = rules
        self.limits = limits
        self._decoder = decoder(None if limits.decode else ())
        alarms = (*self._decoder.alarms, ZIP_END) if limits.containers else self._decoder.alarms
        self._zip_end = len(self._decoder.alarms)
        # What was looked through and held nothing: histories repeat it.
        self._silent: set[tuple[int, object]] = set()
        self._counted_only: dict[int, list[Counted]] = {}
        self._paths_matter = any(rule.path or any(one.paths for one in rule.allowlists) for rule in rules.rules)
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
            yield from self._whole(small[number], None)
        counts = Counter(content.counter for content in small if content.counter)
        for counter, number in counts.items():
            yield Counted(counter, number, sum(len(content.data) for content in small if content.counter == counter))

    def look(self, item: Item, budget: Budget | None = None) -> Iterator[Found]:
        """Yield what one content or chunk holds; ``budget`` is that of the container round it."""
        if isinstance(item, Content):
            try:
                yield from self._counted(item, budget) if item.counter else self._content(item, budget)
            except OSError as error:
                yield Skipped(title(item.origin), error.strerror or "cannot be read")
        elif isinstance(item, Chunk):
            yield from self._chunk(item, budget)
        else:
            yield item

    def _counted(self, content: Content, budget: Budget | None) -> Iterator[Found]:
        """Yield what a content holds, and its own size: what was not told while it was read comes last."""
        read, told, taken = content.read, 0, len(content.data)

        def taking(number: int) -> bytes:
            nonlocal taken
            data = read(number) if read else b""
            taken += len(data)
            return data

        for found in self._content(content._replace(read=taking) if read else content, budget):
            if isinstance(found, Counted) and found.name == content.counter:
                told += found.size
            yield found
        size = content.size if content.at and content.size else taken  # a container is not read in its order
        yield Counted(content.counter or "", 1, max(0, size - told))

    def _content(self, content: Content, budget: Budget | None) -> Iterator[Found]:
        if self._is_container(content):
            yield from self._container(content, budget)
        elif content.read:
            yield from self._blocks(content, budget)
        else:
            yield from self._whole(content, budget)

    def _is_container(self, content: Content) -> bool:
        """Tell whether a container begins here; one that stands at the end of small content rings an alarm."""
        return self.limits.containers and bool(kind_of(content.data) or (content.read and has_zip_tail(content)))

    def _whole(self, content: Content, budget: Budget | None) -> Iterator[Found]:
        suspicion = self.engine.suspect(content.data)
        if not suspicion:
            return
        if self._zip_end in suspicion.alarms and has_zip_tail(content):
            yield from self._container(content, budget)
        else:
            yield from self._suspected(Chunk(content.origin, content.data), suspicion, budget)

    def _container(self, content: Content, budget: Budget | None) -> Iterator[Found]:
        """Yield what the members hold, then what only the container's own bytes do: comments, gaps, deleted parts."""
        outside: list[Hit] = []
        inside = set()
        # Compressed bytes may show parts of what they stand for, in an order of their own.
        if kind_of(content.data) not in COMPRESSED and (content.read is None or content.at):
            for item in self._blocks(content, None):
                if isinstance(item, Counted):
                    yield item
                elif not isinstance(item, Skipped | Excluded):
                    outside.append(item)
        own = budget or Budget(self.limits, content.size, named=content.named)
        for member in open_container(content, own):
            for item in self.look(member, own):
                if not isinstance(item, Counted | Skipped | Excluded):
                    inside.add(item.match.secret)
                yield item
        yield from (hit for hit in outside if not _is_any_of(hit.match, inside))

    def _blocks(self, content: Content, budget: Budget | None) -> Iterator[Found]:
        counted = 0
        for chunk in blocks(content):
            yield from self._chunk(chunk, budget)
            if content.counter:
                seen = chunk.offset + len(chunk.data)
                yield Counted(content.counter, 0, seen - counted)
                counted = seen

    def _chunk(self, chunk: Chunk, budget: Budget | None) -> Iterator[Found]:
        if suspicion := self.engine.suspect(chunk.data):
            yield from self._suspected(chunk, suspicion, budget)

    def _suspected(self, chunk: Chunk, suspicion: Suspicion, budget: Budget | None) -> Iterator[Found]:
        stop = len(chunk.data) if chunk.end is None else chunk.end
        matches = self.engine.confirm(Medium(chunk.data), suspicion, (chunk.begin, stop), chunk.origin.path)
        if suspicion.alarms:
            layer = _Layer(chunk.data, (), lambda first, last: (first, last), frozenset())
            turn = _Turn(chunk.origin, budget, [max(_LEAST_BYTES, _GROWTH * len(chunk.data))], set())
            for found in self._decode(layer, suspicion, turn):
                if not isinstance(found, Match):
                    yield found
                elif chunk.begin <= found.start < stop:
                    matches.append(found)
            matches = _distinct(matches)
        if matches:
            from akpatrol.hits import locate  # noqa: PLC0415 - most runs have no hit

            yield from locate(chunk, matches, self.engine.candidates)

    def _decode(self, layer: _Layer, suspicion: Suspicion, turn: _Turn) -> Generator[Match | Found, None, bool]:
        """Yield matches in what is encoded in a layer, at the chunk's offsets, and what containers in it hold.

        Return whether there was nothing that could have been a match.
        """
        silent = _Silent(self._silent, len(layer.encodings))
        for part in self._decoder.find(layer.data, suspicion.alarms, silent):
            where = (*layer.span(part.start, part.end), hash(part.data))
            if where in turn.seen:
                silent.met(part.key, False)  # noqa: FBT003 - what it came to was told elsewhere
                continue
            turn.seen.add(where)
            turn.left[0] -= len(part.data)
            if turn.left[0] < 0:
                yield Skipped(title(turn.origin), f"what is encoded in it comes to more than {_GROWTH} times its size")
                return False
            silent.met(part.key, (yield from self._part(layer, part, turn)))
        return silent.always()

    def _part(self, layer: _Layer, part: Decoded, turn: _Turn) -> Generator[Match | Found, None, bool]:
        encodings = (*layer.encodings, part.encoding)
        held = self._encoded_container(part.data, encodings, turn) if kind_of(part.data) else ()
        if held:
            yield from held
            return False
        suspicion = self.engine.suspect(part.data)
        if not suspicion:
            return True
        if len(encodings) > (depth := self.limits.decode_depth):
            if suspicion.ends:
                yield Skipped(title(turn.origin), f"encoded more than {depth} times over; --decode-depth")
            return not suspicion.ends

        def span(first: int, last: int) -> tuple[int, int]:
            return layer.span(*part.span(first, last))

        clues = layer.clues | self.engine.clues(layer.data, part.start, part.end)
        medium, bounds = Medium(part.data, _stored(layer.data, part)), (0, len(part.data))
        for match in self.engine.confirm(medium, suspicion, bounds, turn.origin.path, clues):
            start, end = span(match.start, match.end)
            found = match._replace(start=start, end=end, encodings=encodings)
            yield _doubted(found) if is_cut(layer.data, part, match.end) else found
        beneath = True
        if suspicion.alarms:
            beneath = yield from self._decode(_Layer(part.data, encodings, span, clues), suspicion, turn)
        return beneath and not (suspicion.ends or suspicion.rules)

    def _encoded_container(self, data: bytes, encodings: tuple[str, ...], turn: _Turn) -> list[Found]:
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
        found = list(self.look(Content(origin, data, size=len(data)), turn.budget))
        expanded = sum(item.size for item in found if isinstance(item, Counted))
        if expanded < _SURE_BYTES and not any(not isinstance(item, Counted | Skipped | Excluded) for item in found):
            return []
        small = len(data) < _EXCERPT_BYTES
        told = [one for one in found if not (isinstance(one, Skipped) and is_flaw(one.reason, of_any_part=small))]
        if all(isinstance(one, Counted) for one in told) and len(self._counted_only) < _REMEMBERED:
            self._counted_only[key] = [one for one in told if isinstance(one, Counted)]
        return told


def _is_any_of(match: Match, secrets: set[Secret]) -> bool:
    """Tell whether a match is one of the secrets, or may be one that something follows in the container."""
    if match.secret in secrets or match.ending is End.CERTAIN:
        return match.secret in secrets
    from akpatrol.ends import shorter  # noqa: PLC0415 - most runs have no hit

    return any(one in secrets for one in shorter(match.kind, match.secret))


def _stored(data: bytes, part: Decoded) -> Stored | None:
    """Return the bytes round wide text that lies amid other data, None for other text and where it is all there is."""
    if not part.encoding.startswith("utf-") or part.end - part.start == len(data):
        return None
    return Stored(data, lambda offset: part.span(offset, offset)[1], int(part.encoding[4:6]) // 8)


def _doubted(match: Match) -> Match:
    """Return a match that may go on where its text was cut."""
    return match._replace(ending=End.UNCERTAIN, confidence=min(match.confidence, Confidence.MEDIUM))


def _distinct(matches: Sequence[Match]) -> list[Match]:
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
