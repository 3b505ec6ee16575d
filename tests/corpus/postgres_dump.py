"""Writes PostgreSQL's custom dumps, in all versions of the format."""

from __future__ import annotations

import sys
import zlib
from random import Random

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


def _int(value: int) -> bytes:
    return bytes((value < 0,)) + abs(value).to_bytes(4, "little")


def _str(value: str | None) -> bytes:
    data = (value or "").encode()
    return _int(-1) if value is None else _int(len(data)) + data


def _compressed(data: bytes, method: str) -> bytes:
    return zlib.compress(data) if method == "gzip" else zstd.compress(data) if method == "zstd" else data


def _chunks(data: bytes) -> bytes:
    parts = [data[start : start + 4096] for start in range(0, len(data), 4096)]
    return b"".join(_int(len(part)) + part for part in parts) + _int(0)


def _entry(number: int, kind: str, space: str | None, tag: str, copy: str | None, version: tuple[int, int]) -> bytes:
    is_data = kind == "TABLE DATA"
    parts = [_int(number), _int(1), _str("0"), _str("0"), _str(tag), _str(kind)]
    parts += [_int(3)] if version >= (1, 11) else []
    parts += [_str(""), _str(""), _str(copy), _str(space), _str("")]
    parts += [_str("")] if version >= (1, 14) else []
    parts += [_int(0)] if version >= (1, 16) else []
    parts += [_str("postgres"), _str("false"), _str("1"), _str(None), bytes((1 if is_data else 3,)), bytes(8)]
    return b"".join(parts)


def dump_bytes(
    token: str, key: str, other: str, *, version: tuple[int, int] = (1, 14), method: str = "gzip", rows: int = 3000
) -> bytes:
    """Return a dump of two tables and a large object, with three secrets."""
    rng = Random(5)
    lines = [f"{row}\tname {row}\t{rng.randbytes(12).hex()}" for row in range(1, rows + 1)]
    lines[69] = f"70\tanyreach\t{token}"
    lines[-1] = f'{rows}\ttwo\\nlines\t{{"key": "{key}"}}'
    data = "\n".join((*lines, "\\.\n\n")).encode()
    head = b"PGDMP" + bytes((*version, 0, 4, 8, 1))
    number = ("none", "gzip", "lz4", "zstd").index(method)
    head += bytes((number,)) if version >= (1, 15) else _int(-number)
    head += b"".join(map(_int, (1, 2, 3, 4, 5, 126, 0))) + _str("postgres") + _str("15.1") + _str("15.1")
    copy = "COPY app.settings (id, name, value) FROM stdin;\n"
    toc = _int(2) + _entry(20, "TABLE DATA", "app", "settings", copy, version)
    toc += _entry(21, "TABLE DATA", "public", "Odd Name", 'COPY public."Odd Name" (a) FROM stdin;\n', version)
    rest = f"{other}\n\\.\n\n\n".encode()
    blocks = b"".join(
        b"\1" + _int(number) + _chunks(_compressed(part, method)) for number, part in ((20, data), (21, rest))
    )
    blob = f"big anyreach {token}".encode()
    blocks += b"\3" + _int(30) + _int(16399) + _chunks(_compressed(blob, method)) + _int(0)
    return head + toc + blocks
