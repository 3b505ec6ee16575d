from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import struct
import sys
import zlib
from functools import cache
from typing import TYPE_CHECKING

import pytest

from tests import credentials
from tests.unit.unwrap.opening import WAYS, open_

if TYPE_CHECKING:
    from collections.abc import Callable

_TOKEN = credentials.personal_access_token(random.Random(1)).encode()
_TEXT = _TOKEN + b"\n" + b"".join(b"line %d\n" % number for number in range(20_000))
_LARGE = random.Random(3).randbytes(4_200_000)


def _zstd(data: bytes) -> bytes:
    from backports.zstd import compress  # noqa: PLC0415 - as the opener does

    return compress(data)


_COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda data: gzip.compress(data, mtime=0),
    "bzip2": bz2.compress,
    "xz": lambda data: lzma.compress(data, preset=0),
    "zstd": _zstd,
}
_KINDS = tuple(_COMPRESS)


@cache
def _compressed(kind: str, data: bytes) -> bytes:
    return _COMPRESS[kind](data)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", _KINDS)
@pytest.mark.parametrize("data", [b"", b"x", _TEXT, _LARGE], ids=len)
def test_the_content_comes_as_it_was(kind: str, data: bytes, way: str) -> None:
    opened = open_(_compressed(kind, data), way)
    assert opened.members == [(kind, data)]
    assert not opened.skips
    assert not opened.names


def test_content_of_one_block_ends_with_it() -> None:
    assert open_(_compressed("gzip", _LARGE[: 4 << 20])).contents == [_LARGE[: 4 << 20]]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", _KINDS)
def test_streams_follow_one_another(kind: str, way: str) -> None:
    compress = _COMPRESS[kind]
    opened = open_(compress(_TEXT) + compress(b"") + compress(b"more") + bytes(1000) + compress(b"last"), way)
    assert opened.contents == [_TEXT + b"morelast"]
    assert not opened.skips


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", _KINDS)
def test_zeros_may_follow_and_other_things_are_told(kind: str, way: str) -> None:
    data = _COMPRESS[kind](_TEXT)
    opened = open_(data + bytes(200_000), way)
    assert opened.contents == [_TEXT]
    assert not opened.skips
    opened = open_(data + b"garbage", way)
    assert opened.contents == [_TEXT]
    assert opened.reasons == f"the data after its end at byte {len(data)} is not {kind}"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", _KINDS)
def test_what_comes_before_a_cut_is_read(kind: str, way: str) -> None:
    data = _compressed(kind, random.Random(1).randbytes(2 << 20))
    opened = open_(data[:-100], way)
    assert [skip.item for skip in opened.skips] == [f"file > {kind}"]
    assert opened.reasons == f"truncated at byte {len(data) - 100}"
    assert len(opened.contents[0]) > 1 << 20


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", _KINDS)
def test_what_comes_before_damage_is_read(kind: str, way: str) -> None:
    original = random.Random(1).randbytes(2 << 20)
    data = bytearray(_compressed(kind, original))
    half = len(data) // 2
    data[half : half + 400] = b"\xff" * 400
    opened = open_(bytes(data), way)
    assert "damaged near byte" in opened.reasons
    # Bzip2 gives blocks of 900 kB, zstd of 128 KiB, whole or not at all.
    assert len(opened.contents[0]) > 1 << 19
    assert opened.contents[0][: 1 << 19] == original[: 1 << 19]


def test_the_original_name_of_a_gzip_is_a_name() -> None:
    stream = io.BytesIO()
    with gzip.GzipFile("name.txt", "wb", fileobj=stream) as file:
        file.write(b"text")
    opened = open_(stream.getvalue())
    assert opened.members == [("gzip:name.txt", b"text")]
    assert opened.names == [b"name.txt"]


def test_a_name_behind_extra_data() -> None:
    plain = gzip.compress(b"text", mtime=0)
    data = plain[:3] + b"\x0c" + plain[4:10] + b"\3\0abc" + b"\xff\n\0" + plain[10:]
    opened = open_(data)
    assert opened.members == [("gzip:\\xff\n", b"text")]
    assert opened.names == [b"\xff\n"]


def test_skippable_frames_are_passed_over() -> None:
    skippable = struct.pack("<LL", 0x184D2A57, 5) + b"hello"
    opened = open_(skippable + _zstd(b"one ") + skippable + _zstd(b"two"))
    assert opened.contents == [b"one two"]
    assert not opened.skips


def test_a_window_beyond_the_limit_is_told() -> None:
    from backports.zstd import CompressionParameter, ZstdCompressor  # noqa: PLC0415 - as the opener does

    compressor = ZstdCompressor(options={CompressionParameter.window_log: 28})
    opened = open_(compressor.compress(b"text") + compressor.flush())
    assert opened.reasons == "expanding it takes more than 128 MiB of memory"


def test_a_dictionary_beyond_the_limit_is_told() -> None:
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 28}]
    # The compressor would need as much itself: the header of a small stream says 256 MiB.
    data = bytearray(lzma.compress(b"text", filters=[{**filters[0], "dict_size": 1 << 16}]))
    header = bytearray(data[12:20])
    assert header[:3] == b"\2\0\x21"
    header[4] = 32
    data[12:24] = header + struct.pack("<L", zlib.crc32(header))
    assert open_(bytes(data)).reasons == "expanding it takes more than 128 MiB of memory"


def test_zlib_does_where_isal_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "isal.isal_zlib", None)
    assert open_(_COMPRESS["gzip"](_TEXT)).contents == [_TEXT]
    data = _COMPRESS["gzip"](_LARGE)
    assert open_(data, "stream").contents == [_LARGE]
