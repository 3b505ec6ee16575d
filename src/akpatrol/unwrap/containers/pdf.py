"""Open PDF (ISO 32000): the text of its pages, what is attached, and the content of all other streams.

``pdfs`` reads what the table at the end names, in a process of its own. Other streams are found here from front to
back, because replaced objects are still in the file. One that shows text is read as a page of an earlier version, or
it is a gap: its text may be in the codes of a font.
"""

from __future__ import annotations

import json
from base64 import a85decode
from binascii import Error, unhexlify
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.unwrap.containers import decompress
from akpatrol.unwrap.containers.member import PIECE_BYTES, Flaw, Member, Unreadable
from akpatrol.unwrap.containers.pdf_text import shown_text, shows_text
from akpatrol.unwrap.containers.worker_process import Program, StoppedError, asked
from akpatrol.unwrap.encodings.lazy_pattern import lazy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.unwrap.budget import Level
    from akpatrol.unwrap.containers.container_bytes import ContainerBytes

# The most that is read into memory, and how far before a stream its dictionary may begin.
_MOST_BYTES = 64 << 20
# Decoding it takes many times its size.
_MOST_BASE85 = 8 << 20
_DICTIONARY_BYTES = 16 << 10
# A stream follows a dictionary; the word alone is just text.
_STREAM = lazy(rb">>\s{0,8}stream(?:\r\n|\n|\r)")
_FILTER = lazy(rb"/Filter\s*(\[[^\]]*\]|/[A-Za-z0-9]+|\d+\s+\d+\s+R)")
_NAME = lazy(rb"/([A-Za-z0-9]+)")
_ENCRYPTED = lazy(rb"/Encrypt\s*(?:\d+\s+\d+\s+R|<<)")
_PREDICTOR = lazy(rb"/Predictor\s*(?!1\b)\d")
_PICTURES = (b"DCTDecode", b"JPXDecode", b"CCITTFaxDecode", b"JBIG2Decode")
_IMAGE = lazy(rb"/Subtype\s*/Image\b")
_LENGTH = lazy(rb"/Length\s+(\d+)(?!\s+\d+\s+R|\d)")
_OBJECT = lazy(rb"(\d+)\s+\d+\s+obj\b")
_END = lazy(rb"%%EOF[\r\n]*")
_MOST_VERSIONS, _MOST_NAMED = 16, 3
PROGRAM = Program(
    "akpatrol.unwrap.containers.pdfs.worker", ("pypdf", "cryptography", "_cffi_backend", "typing_extensions")
)
# What the process sends for a part.
PART = b"P"


def members(source: ContainerBytes, level: Level) -> Iterator[Member | Flaw]:
    """Yield the text of pages, then the streams that are not pictures. Raises OverLimit and OSError."""
    data = source.read(_MOST_BYTES)
    if source.peek(1):
        yield Flaw(f"PDF: larger than {_MOST_BYTES >> 20} MiB")
    seen = _Seen()
    yield from _read(data, None, level, seen)
    if seen.encrypted or "PDF: encrypted" in seen.flaws:
        return  # so are its streams
    if seen.flaws and _ENCRYPTED.search(data):
        yield Flaw("PDF: encrypted")
        return
    yield from _uncovered(data, level, seen)


class _Seen:
    """What was read so far: the offsets of objects that are ``covered``, and of ``other`` streams than text."""

    def __init__(self) -> None:
        self.covered: set[int] = set()
        self.other: set[int] = set()
        self.flaws: set[str] = set()
        self.encrypted = False


def _read(data: bytes, wanted: list[int] | None, level: Level, seen: _Seen) -> Iterator[Member | Flaw]:
    """Yield what another process reads."""
    facts = {"size": len(data), "wanted": wanted}
    try:
        with asked(PROGRAM, facts, lambda offset, number: data[offset : offset + number], level) as answers:
            while answers.peek()[0] == PART:
                yield from _part(answers.next()[1], answers.pieces(), level, seen)
                for _ in answers.pieces():  # what was not wanted of it
                    pass
            failure = answers.outcome()
    except StoppedError:
        failure = "reading it takes too much time or memory"
    except Unreadable as error:
        failure = str(error)
    if failure:
        seen.flaws.add(f"PDF: {failure}")
        yield Flaw(f"PDF: {failure}")


def _part(body: bytes, pieces: Iterator[bytes], level: Level, seen: _Seen) -> Iterator[Member | Flaw]:
    """Yield a part, ``pdfs.reading.PdfPart``, as the process tells it."""
    try:
        part = json.loads(body)
        seen.covered.update(part["covered"])
        seen.other.update(part["other"])
        seen.encrypted |= part["encrypted"]
        flaw, label, name = str(part["flaw"]), str(part["label"]), part["name"].encode("latin-1")
    except (ValueError, LookupError, TypeError, AttributeError):
        raise StoppedError from None
    if flaw:
        seen.flaws.add(flaw)
        yield Flaw(flaw)
    if label:
        level.member()
        yield Member(label, (name,) if name else (), pieces)


def _uncovered(data: bytes, level: Level, seen: _Seen) -> Iterator[Member | Flaw]:
    """Yield the content of the other streams, among them objects that were replaced but are still in the file."""
    replaced: dict[int, _Replaced] = {}
    for stream in _streams(data, level):
        if stream.offset in seen.covered:
            stream.skip()
            continue
        level.member()
        try:
            content = stream.content(level)
        except Unreadable as error:
            if (reason := str(error)) not in seen.flaws:
                seen.flaws.add(reason)
                yield Flaw(reason)
            continue
        if stream.offset not in seen.other and shows_text(content):
            # The operators' own pieces would hold cut credentials.
            replaced[stream.offset] = _Replaced(stream.number, shown_text(content))
            continue
        if not stream.filters:
            continue
        if content:
            yield Member(f"pdf:object {stream.number}", pieces=iter((content,)))
    yield from _earlier(data, level, replaced)


def _earlier(data: bytes, level: Level, replaced: dict[int, _Replaced]) -> Iterator[Member | Flaw]:
    """Yield the pages of earlier versions, which end where a later one was appended (7.5.6)."""
    seen = _Seen()
    ends = [match.end() for match in _END.finditer(data)][-_MOST_VERSIONS - 1 : -1]
    for end in reversed(ends):
        wanted = [offset for offset in replaced if offset < end and offset not in seen.covered]
        if wanted:
            for item in _read(data[:end], wanted, level, seen):
                if isinstance(item, Member):
                    yield item._replace(label=item.label.replace("pdf:", "pdf:earlier ", 1))
    rest = [stream for offset, stream in replaced.items() if offset not in seen.covered]
    for stream in rest:
        if stream.text:
            level.member()
            yield Member(f"pdf:object {stream.number}", pieces=iter((stream.text,)))
    for stream in rest[:_MOST_NAMED]:
        yield Flaw(f"PDF: object {stream.number} shows text that is on no page")


def _streams(data: bytes, level: Level) -> Iterator[_Stream]:
    """Yield the streams that are not pictures; read each before requesting the next. Raises OverLimit."""
    position, ends = 0, _Ends(data)
    while match := _STREAM.search(data, position):
        level.check()
        position = match.end()
        base = max(0, match.start() - _DICTIONARY_BYTES)
        head = data[base : match.start()]
        objects = list(_OBJECT.finditer(head, max(0, head.rfind(b"obj") - 20)))
        if not objects:
            continue
        dictionary = head[objects[-1].end() :]
        filters = _filters(dictionary)
        if _IMAGE.search(dictionary) or any(name in _PICTURES for name in filters):
            position = ends.after(position)
            continue
        stream = _Stream(data, position, filters, ends)
        stream.number, stream.dictionary = int(objects[-1][1]), dictionary
        stream.offset = base + objects[-1].start()
        yield stream
        position = max(position, stream.end)


class _Replaced(NamedTuple):
    """A stream that shows text and that no page draws, with the strings of its operators."""

    number: int
    text: bytes


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
    """One stream of the object at ``offset``, that begins at ``start`` and extends at least to ``end``."""

    def __init__(self, data: bytes, start: int, filters: list[bytes], ends: _Ends) -> None:
        self._data = data
        self._ends = ends
        self._start = start
        self.filters = filters
        self.number = self.offset = 0
        self.dictionary = b""
        self.end = start

    def skip(self) -> None:
        """Go to its end without reading it; an attached PDF has streams of its own."""
        length = _LENGTH.search(self.dictionary)
        end = self._start + int(length[1][:10]) if length else 0
        is_sound = self._data[end : end + 12].lstrip().startswith(b"endstream")
        self.end = end if end > self._start and is_sound else self._ends.after(self._start)

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
                if len(data) + 4 * data.count(b"z") > _MOST_BASE85:
                    raise Unreadable(f"PDF: a stream in ASCII85 of more than {_MOST_BASE85 >> 20} MiB")
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
