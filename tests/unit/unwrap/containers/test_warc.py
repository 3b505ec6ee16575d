"""Web archives: bodies in chunks and compressed, among others that are found as they stand."""

from __future__ import annotations

import gzip
import zlib

import pytest

from tests.unit.unwrap.opening import WAYS, open_

_BODY = b"some text of a page, key = " + b"0123456789" * 200


def _record(block: bytes, *, http: bool = True, size: int | None = None, kind: bytes = b"response") -> bytes:
    content_type = b"application/http; msgtype=response" if http else b"text/plain"
    return (
        b"WARC/1.0\r\nWARC-Type: %b\r\nWARC-Target-URI: http://x/%b\r\nContent-Type: %b\r\nContent-Length: %d\r\n\r\n"
        % (
            kind,
            kind,
            content_type,
            len(block) if size is None else size,
        )
        + (block + b"\r\n\r\n")
    )


def _answer(body: bytes, *fields: bytes) -> bytes:
    return b"\r\n".join((b"HTTP/1.1 200 OK", *fields)) + b"\r\n\r\n" + body


def _chunked(body: bytes, size: int = 300) -> bytes:
    chunks = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x;a=b\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"


_INFO = _record(b"software: x\r\n", http=False, kind=b"warcinfo")
_CHUNKED = b"Transfer-Encoding: chunked"
_GZIP = b"Content-Encoding: gzip"


@pytest.mark.parametrize("way", WAYS)
def test_bodies_in_other_bytes_are_members(way: str) -> None:
    packed, deflated = gzip.compress(_BODY), zlib.compress(_BODY)
    data = (
        _INFO
        + _record(_answer(_BODY))
        + _record(_answer(_chunked(_BODY), _CHUNKED))
        + _record(_answer(packed, _GZIP), kind=b"gzip")
        + _record(_answer(_chunked(packed), _GZIP, _CHUNKED))
        + _record(_answer(deflated, b"Content-Encoding: deflate"))
        + _record(packed, http=False, kind=b"resource")
        + _record(_answer(_BODY, _GZIP, _CHUNKED))
    )
    opened = open_(data, way)
    assert opened.skips == []
    assert opened.contents == [_BODY, packed, packed, deflated, packed]
    assert opened.members[1][0] == "warc:http://x/gzip"


@pytest.mark.parametrize("way", WAYS)
def test_damage_is_told(way: str) -> None:
    data = _INFO + _record(_answer(gzip.compress(_BODY), _GZIP))
    assert "truncated at byte" in open_(data[:-30], way).reasons
    assert "damaged at byte" in open_(data + b"something else", way).reasons
    assert "damaged at byte" in open_(_record(b"x").replace(b"Content-Length: 1", b"Content-Length: x"), way).reasons
    broken = _record(_answer(b"5\r\nabcde\r\nzz\r\n", _CHUNKED))
    assert "no chunk" in open_(_INFO + broken, way).reasons
    brotli = _record(_answer(b"\x1b\x07\x00\xf8" * 9, b"Content-Encoding: br"))
    assert open_(_INFO + brotli, way).reasons == "WARC: a body is not expanded (br)"


def test_truncation_at_every_byte() -> None:
    data = _INFO + _record(_answer(_chunked(gzip.compress(b"text")), _GZIP, _CHUNKED))
    for size in range(len(_INFO), len(data)):
        open_(data[:size], "stream")


@pytest.mark.parametrize("way", WAYS)
def test_a_body_larger_than_a_block(way: str) -> None:
    body = bytes(range(256)) * (5 << 12)
    opened = open_(_INFO + _record(_answer(_chunked(body, 1 << 20), _CHUNKED)), way)
    assert (opened.contents, opened.skips) == ([body], [])
