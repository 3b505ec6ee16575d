"""Open the bodies of web archives that are written in other bytes than their own.

WARC: ISO 28500, "The WARC Format 1.1", sections 4 and 6. A response's body may come in chunks (RFC 9112 section 7.1)
and compressed (RFC 9110 section 8.4.1); what is neither is found in the archive's own bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.unwrap.containers.confirm import is_binary
from akpatrol.unwrap.containers.member import Flaw, Member, Unreadable, text
from akpatrol.unwrap.containers.recognise import kind_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.unwrap.budget import Level
    from akpatrol.unwrap.containers.container_bytes import ContainerBytes

_HEADER_BYTES = 64 << 10
_BEGINNING = 70 << 10  # by which a container is recognised
_CHUNK_LINE = 1024
_BLANK = b"\r\n\r\n"
_PLAIN = (b"", b"identity")


def members(source: ContainerBytes, level: Level) -> Iterator[Member | Flaw]:
    """Yield the bodies that are containers or in chunks. Raises OverLimit and OSError; damage is a flaw."""
    while header := _record(source):
        level.check()
        fields = _fields(header)
        length = fields.get(b"content-length", b"")
        if not length.isdigit():
            yield Flaw(f"damaged at byte {source.offset - len(header)}")
            return
        end = source.offset + int(length)
        member = _body(source, level, fields, end)
        if member:
            level.member()
            yield member
        source.skip(end - source.offset)
        if source.offset < end:
            yield Flaw(f"truncated at byte {source.offset}: a record ends at byte {end}")
            return
    if source.peek(1):
        yield Flaw(f"damaged at byte {source.offset}")


def _record(source: ContainerBytes) -> bytes:
    """Return the header of the next record, and go to its block; nothing at the end or where none is."""
    while (line := source.peek(2)) == b"\r\n" or line[:1] == b"\n":
        source.skip(2 if line == b"\r\n" else 1)
    header = source.peek(_HEADER_BYTES)
    size = header.find(_BLANK)
    return source.read(size + len(_BLANK)) if header.startswith(b"WARC/") and size > 0 else b""


def _body(source: ContainerBytes, level: Level, record: dict[bytes, bytes], end: int) -> Member | None:
    """Return the body of a record that ends at ``end``, None where its bytes are found as they stand."""
    label = f"warc:{text(record.get(b'warc-target-uri', record.get(b'warc-record-id', b'')))}"
    fields: dict[bytes, bytes] = {}
    if record.get(b"content-type", b"").startswith(b"application/http"):
        header = source.peek(min(_HEADER_BYTES, end - source.offset))
        size = header.find(_BLANK)
        if size < 0:
            return None
        fields = _fields(header[:size])
        source.skip(size + len(_BLANK))
    is_chunked = b"chunked" in fields.get(b"transfer-encoding", b"").lower()
    first = source.peek(min(_BEGINNING, end - source.offset))
    if is_chunked and (line := _chunk_line(first)):  # some archives keep the field and not the chunks
        size, at = line
        first = first[at : at + size]
        pieces = _chunks(source, level, end)
    else:
        pieces = source.pieces(end - source.offset)
        is_chunked = False
    kind = kind_of(first)
    coding = fields.get(b"content-encoding", b"").lower()
    if not kind and coding not in _PLAIN and is_binary(first):
        return Member(label, flaw=f"WARC: a body is not expanded ({text(coding)})")
    return Member(label, pieces=pieces) if kind or is_chunked else None


def _chunks(source: ContainerBytes, level: Level, end: int) -> Iterator[bytes]:
    while source.offset < end:
        level.check()
        line = _chunk_line(source.peek(min(_CHUNK_LINE, end - source.offset)))
        if not line:
            raise Unreadable(f"damaged at byte {source.offset}: no chunk")
        size, at = line
        source.skip(at)
        stop = min(source.offset + size, end)
        if not size:
            return
        yield from source.pieces(stop - source.offset)
        source.skip(len(b"\r\n"))


def _chunk_line(data: bytes) -> tuple[int, int] | None:
    """Return the size of the chunk that begins here, and the length of the line that tells it."""
    line, found, _ = data[:_CHUNK_LINE].partition(b"\r\n")
    digits = line.partition(b";")[0].strip()
    if not found or not 0 < len(digits) <= 8 or digits.strip(b"0123456789abcdefABCDEF"):  # noqa: PLR2004 - 4 GiB
        return None
    return int(digits, 16), len(line) + len(found)


def _fields(header: bytes) -> dict[bytes, bytes]:
    """Return the fields of a header by their names in lower case, the last of each name."""
    pairs = (line.partition(b":") for line in header.split(b"\r\n")[1:])
    return {name.strip().lower(): value.strip() for name, _, value in pairs}
