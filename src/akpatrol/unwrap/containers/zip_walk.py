"""Read a zip from front to back, by its local headers: in a stream, or where the directory is lost."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from akpatrol.unwrap.containers.member import AFTER_END, Flaw, Member, Unreadable, text
from akpatrol.unwrap.containers.zip_directory import CENTRAL, CENTRAL_BYTES, END, length
from akpatrol.unwrap.containers.zip_entry import SIZES_FOLLOW, Data, ZipEntry, wide

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.unwrap.budget import Level
    from akpatrol.unwrap.containers.container_bytes import ContainerBytes

# PKWARE APPNOTE 4.3.7, 4.3.9; 8.5 for the mark of a split archive, the same as the descriptor's, and of a single one.
LOCAL = b"PK\3\4"
_MARKS = (b"PK\7\x08", b"PK00")
_LOCAL_HEADER = struct.Struct("<4s2x2H4x3L2H")
LOCAL_BYTES = _LOCAL_HEADER.size
_DESCRIPTORS = tuple(
    (mark, struct.Struct(mark_form + numbers))
    for mark, mark_form in ((b"PK\7\x08", "<4x"), (b"", "<"))
    for numbers in ("3L", "LQQ")
)


class ZipWalk:
    """Reads ``source`` from its current offset to ``end``, or to the end of the zip.

    ``flaws`` says whether to report damage to the zip; where its directory is lost, that has been reported.
    """

    def __init__(self, source: ContainerBytes, level: Level, end: int | None = None, *, flaws: bool = True) -> None:
        self._source = source
        self._level = level
        self._end = end
        self._flaws = flaws
        self._lost = False

    def members(self) -> Iterator[Member | Flaw]:
        """Yield the members. Raises OverLimit and OSError."""
        source = self._source
        if source.peek(4) in _MARKS:
            source.skip(4)
        while self._end is None or source.offset < self._end:
            self._level.check()
            magic = source.peek(4)
            if magic == LOCAL:
                yield from self._entry()
            elif len(magic) < 4:  # noqa: PLR2004 - no signature is left
                yield from self._flaw(f"truncated at byte {source.offset + len(magic)}")
                return
            elif self._record():
                if magic == END and (follows := source.peek(4)) != LOCAL:
                    if follows.strip(b"\0"):
                        yield from self._flaw(f"{AFTER_END} at byte {source.offset} is not zip")
                    return
            else:
                yield from self._flaw(f"damaged at byte {source.offset}")
                source.skip(1)
                source.find(LOCAL, CENTRAL)

    def _record(self) -> bool:
        """Skip one record of the directory; return whether there is one, and complete."""
        size = length(self._source.peek(CENTRAL_BYTES))
        if size is None:
            return False
        start = self._source.offset
        self._source.skip(size)
        return self._source.offset == start + size

    def _entry(self) -> Iterator[Member | Flaw]:
        source, offset = self._source, self._source.offset
        header = source.read(LOCAL_BYTES)
        if len(header) < LOCAL_BYTES:
            return
        _, flags, method, crc, compressed, size, name_bytes, extra_bytes = _LOCAL_HEADER.unpack(header)
        rest = source.read(name_bytes + extra_bytes)
        if len(rest) < name_bytes + extra_bytes:
            return
        name = rest[:name_bytes]
        entry = wide(ZipEntry(name, flags, method, crc, compressed, size, offset), rest[name_bytes:])
        entry = entry._replace(offset=offset)
        self._level.member()
        if flags & SIZES_FOLLOW and not entry.compressed:
            yield from self._unsized(entry._replace(crc=None))
        else:
            yield from self._sized(entry)

    def _sized(self, entry: ZipEntry) -> Iterator[Member | Flaw]:
        source, start = self._source, self._source.offset
        data = Data(source, self._level, entry)
        readable = not entry.flaw and not entry.is_directory
        yield Member(entry.label, (entry.name,), iter(data) if readable else None, entry.flaw)
        if not data.done or not self._at_header():
            source.skip(max(0, start + entry.compressed - source.offset))
        if entry.flags & SIZES_FOLLOW and not self._at_header():
            self._descriptor(entry.crc or 0, entry.compressed, entry.size)

    def _unsized(self, entry: ZipEntry) -> Iterator[Member | Flaw]:
        """Read an entry whose sizes follow its data, which must end by itself."""
        flaw = entry.flaw
        if not flaw and not entry.method and not entry.is_directory:
            flaw = "stored with its size behind it, which does not say where it ends"
        pieces = self._described(entry)
        self._lost = True
        yield Member(entry.label, (entry.name,), None if flaw or entry.is_directory else pieces, flaw)
        if not flaw:
            try:
                for _ in pieces:  # its end is where the next one begins
                    pass
            except Unreadable as error:
                yield Flaw(f"{text(entry.name)}: {error}")
        if self._lost:
            self._source.find(LOCAL, CENTRAL)

    def _described(self, entry: ZipEntry) -> Iterator[bytes]:
        start = self._source.offset
        data = Data(self._source, self._level, entry)
        yield from data
        if not self._descriptor(data.crc, self._source.offset - start, data.size):
            raise Unreadable("damaged: its checksum does not hold")
        self._lost = False

    def _descriptor(self, crc: int, compressed: int, size: int) -> bool:
        """Skip a data descriptor (4.3.9) of these sizes; return whether there is one, with this checksum."""
        head = self._source.peek(24 + 4)
        fitting = [
            form
            for mark, form in _DESCRIPTORS
            if head.startswith(mark) and len(head) >= form.size and form.unpack_from(head)[1:] == (compressed, size)
        ]
        if not fitting:
            return False
        # With a size of zero, the short form is the beginning of the long one: the next header decides.
        form = next((form for form in fitting if head[form.size : form.size + 4] in (LOCAL, CENTRAL)), fitting[0])
        self._source.skip(form.size)
        return bool(form.unpack_from(head)[0] == crc)

    def _at_header(self) -> bool:
        return self._source.peek(4) in (LOCAL, CENTRAL)

    def _flaw(self, reason: str) -> Iterator[Flaw]:
        """Report the first flaw of the zip only: one damaged part may look like several flaws."""
        if self._flaws:
            self._flaws = False
            yield Flaw(reason)
