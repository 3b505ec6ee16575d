"""Extract the values in SQLite databases, each on its own line (SQLite file format, sections 1.3 to 2.6 and 4).

In the file, values follow one another without a separator, and the rest of a long value is on other pages. Every page
that looks like a leaf is read, in use or not, with the deleted records that have their own free block; other free
space is scanned as it is. The values of a row stay together: a name beside a value says what it is.

SQLite itself is not used: it needs a file on a disk, shows neither free pages nor a log without its database, and a
schema is code that it would run (views, triggers, expressions of columns). This reader works on bytes in memory.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from akpatrol.unwrap.containers.container_bytes import STREAM_BYTES, slices
from akpatrol.unwrap.containers.member import PIECE_BYTES, Flaw, Member, Unreadable
from akpatrol.unwrap.containers.sqlite_places import CONTAINER_MAGICS, Places
from akpatrol.unwrap.containers.sqlite_record import HEADER_BYTES, Format, format_of, leaf_of, values
from akpatrol.unwrap.containers.sqlite_tables import Tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from akpatrol.unwrap.budget import Level
    from akpatrol.unwrap.containers.container_bytes import ContainerBytes
    from akpatrol.unwrap.containers.sqlite_record import Leaf, Pages

_LOG_HEADER_BYTES, _FRAME_HEADER_BYTES = 32, 24
# The values of a sound database are smaller than it; UTF-16 may double them, and so may pages that are not in use.
_GROWTH = 4
_SHARED = "damaged: its values come to far more than its size, so pages of them are shared"
_STREAM = f"SQLite: its values cannot be put together in a stream of more than {STREAM_BYTES >> 20} MiB"


def members(source: ContainerBytes, level: Level) -> Iterator[Member | Flaw]:
    """Yield the values of a database. Raises OverLimit and OSError; damage is a flaw."""
    header = source.peek(HEADER_BYTES)
    form = format_of(
        int.from_bytes(header[16:18], "big"), header[20] if len(header) == HEADER_BYTES else 0, header[59:60]
    )
    if form is None:
        yield Flaw("damaged at byte 16: its pages have no size")
        return
    at, size = source.anywhere()
    if at is None:
        yield Flaw(_STREAM)
        return

    def page(number: int) -> bytes:
        return at((number - 1) * form.page, form.page) if 0 < number <= 1 + (size - 1) // form.page else b""

    count = -(-size // form.page)
    tables = Tables(form, page, count, level)

    def label(number: int, kind: str, rowid: int | None, column: int) -> tuple[str, bool]:
        """Name a value as a person can look it up; that of an index is the table's too, if the database is sound."""
        table = tables.of(number)
        if table is None:
            return f"sqlite:page {number}[deleted{'' if rowid is None else f', rowid {_signed(rowid)}'}]", False
        if kind:
            return f"sqlite:{table.name}[{kind}, page {number}]", table.is_index
        if table.is_index:
            return f"sqlite:{table.name}[index, page {number}]", True
        row = f"page {number}" if rowid is None else f"rowid {_signed(rowid)}"
        return f"sqlite:{table.name}.{table.column(column)}[{row}]", False

    places = Places(lambda number: leaf_of(form, page(number), page), label)
    level.member()
    pages = ((number, page(number)) for number in range(1, count + 1))
    pieces = _together(_values(form, pages, lambda _: page, places), level, places, _GROWTH * size)
    yield Member("sqlite", pieces=pieces, part_at=places.part_at)
    yield from _contained(places, level, _GROWTH * size)
    # The number of pages is that of the last writer if this one knew the field (section 1.3.7).
    declared = int.from_bytes(header[28:32], "big") if header[24:28] == header[92:96] else 0
    if size % form.page:
        yield Flaw(f"truncated at byte {size}: the last page is incomplete")
    elif count < declared:
        yield Flaw(f"truncated at byte {size}: it has {count:,} of {declared:,} pages")


def is_log(data: bytes) -> bool:
    """Return whether ``data``, which begins like a write-ahead log, has the only version of the format."""
    return data[4:8] == b"\0\x2d\xe2\x18"


def log_members(source: ContainerBytes, level: Level) -> Iterator[Member | Flaw]:
    """Yield the values in the pages of a write-ahead log (section 4), those that were overwritten too."""
    header = source.peek(_LOG_HEADER_BYTES)
    form = format_of(int.from_bytes(header[8:12], "big"), 0, b"")
    if form is None:
        yield Flaw("damaged at byte 8: its pages have no size")
        return
    at, size = source.anywhere()
    if at is None:
        yield Flaw(_STREAM)
        return
    frame = _FRAME_HEADER_BYTES + form.page
    count = max(0, size - _LOG_HEADER_BYTES) // frame
    numbers = [int.from_bytes(at(_LOG_HEADER_BYTES + index * frame, 4), "big") for index in range(count)]
    where: dict[int, list[int]] = {}
    for index, number in enumerate(numbers):
        where.setdefault(number, []).append(index)

    def content(index: int) -> bytes:
        return at(_LOG_HEADER_BYTES + index * frame + _FRAME_HEADER_BYTES, form.page)

    def near(index: int) -> Pages:
        """Return a function that returns each page as it was written nearest to that frame."""

        def page(number: int) -> bytes:
            frames = where.get(number, [])
            place = bisect_left(frames, index)
            return (
                content(min(frames[max(0, place - 1) : place + 1], key=lambda candidate: abs(candidate - index)))
                if frames
                else b""
            )

        return page

    def label(index: int, kind: str, rowid: int | None, _column: int) -> tuple[str, bool]:
        """Name a value by its page: which table has that, only the database can say."""
        row = kind or ("" if rowid is None else f"rowid {_signed(rowid)}")
        return f"sqlite:page {numbers[index]}" + (f"[{row}]" if row else ""), False

    places = Places(lambda index: leaf_of(form, content(index), near(index)), label)
    level.member()
    pages = ((index, content(index)) for index in range(count))
    pieces = _together(_values(form, pages, near, places), level, places)
    yield Member("sqlite", pieces=pieces, part_at=places.part_at)
    yield from _contained(places, level, _GROWTH * size)


def _contained(places: Places, level: Level, most: int) -> Iterator[Member | Flaw]:
    """Yield the values that are containers, as members of their own; the other bytes of all are lines already."""
    if not places.has_containers:
        return
    try:
        for label, value in places.containers():
            most -= len(value)
            if most < 0:
                yield Flaw(_SHARED)
                return
            level.member()
            pieces = (value[start : start + PIECE_BYTES] for start in range(0, len(value), PIECE_BYTES))
            yield Member(label, pieces=pieces, at=slices(value), size=len(value))
    except Unreadable as error:
        yield Flaw(str(error))


def _values(
    form: Format, pages: Iterator[tuple[int, bytes]], others: Callable[[int], Pages], places: Places
) -> Iterator[bytes]:
    leaf: Leaf | None
    for number, data in pages:
        leaf = leaf_of(form, data, others(number))
        if leaf:
            places.begin(number)
            yield from values(leaf)


def _together(found: Iterator[bytes], level: Level, places: Places, most: int | None = None) -> Iterator[bytes]:
    """Yield the values as lines, many in a piece. Raises Unreadable when they have more than ``most`` bytes."""
    lines: list[bytes] = []
    size = 0
    for value in found:
        places.total += len(value) + 1
        if most is not None and places.total > most:
            raise Unreadable(_SHARED)
        if value[:2] in CONTAINER_MAGICS:
            places.has_containers = True
        for start in range(0, len(value), PIECE_BYTES):
            lines.append(value[start : start + PIECE_BYTES])
            size += len(lines[-1])
            if size >= PIECE_BYTES:
                level.spend(size)
                yield b"".join(lines)
                lines, size = [], 0
        lines.append(b"\n")
    level.spend(size)
    yield b"".join(lines)


def _signed(rowid: int) -> int:
    """Return a rowid as SQL shows it: a 64-bit number with a sign."""
    return rowid - (1 << 64) if rowid >> 63 else rowid
