from __future__ import annotations

import io
import random
import struct
import zipfile
import zlib
from functools import cache
from typing import Any

import pytest

from akpatrol.config.limits import Limits
from tests import credentials
from tests.unit.unwrap.opening import WAYS, open_

_TOKEN = credentials.personal_access_token(random.Random(1)).encode()
_MEMBERS = {
    "a.txt": _TOKEN,
    "dir/with/b.bin": random.Random(2).randbytes(10_000),
    "empty": b"",
    "ünï.txt": b"names in UTF-8",
    "large": random.Random(3).randbytes(4_200_000),
}
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)


def _members(method: int) -> dict[str, bytes]:
    """Return all members, the large one too where that does not take long."""
    quick = method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
    return _MEMBERS if quick else {name: data for name, data in _MEMBERS.items() if name != "large"}


class _Pipe(io.RawIOBase):
    """Takes bytes and does not seek, so that sizes come behind the data."""

    def __init__(self) -> None:
        self.data = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.data += data
        return len(data)


def _zip(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED, *, zip64: bool = False) -> bytes:
    return _zipped(tuple(members.items()), method, zip64)


@cache
def _zipped(members: tuple[tuple[str, bytes], ...], method: int, zip64: bool) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, data in members:
            info = zipfile.ZipInfo(name)
            info.compress_type = method
            with archive.open(info, "w", force_zip64=zip64) as member:
                member.write(data)
    return stream.getvalue()


def _piped(members: dict[str, bytes], method: int, *, zip64: bool = False) -> bytes:
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", method) as archive:
        for name, data in members.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = method
            with archive.open(info, "w", force_zip64=zip64) as member:
                member.write(data)
    return bytes(pipe.data)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("zip64", [False, True])
@pytest.mark.parametrize("method", _METHODS)
def test_every_member_comes_as_it_was(method: int, zip64: bool, way: str) -> None:
    members = _members(method)
    opened = open_(_zip(members, method, zip64=zip64), way)
    assert opened.members == [(f"zip:{name}", data) for name, data in members.items()]
    assert opened.names == [name.encode() for name in members]
    assert not opened.skips


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("zip64", [False, True])
@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
def test_sizes_may_come_behind_the_data(method: int, zip64: bool, way: str) -> None:
    members = _members(method)
    opened = open_(_piped(members, method, zip64=zip64), way)
    assert opened.contents == list(members.values())
    assert not opened.skips


def test_a_stream_does_not_tell_where_stored_data_of_unknown_size_end() -> None:
    data = _piped({"a": b"first", "b": b"second"}, zipfile.ZIP_STORED)
    assert open_(data, "seekable").contents == [b"first", b"second"]
    opened = open_(data, "stream")
    assert [skip.item for skip in opened.skips] == ["file > zip:a", "file > zip:b"]
    assert "stored with its size behind it" in opened.reasons


@pytest.mark.parametrize("way", WAYS)
def test_zstd_within_zip(way: str) -> None:
    from backports.zstd import compress  # noqa: PLC0415 - as the opener does

    data = bytearray(_zip({"a": compress(b"text " * 100)}, zipfile.ZIP_STORED))
    for header, method, crc in ((b"PK\3\4", 8, 14), (b"PK\1\2", 10, 16)):
        start = data.find(header)
        data[start + method : start + method + 2] = struct.pack("<H", 93)
        data[start + crc : start + crc + 4] = struct.pack("<L", zlib.crc32(b"text " * 100))
    opened = open_(bytes(data), way)
    assert opened.contents == [b"text " * 100]
    assert not opened.skips


@pytest.mark.parametrize("way", WAYS)
def test_other_methods_are_named(way: str) -> None:
    data = _zip({"a": b"text " * 100, "b": b"other"})
    for method, reason in (
        (9, "compressed by deflate64, which is not read"),
        (77, "compression method 77 is not read"),
    ):
        opened = open_(_patched(data, method=method), way)
        assert [(skip.item, skip.reason) for skip in opened.skips] == [("file > zip:a", reason)]
        assert opened.contents == [b"other"]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("fields", [{"flags": 1}, {"flags": 0x41}, {"method": 99}])
def test_encrypted_members_are_told(fields: dict[str, int], way: str) -> None:
    opened = open_(_patched(_zip({"a": b"text " * 100, "b": b"other"}), **fields), way)
    assert [(skip.item, skip.reason) for skip in opened.skips] == [("file > zip:a", "encrypted")]
    assert opened.contents == [b"other"]
    assert opened.names == [b"a", b"b"]


def _patched(data: bytes, *, flags: int | None = None, method: int | None = None, crc: int | None = None) -> bytes:
    """Return the archive with other words in both headers of its first member."""
    changed = bytearray(data)
    for header, shift in ((b"PK\3\4", 0), (b"PK\1\2", 2)):
        start = data.find(header) + shift
        if flags is not None:
            changed[start + 6 : start + 8] = struct.pack("<H", flags)
        if method is not None:
            changed[start + 8 : start + 10] = struct.pack("<H", method)
        if crc is not None:
            changed[start + 14 : start + 18] = struct.pack("<L", crc)
    return bytes(changed)


@pytest.mark.parametrize("way", WAYS)
def test_a_wrong_checksum_is_told_behind_the_content(way: str) -> None:
    opened = open_(_patched(_zip(_MEMBERS), crc=1), way)
    assert opened.contents == list(_MEMBERS.values())
    assert [(skip.item, skip.reason) for skip in opened.skips] == [
        ("file > zip:a.txt", "damaged: its checksum does not hold")
    ]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("said", [0, 1, 0x7FFFFFFF, 0xFFFFFFFF])
def test_data_end_where_they_end_whatever_their_sizes_say(way: str, said: int) -> None:
    data = bytearray(_zip({"a": b"text " * 100, "b": b"other"}))
    for header, place in ((b"PK\3\4", 18), (b"PK\1\2", 20)):
        start = data.find(header) + place
        data[start : start + 8] = struct.pack("<LL", said, said)
    assert open_(bytes(data), way).contents == [b"text " * 100, b"other"]


@pytest.mark.parametrize("way", ["whole", "seekable"])
@pytest.mark.parametrize("offset", [5, 10_000, 0xFFFFFFFE])
def test_an_entry_that_points_nowhere_is_told(way: str, offset: int) -> None:
    data = bytearray(_zip({"a": b"first", "b": b"second"}))
    start = data.find(b"PK\1\2") + 42
    data[start : start + 4] = struct.pack("<L", offset)
    opened = open_(bytes(data), way)
    assert [skip.item for skip in opened.skips] == ["file > zip:a"]
    assert "does not begin at byte" in opened.reasons
    assert opened.contents == [b"second"]


@pytest.mark.parametrize("way", ["whole", "seekable"])
def test_a_lost_directory_costs_a_skip_and_no_member(way: str) -> None:
    data = _zip(_MEMBERS)
    directory = data.find(b"PK\1\2")
    for damaged in (
        data[:directory],
        data[:-10],
        data[: directory + 60],
        data[:directory] + b"X" + data[directory + 1 :],
        data.replace(b"PK\1\2", b"PK\1\3"),
        data[:-10] + struct.pack("<L", 77) + data[-6:],
        data[:-12] + struct.pack("<H", 1) + data[-10:],
    ):
        opened = open_(damaged, way)
        assert opened.contents == list(_MEMBERS.values())
        assert [skip.item for skip in opened.skips] == ["file"]
        assert "directory" in opened.reasons


def test_a_damaged_member_costs_no_other() -> None:
    for piped in (_zip(_MEMBERS), _piped(_MEMBERS, zipfile.ZIP_DEFLATED)):
        data = bytearray(piped)
        start = data.find(b"dir/with/b.bin") + 14
        data[start : start + 8] = b"\xff" * 8
        for way in WAYS:
            opened = open_(bytes(data), way)
            names = [name for name, _ in opened.members]
            assert names[0] == "zip:a.txt"
            assert names[-1] == "zip:large"
            assert opened.contents[-1] == _MEMBERS["large"]
            assert "damaged" in opened.reasons


@pytest.mark.parametrize("way", ["whole", "seekable"])
def test_a_part_of_a_split_archive_is_told(way: str) -> None:
    data = bytearray(_zip({"a": b"first"}))
    data[-18:-16] = b"\1\0"
    opened = open_(bytes(data), way)
    assert "split archive" in opened.reasons
    assert opened.contents == [b"first"]


@pytest.mark.parametrize("way", WAYS)
def test_zips_one_after_another(way: str) -> None:
    assert open_(_zip({"a": b"first"}) + _zip({"b": b"second"}), way).contents == [b"first", b"second"]


@pytest.mark.parametrize("way", WAYS)
def test_marks_of_splitting_and_comments_do_no_harm(way: str) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a", b"first")
        archive.comment = b"PK\5\6 is what a zip ends with"
    for data in (stream.getvalue(), b"PK\7\x08" + stream.getvalue(), b"PK00" + stream.getvalue()):
        opened = open_(data, way)
        assert opened.contents == [b"first"]
        assert not opened.skips


_EMPTY_END = b"PK\5\6" + bytes(18)


def _with_fields(data: bytes, first: int, values: bytes) -> bytes:
    """Return a zip of which a part of the end record is overwritten."""
    at = data.rindex(b"PK\5\6") + first
    return data[:at] + values + data[at + len(values) :]


@pytest.mark.parametrize("front", [b"", b"\x7fELF" + bytes(3000)])
@pytest.mark.parametrize(("first", "zeros"), [(8, 8), (8, 4), (8, 12), (12, 4), (4, 18)])
@pytest.mark.parametrize("way", ["whole", "seekable"])
def test_an_end_that_says_that_it_holds_nothing_is_not_believed(way: str, first: int, zeros: int, front: bytes) -> None:
    members = {"a.txt": b"one " * 90, "b.txt": b"two " * 90}
    opened = open_(front + _with_fields(_zip(members), first, bytes(zeros)), way)
    assert opened.contents == list(members.values())
    assert any("damaged" in skip.reason for skip in opened.skips)


@pytest.mark.parametrize("front", [b"", b"\x7fELF" + bytes(3000)])
@pytest.mark.parametrize("ends", [1, 3, 100])
@pytest.mark.parametrize("way", ["whole", "seekable"])
def test_an_empty_end_behind_the_true_one_hides_nothing(way: str, ends: int, front: bytes) -> None:
    members = {"a.txt": b"one " * 90, "b.txt": b"two " * 90}
    opened = open_(front + _zip(members) + ends * _EMPTY_END, way)
    assert opened.contents == list(members.values())
    assert "damaged: a second end record follows" in opened.reasons


def test_an_empty_end_in_a_comment_is_a_comment() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a.txt", b"one")
        archive.comment = b"about " + _EMPTY_END + b" records"
    opened = open_(stream.getvalue())
    assert (opened.contents, opened.skips) == ([b"one"], [])


@pytest.mark.parametrize("way", WAYS)
def test_an_empty_zip_holds_nothing(way: str) -> None:
    opened = open_(_zip({}), way)
    assert not opened.skips
    assert not opened.members


@pytest.mark.parametrize("way", WAYS)
def test_directories_have_names_only_unless_they_hold_something(way: str) -> None:
    opened = open_(_zip({"d/": b"", "hidden/": b"content"}), way)
    assert opened.members == [("zip:hidden/", b"content")]
    assert opened.names == [b"d/", b"hidden/"]


@pytest.mark.parametrize("way", WAYS)
def test_names_are_data(way: str) -> None:
    hostile = ("../../etc/passwd", "/etc/passwd", "new\nline", "\x1b[31mred", "x" * 60_000)
    data = _zip(dict.fromkeys(hostile, b"x")).replace(b"new\nline", b"new\xff\nine")
    opened = open_(data, way)
    labels = [name for name, _ in opened.members]
    assert labels == [f"zip:{name}" for name in hostile[:2]] + ["zip:new\\xff\nine"] + [f"zip:{x}" for x in hostile[3:]]


@pytest.mark.slow
def test_more_members_than_16_bits_count() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for number in range(0x10001):
            archive.writestr(str(number), b"")
    # Their number, which overflowed in the way that some writers let it.
    overflowed = stream.getvalue()[:-98] + stream.getvalue()[-22:]
    assert overflowed[-12:-10] == b"\xff\xff"
    overflowed = overflowed[:-14] + b"\1\0\1\0" + overflowed[-10:]
    for data in (stream.getvalue(), overflowed):
        opened = open_(data, limits=Limits(members=1000))
        assert len(opened.members) == 1000
        assert [skip.reason for skip in opened.skips] == ["holds more than 1,000 members; --max-members"]
