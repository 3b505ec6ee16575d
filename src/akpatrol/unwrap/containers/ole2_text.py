"""What hides text within a stream of an OLE2 document: compressed rich text, macros and objects, and encryption."""

from __future__ import annotations

import re

# [MS-OXRTFCP] section 2.1.2.1: the dictionary before anything was written.
_DICTIONARY = b"".join(
    (
        rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor MS Sans Serif",
        rb"SymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0",
        b"\r\n",
        rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx",
    )
)
MARKED = ("WordDocument", "Workbook", "Book")  # streams that say whether they are encrypted
_RICH_HEADER = 16
_WINDOW = 4096
_MOST_BYTES = 64 << 20  # of expanded text
_MACRO = re.compile(rb"\x01[\s\S][\xb0-\xbf]\x00Attribut")
# [MS-PPT] sections 2.3.1 and 2.10.34: a compressed object, its record's length, its own size, and zlib's beginning.
_OBJECT = re.compile(rb"\x10\x00\x11\x10[\s\S]{8}(?=\x78)")
_CHUNK_BYTES = 4096  # of a macro, expanded


def rich_text(data: bytes) -> bytes:
    """Return a message's rich text: what was written may be referred to, by its place in a window and its length."""
    if data[8:12] == b"MELA":
        return data[_RICH_HEADER:]
    window = bytearray(_DICTIONARY.ljust(_WINDOW, b"\0"))
    place, read, written = len(_DICTIONARY), _RICH_HEADER, bytearray()
    while data[8:12] == b"LZFu" and read < len(data) and len(written) < _MOST_BYTES:
        control, read = data[read], read + 1
        for bit in range(8):
            if control >> bit & 1:
                reference = int.from_bytes(data[read : read + 2], "big")
                start, read = reference >> 4, read + 2
                if start == place or read > len(data):
                    return bytes(written)
                length = (reference & 15) + 2
            elif read < len(data):
                start, length, read = -1, 1, read + 1
            else:
                return bytes(written)
            for step in range(length):
                byte = data[read - 1] if start < 0 else window[(start + step) % _WINDOW]
                window[place] = byte
                written.append(byte)
                place = (place + 1) % _WINDOW
    return bytes(written)


def objects(data: bytes) -> list[bytes]:
    """Return the compressed objects in a presentation: macros, and documents in it."""
    found = []
    for match in _OBJECT.finditer(data):
        size = int.from_bytes(data[match.start() + 4 : match.start() + 8], "little") - 4
        found.append(data[match.end() : match.end() + max(0, size)])
    return found


def macro(data: bytes) -> bytes:
    """Return the source of a module, which begins with its attributes; nothing where there is none."""
    match = _MACRO.search(data)
    if not match:
        return b""
    read, written = match.start() + 1, bytearray()
    while read + 2 <= len(data) and len(written) < _MOST_BYTES:
        header = int.from_bytes(data[read : read + 2], "little")
        stop = min(read + (header & 0xFFF) + 3, len(data))
        if header >> 12 & 7 != 3:  # noqa: PLR2004 - [MS-OVBA] section 2.4.1.1.5: the signature of a chunk
            break
        written += _chunk(data[read + 2 : stop]) if header >> 15 else data[read + 2 : stop]
        read = stop
    return bytes(written)


def _chunk(data: bytes) -> bytes:
    """Expand a chunk: eight parts after each flag byte, a byte or a reference to what was written in the chunk."""
    written, read = bytearray(), 0
    while read < len(data):
        flags, read = data[read], read + 1
        for bit in range(8):
            if read >= len(data) or len(written) > _CHUNK_BYTES:
                return bytes(written)
            if not flags >> bit & 1:
                written.append(data[read])
                read += 1
                continue
            reference = int.from_bytes(data[read : read + 2], "little")
            read += 2
            # As many bits for the distance as the text so far needs, at least four.
            bits = max(4, (len(written) - 1).bit_length())
            distance, length = (reference >> (16 - bits)) + 1, (reference & ((1 << (16 - bits)) - 1)) + 3
            if distance > len(written):
                return bytes(written)
            for _ in range(length):
                written.append(written[-distance])
    return bytes(written)


def is_encrypted(name: str, data: bytes) -> bool:
    """Return whether a stream of that name begins like that of an encrypted document."""
    if name == "WordDocument":
        return bool(data[10:12]) and bool(int.from_bytes(data[10:12], "little") & 0x100)
    place = 0
    for _ in range(16):  # FILEPASS follows the first records
        kind, size = data[place : place + 2], int.from_bytes(data[place + 2 : place + 4], "little")
        if kind == b"\x2f\0":
            return True
        place += 4 + size
    return False
