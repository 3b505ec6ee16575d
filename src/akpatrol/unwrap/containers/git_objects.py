"""The objects of one pack as members, in batches, with their ids and places for those with a finding."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from akpatrol.gitdata.delta_text import added
from akpatrol.gitdata.inflate import BrokenObjectError, HugeObjectError
from akpatrol.gitdata.object_places import SHORT, ObjectPlaces
from akpatrol.gitdata.pack_bytes import PartsRead
from akpatrol.gitdata.raw_object import OFS_DELTA
from akpatrol.gitdata.rebuild import Rebuild
from akpatrol.model.batch import SMALL_BYTES, Gathering
from akpatrol.model.chunks import BLOCK_BYTES
from akpatrol.model.scan import Place
from akpatrol.unwrap.budget import OverLimit
from akpatrol.unwrap.containers.member import PIECE_BYTES, Flaw, Member, Naming, Together, text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from akpatrol.gitdata.pack_bytes import PackBytes
    from akpatrol.gitdata.pack_layout import PackLayout
    from akpatrol.unwrap.budget import Level

    GitItem = Member | Flaw | Together | Naming

# An object that is a delta and has more bytes is a flaw, and bases that wait for their deltas take as much together.
# Beside a pack that is in memory it is less, so that all is within ``_MEMORY_BYTES``.
_HUGE_BYTES, _MEMORY_BYTES = 32 << 20, 96 << 20
# A pack may repeat what is as short as that without end, and each would be searched by itself.
_SHORT_BYTES = 16
_DIGITS = 2 * SHORT


class GitObjects:
    """The objects of a pack, or of a part of one. ``members`` yields them; ``unread`` has the numbers of the others.

    So many bytes of the pack are ``before`` the part.
    """

    def __init__(self, pack: PackBytes, layout: PackLayout, level: Level, before: int = 0) -> None:
        self._pack = pack
        self._layout = layout
        self._level = level
        self._before = before
        room = _MEMORY_BYTES - (0 if isinstance(pack, PartsRead) else len(pack))
        most = min(_HUGE_BYTES, room // 2)
        self._bases = layout.entries.bases
        named = partial(layout.resolve, self._bases)
        self._rebuild = Rebuild(layout.entries, pack, huge=most, budget=most, rebuilt=named)
        self._places: ObjectPlaces | None = None

    def members(self) -> Iterator[GitItem]:
        """Yield the objects, and how to name them. Raises OverLimit and OSError."""
        yield Naming(self._better)
        small = Gathering[str]()
        again = 0
        short: set[tuple[str, bytes]] = set()
        for entry, type_, data in self._rebuild.objects():
            self._level.member()
            self._level.spend(self._rebuild.again - again)
            again = self._rebuild.again
            if data is None:
                yield from self._streamed(entry)
                continue
            if self._bases[entry] >= 0:
                self._level.spend(len(data))
            if len(data) < _SHORT_BYTES:
                if (type_, data) in short:
                    continue
                short.add((type_, data))
            if len(data) > SMALL_BYTES:
                yield self._large(type_, data)
            elif small.add(type_, data):
                yield self._together(small.keys, small.data)
                small = Gathering()
        if small.keys:
            yield self._together(small.keys, small.data)
        yield from self._added()

    def unread(self) -> list[int]:
        """Return the numbers of the entries that were not rebuilt."""
        return self._rebuild.unread()

    def without_base(self) -> set[int]:
        """Return the deltas whose base is not here: it is named by its id, or comes before this part of a pack."""
        lost = {entry for deltas in self._layout.waiting.values() for entry in deltas if self._bases[entry] < 0}
        if self._before:
            kinds = enumerate(self._layout.entries.kinds)
            lost.update(entry for entry, kind in kinds if kind == OFS_DELTA and self._bases[entry] < 0)
        return lost

    def _together(self, types: list[str], contents: list[bytes]) -> Together:
        return Together(contents, lambda number: self._label(types[number], contents[number]), _places(types))

    def _large(self, type_: str, data: bytes) -> Member | Together:
        if len(data) < BLOCK_BYTES:
            return self._together([type_], [data])

        def at(offset: int, number: int) -> bytes:
            return data[offset : offset + number]

        pieces = (data[start : start + PIECE_BYTES] for start in range(0, len(data), PIECE_BYTES))
        return Member(self._label(type_, data), (), pieces, at=at, size=len(data))

    def _label(self, type_: str, data: bytes) -> str:
        return f"git:{type_} {self._layout.id(type_, data).hex()[:_DIGITS]}"

    def _streamed(self, entry: int) -> Iterator[Member]:
        """Yield a huge object, whose id is known only after it was read."""
        (item,) = self._identified(entry)
        for found in self._rebuild.streamed(entry):
            if found.read:
                yield Member(item, (), _pieces(found.read, self._level), size=found.size)

    def _identified(self, entry: int) -> Iterator[str]:
        for found in self._rebuild.streamed(entry):
            hashed = self._layout.hashed(found.type, found.size)
            for piece in _pieces(found.read, self._level) if found.read else ():
                hashed.update(piece)
            yield f"git:{found.type} {hashed.hexdigest()[:_DIGITS]}"

    def _added(self) -> Iterator[Together]:
        """Yield what deltas hold whose base is not in the pack: most of what a commit adds is whole there."""
        entries = self._layout.entries
        lost = self.without_base()
        for entry in self._rebuild.unread() if lost else ():
            if entry not in lost and self._bases[entry] not in lost:
                continue
            lost.add(entry)
            try:
                text_ = added(self._rebuild.stored(entry))
            except (BrokenObjectError, HugeObjectError):
                continue
            self._level.member()
            yield Together(
                [text_],
                _constant(f"git:delta at byte {self._before + entries.offsets[entry]}"),
                lambda _: Place.CONTENT,
            )

    def _better(self, label: str) -> str:
        """Return a label with the path and the commit of a blob or tree; its own where there is none."""
        type_, _, short = label.removeprefix("git:").partition(" ")
        if type_ not in ("blob", "tree"):
            return label
        try:
            if self._places is None:
                self._places = ObjectPlaces(self._pack, self._layout, self._level.check)
            found = self._places.place(bytes.fromhex(short))
        except (OverLimit, OSError, MemoryError):
            return label  # the bound is met again by the next object
        if not found:
            return label
        path, commit = found
        return f"git:{text(path)}{'/' if type_ == 'tree' else ''}@{commit.hex()}"


def _constant(label: str) -> Callable[[int], str]:
    return lambda _: label


def _places(types: list[str]) -> Callable[[int], Place]:
    return lambda number: Place.PATH if types[number] == "tree" else Place.CONTENT


def _pieces(read: Callable[[int], bytes], level: Level) -> Iterator[bytes]:
    while piece := read(PIECE_BYTES):
        level.check()
        yield piece
