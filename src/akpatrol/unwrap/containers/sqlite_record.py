"""Read the records on one page of a SQLite database (file format, sections 1.5, 1.6 and 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from akpatrol.unwrap.containers.member import Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Pages = Callable[[int], bytes]

HEADER_BYTES = 100
INDEX_INTERIOR, TABLE_INTERIOR, INDEX_LEAF, TABLE_LEAF = 2, 5, 10, 13
# The sizes of the numbers, by their serial types; text and blobs have the greater types.
_NUMBERS = (0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0)
_FIRST_BLOB = len(_NUMBERS)
_ONE = 9  # the serial type of the number 1
_CODECS = {2: "utf-16-le", 3: "utf-16-be"}
# The longest value that is put together.
_VALUE_BYTES = 64 << 20
# How much of a record deleting overwrites, how many columns the rest may have, and how much the columns before took.
_OVERWRITTEN, _COLUMNS, _LOST_BYTES = 4, 24, 8


class Format(NamedTuple):
    """The facts of the header: a page's size, the usable part of it, and the codec of text (None for UTF-8)."""

    page: int
    usable: int
    codec: str | None


class Leaf(NamedTuple):
    """One page with records: where its header ``start``s, its ``kind``, its bytes, and a function for other pages."""

    form: Format
    start: int
    kind: int
    data: bytes
    others: Pages


def format_of(page: int, reserved: int, encoding: bytes) -> Format | None:
    """Return the facts of a header; None where its pages have no possible size."""
    page = 1 << 16 if page == 1 else page
    if page < 512 or page > 1 << 16 or page & (page - 1):  # noqa: PLR2004 - section 1.3.2
        return None
    return Format(page, page - reserved, _CODECS.get(int.from_bytes(encoding, "big")))


def leaf_of(form: Format, data: bytes, others: Pages) -> Leaf | None:
    """Return a page with records; None for any other."""
    start = page_start(data)
    kind = data[start] if len(data) == form.page else 0
    return Leaf(form, start, kind, data, others) if kind in (INDEX_INTERIOR, INDEX_LEAF, TABLE_LEAF) else None


def page_start(data: bytes) -> int:
    """Return where a page's own header is: the first page begins with the file's."""
    return HEADER_BYTES if data.startswith(b"SQLite format 3\0") else 0


def cells(form: Format, data: bytes, start: int) -> Iterator[int]:
    """Yield the offsets of the cells of a b-tree page."""
    first = start + (12 if data[start] in (INDEX_INTERIOR, TABLE_INTERIOR) else 8)
    last = first + 2 * int.from_bytes(data[start + 3 : start + 5], "big")
    for place in range(first, min(last, form.usable - 1), 2):
        cell = data[place] << 8 | data[place + 1]
        if last <= cell < form.usable:
            yield cell


def values(leaf: Leaf) -> Iterator[bytes]:
    """Yield the text and the blobs of all records of a page, then those of deleted ones."""
    for cell in cells(leaf.form, leaf.data, leaf.start):
        yield from _values(leaf, cell)
    yield from _deleted(leaf)


def named_values(leaf: Leaf) -> Iterator[tuple[bytes, int, int]]:
    """Yield what ``values`` does, in its order, each with its cell and its number there; cell 0 for deleted ones."""
    for cell in cells(leaf.form, leaf.data, leaf.start):
        for number, value in enumerate(_values(leaf, cell)):
            yield value, cell, number
    for value in _deleted(leaf):
        yield value, 0, 0


def _values(leaf: Leaf, cell: int) -> Iterator[bytes]:
    """Yield the text and the blobs of one record (sections 1.6 and 2.1)."""
    try:
        payload = _payload_of(leaf, cell)[0]
        length, at = _varint(payload, 0)
        value = length
        while at < length:
            serial = payload[at]
            if serial < 0x80:  # noqa: PLR2004 - a number of one byte, as nearly all are
                at += 1
            else:
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


def row_and_column(leaf: Leaf, cell: int, number: int) -> tuple[int | None, int]:
    """Return the rowid of a record of a table, and the column of its value of that ``number``, from 0."""
    payload, rowid = _payload_of(leaf, cell)
    length, at = _varint(payload, 0)
    column = -1
    while number >= 0 and at < length:
        serial, at = _varint(payload, at)
        column += 1
        number -= serial > _FIRST_BLOB + 1  # empty ones are not yielded
    return rowid, column


def whole_record(leaf: Leaf, cell: int) -> list[bytes | int | None]:
    """Return all values of a record: text in UTF-8, and whole numbers; None for any other. Raises IndexError."""
    payload = _payload_of(leaf, cell)[0]
    value, at = _varint(payload, 0)
    length = value
    found: list[bytes | int | None] = []
    while at < length:
        serial, at = _varint(payload, at)
        data = payload[value : value + _size(serial)]
        value += _size(serial)
        if serial >= _FIRST_BLOB:
            found.append(_text(leaf.form, data) if serial & 1 else data)
        elif serial <= 6:  # noqa: PLR2004 - whole numbers of up to eight bytes
            found.append(int.from_bytes(data, "big", signed=True) if serial else None)
        else:
            found.append(serial - _ONE + 1 if serial in (_ONE - 1, _ONE) else None)
    return found


def _payload_of(leaf: Leaf, cell: int) -> tuple[bytes, int | None]:
    """Return the bytes of a record, and the rowid where it is a table's."""
    size, place = _varint(leaf.data, cell + 4 if leaf.kind == INDEX_INTERIOR else cell)
    rowid = None
    if leaf.kind == TABLE_LEAF:
        rowid, place = _varint(leaf.data, place)
    return _payload(leaf, place, size), rowid


def _payload(leaf: Leaf, place: int, size: int) -> bytes:
    """Return a record's bytes, including those on overflow pages, each of which links to the next."""
    page, usable = leaf.data, leaf.form.usable
    most = usable - 35 if leaf.kind == TABLE_LEAF else (usable - 12) * 64 // 255 - 23
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


def _deleted(leaf: Leaf) -> Iterator[bytes]:
    """Yield the values of deleted records that are alone in a free block (section 1.6), as far as they are known."""
    place = int.from_bytes(leaf.data[leaf.start + 1 : leaf.start + 3], "big")
    while leaf.start < place < leaf.form.usable - _OVERWRITTEN:
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


def _text(form: Format, value: bytes) -> bytes:
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
