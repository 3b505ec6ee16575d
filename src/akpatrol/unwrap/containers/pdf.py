"""Open PDF (ISO 32000): expand its streams, and check whether it shows text.

Objects are found from front to back, without the table at the end, because replaced objects are still in the file. Text
on pages is set in pieces, often in codes of the font. Plain text is scanned, and a PDF that shows any text is a gap. A
PDF without text, such as a drawing, is read in full, and so are attachments.
"""

from __future__ import annotations

from base64 import a85decode
from binascii import Error, unhexlify
from typing import TYPE_CHECKING

from akpatrol.unwrap.containers import decompress
from akpatrol.unwrap.containers.member import PIECE_BYTES, Flaw, Member, Unreadable
from akpatrol.unwrap.containers.pdf_text import shown_text
from akpatrol.unwrap.encodings.lazy_pattern import lazy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.unwrap.budget import Level
    from akpatrol.unwrap.containers.container_bytes import ContainerBytes

# The most that is read into memory, and how far before a stream its dictionary may begin.
_MOST_BYTES = 64 << 20
_DICTIONARY_BYTES = 16 << 10
# A stream follows a dictionary; the word alone is just text.
_STREAM = lazy(rb">>\s{0,8}stream(?:\r\n|\n|\r)")
_FILTER = lazy(rb"/Filter\s*(\[[^\]]*\]|/[A-Za-z0-9]+|\d+\s+\d+\s+R)")
_NAME = lazy(rb"/([A-Za-z0-9]+)")
_ENCRYPTED = lazy(rb"/Encrypt\s*(?:\d+\s+\d+\s+R|<<)")
_PREDICTOR = lazy(rb"/Predictor\s*(?!1\b)\d")
_SHOWS_TEXT = lazy(rb"[)\]>]\s*(?:TJ|Tj|'|\")(?![A-Za-z])")
_PICTURES = (b"DCTDecode", b"JPXDecode", b"CCITTFaxDecode", b"JBIG2Decode")
_IMAGE = lazy(rb"/Subtype\s*/Image\b")
_OBJECT = lazy(rb"(\d+)\s+\d+\s+obj\b")
_TEXT = "PDF: not all of the text that it shows can be read"


def members(source: ContainerBytes, level: Level) -> Iterator[Member | Flaw]:
    """Yield the content of each stream that is not a picture. Raises OverLimit and OSError."""
    data = source.read(_MOST_BYTES)
    if source.peek(1):
        yield Flaw(f"PDF: larger than {_MOST_BYTES >> 20} MiB")
    if _ENCRYPTED.search(data):
        yield Flaw("PDF: encrypted")
        return
    shows_text, reported = False, set[str]()
    for stream in _streams(data, level):
        level.member()
        try:
            content = stream.content(level)
        except Unreadable as error:
            if (reason := str(error)) not in reported:
                reported.add(reason)
                yield Flaw(reason)
            continue
        if _SHOWS_TEXT.search(content):
            # The operators' own pieces would hold cut credentials.
            shows_text, content = True, shown_text(content)
        elif not stream.filters:
            continue
        if content:
            yield Member(f"pdf:object {stream.number}", pieces=iter((content,)))
    if shows_text:
        yield Flaw(_TEXT)


def _streams(data: bytes, level: Level) -> Iterator[_Stream]:
    """Yield the streams that are not pictures; read each before requesting the next. Raises OverLimit."""
    position, ends = 0, _Ends(data)
    while match := _STREAM.search(data, position):
        level.check()
        position = match.end()
        head = data[max(0, match.start() - _DICTIONARY_BYTES) : match.start()]
        objects = list(_OBJECT.finditer(head, max(0, head.rfind(b"obj") - 20)))
        if not objects:
            continue
        dictionary = head[objects[-1].end() :]
        filters = _filters(dictionary)
        if _IMAGE.search(dictionary) or any(name in _PICTURES for name in filters):
            position = ends.after(position)
            continue
        stream = _Stream(data, position, filters, ends)
        stream.number = int(objects[-1][1])
        yield stream
        position = max(position, stream.end)


class _Ends:
    """The ends of streams by their keyword, searched for in linear time."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._last = 0

    def after(self, position: int) -> int:
        """Return the offset of the next keyword, or the end of the data."""
        if self._last < position:
            match = self._data.find(b"endstream", position)
            self._last = len(self._data) if match < 0 else match
        return self._last


class _Stream:
    """One stream that begins at ``start`` and extends at least to ``end``."""

    def __init__(self, data: bytes, start: int, filters: list[bytes], ends: _Ends) -> None:
        self._data = data
        self._ends = ends
        self._start = start
        self.filters = filters
        self.number = 0
        self.end = start

    def content(self, level: Level) -> bytes:
        """Return the stream's content, all filters undone. Raises Unreadable and OverLimit."""
        if self.filters[:1] == [b"FlateDecode"]:
            content, rest = self._inflated(self._data, self._start, level), self.filters[1:]
        else:
            self.end = self._ends.after(self._start)
            content, rest = self._data[self._start : self.end], self.filters
        for name in rest:
            content = self._applied(name, content, level)
        return content

    def _applied(self, name: bytes, data: bytes, level: Level) -> bytes:
        try:
            if name == b"FlateDecode":
                return self._inflated(data, 0, level)
            if name == b"ASCII85Decode":
                return a85decode(data.strip().removeprefix(b"<~").partition(b"~")[0])
            if name == b"ASCIIHexDecode":
                digits = b"".join(data.partition(b">")[0].split())
                return unhexlify(digits + b"0" * (len(digits) % 2))
        except (ValueError, Error):
            raise Unreadable("PDF: a stream is damaged") from None
        raise Unreadable(f"PDF: a stream is compressed by {name.decode('latin-1')}, which is not read")

    def _inflated(self, data: bytes, start: int, level: Level) -> bytes:
        """Return the inflated data, as far as it goes: readers ignore a wrong checksum."""
        decompressor, parts, position, size = decompress.unzlibber(), list[bytes](), start, 0
        while not decompressor.eof and position < len(data) and size < _MOST_BYTES:
            part = data[position : position + decompress.PART_BYTES]
            position += len(part)
            while part or not decompressor.needs_input:
                try:
                    piece = decompressor.decompress(part, PIECE_BYTES)
                except Exception:  # noqa: BLE001 - each library raises its own, and only the data can be wrong
                    if not parts:
                        raise Unreadable("PDF: a stream is damaged") from None
                    return b"".join(parts)
                level.spend(len(piece))
                parts.append(piece)
                size += len(piece)
                part = b""
                if decompressor.eof or size >= _MOST_BYTES:
                    break
        if size >= _MOST_BYTES:
            raise Unreadable(f"PDF: a stream of more than {_MOST_BYTES >> 20} MiB")
        if data is self._data:
            self.end = position - len(decompressor.unused_data)
        return b"".join(parts)


def _filters(dictionary: bytes) -> list[bytes]:
    """Return the names of a stream's filters in the order in which they are undone."""
    match = _FILTER.search(dictionary)
    if match and _PREDICTOR.search(dictionary) and b"/XRef" not in dictionary:
        return [b"a predictor"]
    if not match:
        return []
    if match[1].endswith(b"R"):
        return [b"a filter that stands elsewhere"]
    return _NAME.findall(match[1])
