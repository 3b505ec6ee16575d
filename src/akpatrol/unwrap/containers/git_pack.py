"""Open git packs and bundles: every object, as ``history`` reads it, without its repository.

A pack is read twice: first to find its objects, then to rebuild them. It is kept in memory, or read where it is when
any part of it can be.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from akpatrol.gitdata import bundle_header
from akpatrol.gitdata.entries import PACK_HEADER_BYTES
from akpatrol.gitdata.pack_bytes import PartsRead
from akpatrol.gitdata.pack_layout import lay_out
from akpatrol.unwrap.containers.git_objects import GitObjects
from akpatrol.unwrap.containers.member import AFTER_END, Flaw, Member

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.gitdata.pack_bytes import PackBytes
    from akpatrol.gitdata.pack_layout import PackLayout
    from akpatrol.unwrap.budget import Level
    from akpatrol.unwrap.containers.container_bytes import ContainerBytes
    from akpatrol.unwrap.containers.git_objects import GitItem

_IN_MEMORY = 64 << 20
_PIECE = 1 << 20
# Names of refs and subjects of prerequisites; more is hostile.
_HEADER_BYTES = 16 << 20
_MAGICS = (b"PACK\0\0\0\2", b"PACK\0\0\0\3")
_CUT = f"only its first {_IN_MEMORY >> 20} MiB are read inside of other files: extract it and scan the file"


def members(source: ContainerBytes, level: Level, id_bytes: int | None = None) -> Iterator[GitItem]:
    """Yield the objects of a pack. Raises OverLimit and OSError; damage is a flaw.

    Objects that need others, which are not in the pack, are counted in one flaw; what is stored of them is a member.
    """
    start = source.offset
    pack, is_all = _bytes(source, level)
    if pack[: len(_MAGICS[0])] not in _MAGICS:
        yield Flaw(f"{_damage(len(pack) < PACK_HEADER_BYTES)} at byte {start}: there is no pack")
        return
    layout = lay_out(pack, id_bytes, max(0, level.most_members - level.members), level.spend)
    objects = GitObjects(pack, layout, level)
    yield from objects.members()
    lost = layout.declared - layout.found
    if not is_all and (layout.cut_short or not (lost or layout.is_intact)):
        yield Flaw(f"git pack: {_CUT}")
    elif layout.cut_short or layout.broken:
        are = "objects are" if lost > 1 else "object is"
        yield Flaw(f"{_damage(layout.cut_short)} at byte {start + layout.end}: {lost:,} {are} not read")
    elif lost:
        while True:  # those that could not be rebuilt were not counted
            level.member()
    elif not layout.is_intact:
        is_short = is_all and len(pack) - layout.end < layout.entries.id_bytes
        yield Flaw(f"{_damage(is_short)} at byte {start + layout.end}: its checksum does not hold")
    elif (end := layout.end + layout.entries.id_bytes) < len(pack):
        yield Flaw(f"{AFTER_END} at byte {start + end} is not {source.kind}")
    yield from _left(layout, objects.unread())


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


def _left(layout: PackLayout, unread: list[int]) -> Iterator[Flaw]:
    """Yield why some entries were not rebuilt: their base is elsewhere, or they are damaged or too large."""
    if not unread:
        return
    named = {entry for deltas in layout.waiting.values() for entry in deltas}
    bases = layout.entries.bases
    causes = Counter[bool]()
    without: dict[int, bool] = {}
    for entry in unread:
        # A delta comes after its base where that is not named by an id.
        without[entry] = (entry in named and bases[entry] < 0) or without.get(bases[entry], False)
        causes[without[entry]] += 1
    if lost := causes[True]:
        what = "objects need others" if lost > 1 else "object needs others"
        yield Flaw(f"git pack: {lost:,} {what}, which are not in it: only what is added to those is read")
    if lost := causes[False]:
        what = "objects are damaged or too large" if lost > 1 else "object is damaged or too large"
        yield Flaw(f"git pack: {lost:,} {what}")
