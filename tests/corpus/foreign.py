"""Writes archives of forms that only libarchive reads here: small ones, stored or deflated."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.corpus.artifact import Artifact


def _vint(number: int) -> bytes:
    data = b""
    while number > 0x7F:
        data, number = data + bytes((number & 0x7F | 0x80,)), number >> 7
    return data + bytes((number,))


def rar_bytes(files: Mapping[str, bytes], main_flags: int = 0) -> bytes:
    """Return a rar archive whose members are stored (RAR 5.0 archive format)."""

    def block(*fields: int, name: bytes = b"") -> bytes:
        body = b"".join(map(_vint, fields)) + name
        body = _vint(len(body)) + body
        return struct.pack("<I", zlib.crc32(body)) + body

    parts = [b"Rar!\x1a\x07\1\0", block(1, 0, main_flags)]
    for name, data in files.items():
        stored = name.encode()
        parts += [block(2, 2, len(data), 0, len(data), 0o100644, 0, 1, len(stored), name=stored), data]
    return b"".join([*parts, block(5, 0, 0)])


def cab_bytes(files: Mapping[str, bytes], flags: int = 0) -> bytes:
    """Return a cabinet with one folder, deflated in blocks (Microsoft Cabinet Format; MSZIP)."""
    data = b"".join(files.values())
    blocks, dictionary = [], b""
    for start in range(0, len(data), 32768):
        part = data[start : start + 32768]
        compressor = zlib.compressobj(9, zlib.DEFLATED, -15, zdict=dictionary)
        packed = b"CK" + compressor.compress(part) + compressor.flush()
        blocks.append(struct.pack("<IHH", 0, len(packed), len(part)) + packed)
        dictionary = part
    entries, place = [], 0
    for name, content in files.items():
        entries.append(struct.pack("<IIHHHH", len(content), place, 0, 0, 0, 0x80) + name.encode() + b"\0")
        place += len(content)
    first = 36 + 8 + len(b"".join(entries))
    size = first + len(b"".join(blocks))
    head = struct.pack("<4s5I2B5H", b"MSCF", 0, size, 0, 44, 0, 3, 1, 1, len(files), flags, 1, 0)
    return head + struct.pack("<IHH", first, len(blocks), 1) + b"".join(entries + blocks)


def _seven_zip_number(number: int) -> bytes:
    """Return a number as 7z may spell it, in the longest way."""
    return b"\xff" + struct.pack("<Q", number)


def seven_zip_bytes(files: Mapping[str, bytes]) -> bytes:
    """Return a 7z archive whose members are stored, in one folder (7zFormat.txt of the LZMA SDK)."""
    data, number = b"".join(files.values()), _seven_zip_number
    names = b"\0" + b"".join(name.encode("utf-16-le") + b"\0\0" for name in files)
    sizes = b"".join(number(len(content)) for content in list(files.values())[:-1])
    sums = b"".join(struct.pack("<I", zlib.crc32(content)) for content in files.values())
    header = b"".join(
        (
            b"\1\4",
            b"\6" + number(0) + number(1) + b"\x09" + number(len(data)) + b"\0",
            b"\7\x0b\1\0\1\1\0" + b"\x0c" + number(len(data)) + b"\0",
            b"\x08\x0d" + number(len(files)) + b"\x09" + sizes + b"\x0a\1" + sums + b"\0",
            b"\0\5" + number(len(files)) + b"\x11" + number(len(names)) + names + b"\0\0",
        )
    )
    start = struct.pack("<QQI", len(data), len(header), zlib.crc32(header))
    return b"7z\xbc\xaf\x27\x1c\0\4" + struct.pack("<I", zlib.crc32(start)) + start + data + header


def packed(what: Artifact, kind: str, name: str) -> Artifact:
    """Return it as the last member of an archive of this kind."""
    make = {"rar": rar_bytes, "cab": cab_bytes, "7z": seven_zip_bytes}[kind]
    return what.packed(f"{kind}:{name}", make({"a.txt": b"x", name: what.data}))
