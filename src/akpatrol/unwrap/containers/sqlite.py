"""Extract the values in SQLite databases, each on its own line (SQLite file format, sections 1.3 to 2.3 and 4).

In the file, values follow one another without a separator, and the rest of a long value is on other pages. Every page
that looks like a leaf is read, in use or not, with the deleted records that have their own free block; other free
space is scanned as it is.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.unwrap.containers.member import PIECE_BYTES, Flaw, Member, Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from akpatrol.unwrap.budget import Level
    from akpatrol.unwrap.containers.container_bytes import ContainerBytes

    Pages = Callable[[int], bytes]

_HEADER_BYTES = 100
_LOG_HEADER_BYTES, _FRAME_HEADER_BYTES = 32, 24
_INDEX_INTERIOR, _INDEX_LEAF, _TABLE_LEAF = 2, 10, 13
# The sizes of the numbers, by their serial types; text and blobs have the greater types.
_NUMBERS = (0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0)
_FIRST_BLOB = len(_NUMBERS)
_CODECS = {2: "utf-16-le", 3: "utf-16-be"}
# The longest value that is put together.
_VALUE_BYTES = 64 << 20
# The values of a sound database are smaller than it; UTF-16 may double them, and so may pages that are not in use.
_GROWTH = 4
# Of a deleted record: the bytes that are overwritten, the most columns left, and the most bytes of the lost columns.
_OVERWRITTEN, _COLUMNS, _LOST_BYTES = 4, 24, 8
# The most of a stream that is read into memory, where its pages can be read in any order.
_MOST_BYTES = 64 << 20
_STREAM = f"SQLite: its values cannot be put together in a stream of more than {_MOST_BYTES >> 20} MiB"


class _Format(NamedTuple):
    """The facts of the header: a page's size, the usable part of it, and the codec of text (None for UTF-8)."""

    page: int
    usable: int
    codec: str | None


def members(source: ContainerBytes, level: Level) -> Iterator[Member | Flaw]:
    """Yield the values of a database. Raises OverLimit and OSError; damage is a flaw."""
    header = source.peek(_HEADER_BYTES)
    form = _format(
        int.from_bytes(header[16:18], "big"), header[20] if len(header) == _HEADER_BYTES else 0, header[59:60]
    )
    if form is None:
        yield Flaw("damaged at byte 16: its pages have no size")
        return
    at, size = _anywhere(source)
    if at is None:
        yield Flaw(_STREAM)
        return

    def page(number: int) -> bytes:
        return at((number - 1) * form.page, form.page) if 0 < number <= 1 + (size - 1) // form.page else b""

    count = -(-size // form.page)
    level.member()
    values = _values(form, ((number, page(number)) for number in range(1, count + 1)), lambda _: page)
    yield Member("sqlite", pieces=_together(values, level, _GROWTH * size))
    if size % form.page:
        yield Flaw(f"truncated at byte {size}: the last page is incomplete")


def is_log(data: bytes) -> bool:
    """Return whether ``data``, which begins like a write-ahead log, has the only version of the format."""
    return data[4:8] == b"\0\x2d\xe2\x18"


def log_members(source: ContainerBytes, level: Level) -> Iterator[Member | Flaw]:
    """Yield the values in the pages of a write-ahead log (section 4), those that were overwritten too."""
    header = source.peek(_LOG_HEADER_BYTES)
    form = _format(int.from_bytes(header[8:12], "big"), 0, b"")
    if form is None:
        yield Flaw("damaged at byte 8: its pages have no size")
        return
    at, size = _anywhere(source)
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

    level.member()
    pages = ((index, content(index)) for index in range(count))
    yield Member("sqlite", pieces=_together(_values(form, pages, near), level))


def _anywhere(source: ContainerBytes) -> tuple[Callable[[int, int], bytes] | None, int]:
    """Return a function that returns any part of the file, and its size; None for a stream that is too long."""
    if source.at is not None and source.size is not None:
        return source.at, source.size
    data = source.read(_MOST_BYTES)
    if source.peek(1):
        return None, 0
    return lambda offset, number: data[offset : offset + number], len(data)


def _format(page: int, reserved: int, encoding: bytes) -> _Format | None:
    page = 1 << 16 if page == 1 else page
    if page < 512 or page > 1 << 16 or page & (page - 1):  # noqa: PLR2004 - section 1.3.2
        return None
    return _Format(page, page - reserved, _CODECS.get(int.from_bytes(encoding, "big")))


def _together(values: Iterator[bytes], level: Level, most: int | None = None) -> Iterator[bytes]:
    """Yield the values as lines, many in a piece. Raises Unreadable when they have more than ``most`` bytes."""
    lines: list[bytes] = []
    size = total = 0
    for value in values:
        total += len(value)
        if most is not None and total > most:
            raise Unreadable("damaged: its values come to far more than its size, so pages of them are shared")
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


class _Leaf(NamedTuple):
    """One page with records: its ``kind``, its bytes, and a function that returns the pages of long records."""

    form: _Format
    kind: int
    data: bytes
    others: Pages


def _values(form: _Format, pages: Iterator[tuple[int, bytes]], others: Callable[[int], Pages]) -> Iterator[bytes]:
    for number, page in pages:
        start = _HEADER_BYTES if page.startswith(b"SQLite format 3\0") else 0
        kind = page[start] if len(page) == form.page else 0
        if kind not in (_INDEX_INTERIOR, _INDEX_LEAF, _TABLE_LEAF):
            continue
        leaf = _Leaf(form, kind, page, others(number))
        first = start + (12 if kind == _INDEX_INTERIOR else 8)
        last = first + 2 * int.from_bytes(page[start + 3 : start + 5], "big")
        for place in range(first, min(last, form.usable - 1), 2):
            cell = page[place] << 8 | page[place + 1]
            if last <= cell < form.usable:
                yield from _cell(leaf, cell)
        yield from _deleted(leaf, start)


def _cell(leaf: _Leaf, place: int) -> Iterator[bytes]:
    """Yield the text and the blobs of one record (sections 1.6 and 2.1)."""
    try:
        size, place = _varint(leaf.data, place + 4 if leaf.kind == _INDEX_INTERIOR else place)
        if leaf.kind == _TABLE_LEAF:
            _, place = _varint(leaf.data, place)
        payload = _payload(leaf, place, size)
        length, at = _varint(payload, 0)
        value = length
        while at < length:
            serial, at = _varint(payload, at)
            if serial < _FIRST_BLOB:
                value += _NUMBERS[serial]
                continue
            end = value + (serial - _FIRST_BLOB) // 2
            if end > value:
                yield _text(leaf.form, payload[value:end]) if serial & 1 else payload[value:end]
            value = end
    except IndexError:
        return  # it only looked like a record


def _payload(leaf: _Leaf, place: int, size: int) -> bytes:
    """Return a record's bytes, including those on overflow pages, each of which links to the next."""
    page, usable = leaf.data, leaf.form.usable
    most = usable - 35 if leaf.kind == _TABLE_LEAF else (usable - 12) * 64 // 255 - 23
    if size <= most:
        return page[place : place + size]
    least = (usable - 12) * 32 // 255 - 23
    local = least + (size - least) % (usable - 4)
    local = local if local <= most else least
    parts = [page[place : place + local]]
    left = size - local
    following = int.from_bytes(page[place + local : place + local + 4], "big")
    seen: set[int] = set()
    while left > 0 and following not in seen and (overflow := leaf.others(following)):
        seen.add(following)
        following = int.from_bytes(overflow[:4], "big")
        parts.append(overflow[4 : min(usable, 4 + left)])
        left -= usable - 4
        if len(parts) * usable > _VALUE_BYTES:
            raise Unreadable(f"SQLite: a value of more than {_VALUE_BYTES >> 20} MiB")
    return b"".join(parts)


def _deleted(leaf: _Leaf, start: int) -> Iterator[bytes]:
    """Yield the values of deleted records that are alone in a free block (section 1.6), as far as they are known."""
    place = int.from_bytes(leaf.data[start + 1 : start + 3], "big")
    while start < place < leaf.form.usable - _OVERWRITTEN:
        following, size = (int.from_bytes(leaf.data[place + at : place + at + 2], "big") for at in (0, 2))
        block = leaf.data[place + _OVERWRITTEN : place + size]
        fitting = (candidate for candidate in range(1, _COLUMNS) if 0 <= _rest(block, candidate) <= _LOST_BYTES)
        if columns := min(fitting, key=lambda candidate: _rest(block, candidate), default=0):
            value = columns + _rest(block, columns)
            for serial in block[:columns]:
                end = value + _size(serial)
                if serial > _FIRST_BLOB:
                    yield _text(leaf.form, block[value:end]) if serial & 1 else block[value:end]
                value = end
        place = following if following > place else 0


def _rest(block: bytes, columns: int) -> int:
    """Return how many bytes are left of a block if it begins with the serial types of so many columns."""
    return len(block) - columns - sum(map(_size, block[:columns]))


def _size(serial: int) -> int:
    return _NUMBERS[serial] if serial < _FIRST_BLOB else (serial - _FIRST_BLOB) // 2


def _text(form: _Format, value: bytes) -> bytes:
    return value.decode(form.codec, "replace").encode() if form.codec else value


def _varint(data: bytes, place: int) -> tuple[int, int]:
    """Return a number and its end (section 1.6). Raises IndexError where the data ends before it."""
    value = data[place]
    if value < 0x80:  # noqa: PLR2004 - the continuation bit
        return value, place + 1
    value &= 0x7F
    for _ in range(7):
        place += 1
        byte = data[place]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:  # noqa: PLR2004 - the same
            return value, place + 1
    return value << 8 | data[place + 1], place + 2
