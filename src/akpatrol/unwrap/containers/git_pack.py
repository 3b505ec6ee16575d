"""Open git packs and bundles: every object, as ``history`` reads it, without its repository.

A pack is read twice: first to find its objects, then to rebuild them. It is kept in memory, or read where it is when
any part of it can be. A larger one in a stream is read in windows, one after the other, each as a pack of its own.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from akpatrol.gitdata import bundle_header
from akpatrol.gitdata.entries import PACK_HEADER_BYTES
from akpatrol.gitdata.pack_bytes import PartsRead
from akpatrol.gitdata.pack_layout import lay_out, sums
from akpatrol.unwrap.containers.git_objects import GitObjects
from akpatrol.unwrap.containers.member import AFTER_END, Flaw, Member, Naming

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from akpatrol.gitdata.pack_bytes import PackBytes
    from akpatrol.gitdata.pack_layout import PackLayout
    from akpatrol.unwrap.budget import Level
    from akpatrol.unwrap.containers.container_bytes import ContainerBytes
    from akpatrol.unwrap.containers.git_objects import GitItem

_IN_MEMORY = 64 << 20
_PIECE = 1 << 20
# Names of refs and subjects of prerequisites; more is hostile.
_HEADER_BYTES = 16 << 20
_COUNT_AT = 8
_SHORTEST_ID, _LONGEST_ID = 20, 32
_MAGICS = (b"PACK\0\0\0\2", b"PACK\0\0\0\3")
_ADVICE = "extract it and scan the file"


def members(source: ContainerBytes, level: Level, id_bytes: int | None = None) -> Iterator[GitItem]:
    """Yield the objects of a pack. Raises OverLimit and OSError; damage is a flaw.

    Objects that need others, which are not in the pack, are counted in one flaw; what is stored of them is a member.
    """
    start = source.offset
    pack, is_all = _bytes(source, level)
    if pack[: len(_MAGICS[0])] not in _MAGICS:
        yield Flaw(f"{_damage(len(pack) < PACK_HEADER_BYTES)} at byte {start}: there is no pack")
        return
    if not is_all:
        windows = _Windows(source, level, id_bytes, pack)
        del pack
        yield from windows.members()
        return
    layout = _layout(pack, id_bytes, level)
    objects = GitObjects(pack, layout, level)
    yield from objects.members()
    yield from _unfound(layout, level, start + layout.end)
    if layout.found == layout.declared:
        if not layout.is_intact:
            is_short = len(pack) - layout.end < layout.entries.id_bytes
            yield Flaw(f"{_damage(is_short)} at byte {start + layout.end}: its checksum does not hold")
        elif (end := layout.end + layout.entries.id_bytes) < len(pack):
            yield Flaw(f"{AFTER_END} at byte {start + end} is not {source.kind}")
    causes = _causes(layout, objects)
    if lost := causes[True]:
        what = "objects need others" if lost > 1 else "object needs others"
        yield Flaw(f"git pack: {lost:,} {what}, which are not in it: only what is added to those is read")
    yield from _damaged(causes[False])


class _Windows:
    """Reads a pack in windows, each of which begins with the entry that the one before cut short.

    Of a delta whose base is in an earlier window, what it adds is read.
    """

    def __init__(self, source: ContainerBytes, level: Level, id_bytes: int | None, first: PackBytes) -> None:
        self._source = source
        self._level = level
        self._id_bytes = id_bytes
        self._windows = [first]  # none or one: nothing else keeps it
        self._before = 0  # bytes of the pack before a window's first entry
        self._causes = Counter[bool]()
        self._sums = sums(id_bytes)

    def members(self) -> Iterator[GitItem]:
        """Yield the objects."""
        while self._windows:
            beginning = yield from self._window(self._windows.pop())
            # What names the objects of this window gives way before there is another.
            yield Naming(_same)
            if beginning:
                self._windows.append(self._filled(beginning))
        if lost := self._causes[True]:
            what = f"{lost:,} objects" if lost > 1 else "an object"
            reason = f"{what} may differ from others that are further away in it than {_IN_MEMORY >> 20} MiB"
            yield Flaw(f"git pack: {reason}: only what is added to those is read: {_ADVICE}")
        yield from _damaged(self._causes[False])

    def _window(self, pack: PackBytes) -> Generator[GitItem, None, bytes]:
        """Yield the objects in a window, and return how the next one begins; nothing where there is none."""
        layout = _layout(pack, self._id_bytes, self._level, self._before)
        objects = GitObjects(pack, layout, self._level, self._before)
        yield from objects.members()
        self._causes.update(_causes(layout, objects))
        for each in self._sums:
            each.update(pack[PACK_HEADER_BYTES if self._before else 0 : layout.end])
        left = layout.declared - layout.found
        if layout.waiting:
            self._id_bytes = layout.entries.id_bytes
        if left and layout.cut_short and layout.found and self._source.peek(1):
            self._before += layout.end - PACK_HEADER_BYTES
            return bytes(pack[:_COUNT_AT]) + left.to_bytes(4, "big") + bytes(pack[layout.end : len(pack)])
        if layout.cut_short and not layout.found and self._source.peek(1):
            yield Flaw(
                f"git pack: {left:,} objects behind one of more than {_IN_MEMORY >> 20} MiB are not read: {_ADVICE}"
            )
        else:
            place = self._source.offset - len(pack) + layout.end
            yield from _unfound(layout, self._level, place)
            if not left:
                yield from self._end(bytes(pack[layout.end : len(pack)]), place)
        return b""

    def _end(self, tail: bytes, place: int) -> Iterator[Flaw]:
        """Yield what is wrong with what follows the last entry."""
        tail += self._source.read(max(0, _LONGEST_ID - len(tail)))
        widths = [each.digest_size for each in self._sums if tail.startswith(each.digest())]
        if not widths:
            yield Flaw(f"{_damage(len(tail) < _SHORTEST_ID)} at byte {place}: its checksum does not hold")
        elif len(tail) > widths[0] or self._source.peek(1):
            yield Flaw(f"{AFTER_END} at byte {place + widths[0]} is not {self._source.kind}")

    def _filled(self, beginning: bytes) -> memoryview:
        data = bytearray(beginning)
        while len(data) < _IN_MEMORY and (piece := self._source.read(_PIECE)):
            data += piece
            self._level.check()
        return memoryview(data)


def bundle(source: ContainerBytes, level: Level) -> Iterator[GitItem]:
    """Yield the names of a bundle's refs, and the objects of its pack. Raises OverLimit and OSError."""
    source.skip(len(bundle_header.SIGNATURES[0]))
    lines: list[bytes] = []
    while (head := source.peek(_PIECE))[:1] != b"\n":
        end = head.find(b"\n\n")
        stop = end + 1 if end >= 0 else head.rfind(b"\n") + 1
        if not stop or source.offset > _HEADER_BYTES:
            yield Flaw(f"{_damage(len(head) < _PIECE)} at byte {source.offset + len(head)}: its header does not end")
            return
        lines += head[: stop - 1].split(b"\n")
        source.skip(stop)
        level.check()
    source.skip(1)
    header = bundle_header.parse(lines)
    yield Member("refs", header.names)
    for line in header.unknown[:1]:
        yield Flaw(f"git bundle: a line of its header is not known: {line[:40].decode('ascii', 'backslashreplace')}")
    if header.filter:
        kind = header.filter[:40].decode("ascii", "backslashreplace")
        yield Flaw(f"git bundle: made with a filter ({kind}): what it leaves out is not in it")
    yield from members(source, level, header.id_bytes)


def _bytes(source: ContainerBytes, level: Level) -> tuple[PackBytes, bool]:
    """Return the rest of ``source``, and whether that is all of it."""
    start = source.offset
    if source.at is not None and source.size is not None and source.size - start > _IN_MEMORY:
        return PartsRead(source.at, start, source.size - start), True
    data = bytearray()
    while len(data) < _IN_MEMORY and (piece := source.read(_PIECE)):
        data += piece
        level.check()
    return memoryview(data), not source.peek(1)


def _damage(is_short: bool) -> str:  # noqa: FBT001 - which word it is
    return "truncated" if is_short else "damaged"


def _same(label: str) -> str:
    return label


def _layout(pack: PackBytes, id_bytes: int | None, level: Level, before: int = 0) -> PackLayout:
    return lay_out(pack, id_bytes, max(0, level.most_members - level.members), level.spend, before)


def _unfound(layout: PackLayout, level: Level, place: int) -> Iterator[Flaw]:
    """Yield why the pack has fewer entries than it says; over the bound on members it raises OverLimit."""
    lost = layout.declared - layout.found
    if layout.cut_short or layout.broken:
        are = "objects are" if lost > 1 else "object is"
        yield Flaw(f"{_damage(layout.cut_short)} at byte {place}: {lost:,} {are} not read")
    elif lost:
        while True:  # those that could not be rebuilt were not counted
            level.member()


def _causes(layout: PackLayout, objects: GitObjects) -> Counter[bool]:
    """Count the entries that were not rebuilt: those whose base, or its base, is elsewhere, and the others."""
    bases, without_base = layout.entries.bases, objects.without_base()
    causes = Counter[bool]()
    without: dict[int, bool] = {}
    for entry in objects.unread():
        # A delta comes after its base where that is not named by an id.
        without[entry] = entry in without_base or without.get(bases[entry], False)
        causes[without[entry]] += 1
    return causes


def _damaged(lost: int) -> Iterator[Flaw]:
    if lost:
        what = "objects are damaged or too large" if lost > 1 else "object is damaged or too large"
        yield Flaw(f"git pack: {lost:,} {what}")
