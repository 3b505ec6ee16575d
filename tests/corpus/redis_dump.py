"""Writes dumps of Redis (.rdb): each kind of value, in its own encoding (https://rdb.fnordig.de/file_format.html)."""

from __future__ import annotations

from functools import cache

END = b"\xff" + bytes(8)


def length(number: int) -> bytes:
    """Return a length as it is stored."""
    if number < 64:
        return bytes((number,))
    if number < 1 << 14:
        return (0x4000 | number).to_bytes(2, "big")
    return b"\x80" + number.to_bytes(4, "big")


def string(value: bytes) -> bytes:
    """Return a string with its length."""
    return length(len(value)) + value


@cache
def lzf_bytes(data: bytes) -> bytes:
    """Compress by the nearest repetition of four bytes or more."""
    out, literal, at = bytearray(), bytearray(), 0
    while at < len(data) or literal:
        before = data.rfind(data[at : at + 4], max(0, at - 8000), at) if at + 4 <= len(data) else -1
        if before >= 0 or len(literal) == 32 or at == len(data):
            if literal:
                out += bytes((len(literal) - 1,)) + literal
                literal.clear()
            if before >= 0:
                size = 4
                while size < 200 and at + size < len(data) and data[before + size] == data[at + size]:
                    size += 1
                offset, code = at - before - 1, size - 2
                out += bytes((min(code, 7) << 5 | offset >> 8,)) + (bytes((code - 7,)) if code >= 7 else b"")
                out += bytes((offset & 0xFF,))
                at += size
        else:
            literal.append(data[at])
            at += 1
    return bytes(out)


def compressed(value: bytes) -> bytes:
    """Return a string that LZF has compressed."""
    packed = lzf_bytes(value)
    return b"\xc3" + length(len(packed)) + length(len(value)) + packed


def listpack_bytes(*values: bytes | int) -> bytes:
    """Return a listpack of these values."""
    entries = b""
    for value in values:
        if isinstance(value, int):
            entry = b"\xf3" + value.to_bytes(4, "little") if value > 127 else bytes((value,))
        elif len(value) < 64:
            entry = bytes((0x80 | len(value),)) + value
        elif len(value) < 4096:
            entry = (0xE000 | len(value)).to_bytes(2, "big") + value
        else:
            entry = b"\xf0" + len(value).to_bytes(4, "little") + value
        back = 1 + sum(len(entry) > limit for limit in (127, 16383, 2097151))
        entries += entry + bytes(back)
    return (len(entries) + 7).to_bytes(4, "little") + len(values).to_bytes(2, "little") + entries + b"\xff"


def ziplist_bytes(*values: bytes | int) -> bytes:
    """Return a ziplist of these values."""
    entries, before = b"", 0
    for value in values:
        if isinstance(value, int):
            entry = b"\xd0" + value.to_bytes(4, "little") if value > 12 else bytes((0xF1 + value,))
        elif len(value) < 64:
            entry = bytes((len(value),)) + value
        else:
            entry = (0x4000 | len(value)).to_bytes(2, "big") + value
        entry = (bytes((before,)) if before < 254 else b"\xfe" + before.to_bytes(4, "little")) + entry
        entries, before = entries + entry, len(entry)
    return (len(entries) + 11).to_bytes(4, "little") + bytes(4) + len(values).to_bytes(2, "little") + entries + b"\xff"


def values(first: bytes, second: bytes) -> dict[str, bytes]:
    """Return each kind of value with two texts; the type comes first, the key is to be put behind it."""
    two = string(first) + string(second)
    stream = length(1) + string(bytes(16)) + string(listpack_bytes(1, 0, first, second))
    group = length(1) + string(b"group") + length(1) * 2
    pending = length(1) + bytes(24) + length(1)
    consumer = length(1) + string(b"consumer") + bytes(8)
    newer = b"".join((stream, length(1) * 8, group, length(1), pending, consumer))
    texts = b"\5" + string(first) + b"\5" + string(second)
    return {
        "list": b"\1" + length(2) + two,
        "set": b"\2" + length(2) + two,
        "sorted set": b"\3" + length(2) + string(first) + b"\3" + b"1.5" + string(second) + b"\xfd",
        "hash": b"\4" + length(1) + two,
        "sorted set 2": b"\5" + length(2) + string(first) + bytes(8) + string(second) + bytes(8),
        "module": b"\7\x81" + bytes(8) + b"\2\5\3" + bytes(4) + b"\4" + bytes(8) + texts + b"\0",
        "ziplist": b"\x0a" + string(ziplist_bytes(first, 5, 70_000, second)),
        "sorted ziplist": b"\x0c" + compressed(ziplist_bytes(first, 1, second, 2)),
        "hash ziplist": b"\x0d" + string(ziplist_bytes(first, second)),
        "quicklist": b"\x0e" + length(2) + string(ziplist_bytes(first)) + compressed(ziplist_bytes(second)),
        "stream": b"\x0f" + stream + length(1) * 3 + group + pending + consumer + length(1) + bytes(16),
        "hash listpack": b"\x10" + string(listpack_bytes(first, 3, 70_000, second)),
        "sorted listpack": b"\x11" + compressed(listpack_bytes(first, 1, second, 2)),
        "quicklist 2": b"\x12" + length(2) + length(1) + string(first) + length(2) + string(listpack_bytes(second)),
        "stream 2": b"\x13" + newer + length(1) + bytes(16),
        "set listpack": b"\x14" + string(listpack_bytes(first, second)),
        "stream 3": b"\x15" + newer + bytes(8) + length(0),
        "hash with times": b"\x18" + bytes(8) + length(1) + length(7) + two,
        "packed hash with times": b"\x19" + bytes(8) + string(listpack_bytes(first, second, 0)),
        "Valkey's hash with times": b"\x16" + length(1) + two + bytes(8),
    }


def dump_bytes(*entries: bytes, magic: bytes = b"REDIS0011") -> bytes:
    """Return a dump of one database with these entries."""
    head = magic + b"\xfa" + string(b"redis-ver") + string(b"7.2.5") + b"\xfa" + string(b"redis-bits") + b"\xc0\x40"
    module = b"\xf7\x81" + bytes(8) + b"\2\2\0"
    return head + module + b"\xfe\3\xfb" + length(len(entries)) + length(0) + b"".join(entries) + END


def entry(kind: bytes, key: bytes) -> bytes:
    """Return an entry: a value, which begins with its kind, under a key."""
    return kind[:1] + string(key) + kind[1:]
