from __future__ import annotations

import io
import os
import random
import subprocess
import tarfile
from typing import TYPE_CHECKING

import pytest

from akpatrol.unwrap.containers.recognise import kind_of
from akpatrol.unwrap.containers.tar_header import number, records
from tests import credentials
from tests.unit.unwrap.opening import WAYS, Opened, open_

if TYPE_CHECKING:
    from pathlib import Path

_TOKEN = credentials.personal_access_token(random.Random(1)).encode()
_FORMATS = {"ustar": tarfile.USTAR_FORMAT, "gnu": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT}
_LARGE = random.Random(3).randbytes(4_200_000)
_MEMBERS = {
    "a.txt": _TOKEN,
    "directory/" * 9 + "b.bin": random.Random(2).randbytes(10_000),
    "empty": b"",
    "block": b"x" * 512,
    "large": _LARGE,
}
_LONG = "long/" * 60 + "ünï.txt"


def _tar(members: dict[str, bytes], format_: int = tarfile.GNU_FORMAT) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=format_) as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return stream.getvalue()


def _patched(data: bytes, place: int, field: bytes) -> bytes:
    """Return the archive with other bytes in its first header, whose checksum holds."""
    header = bytearray(data[:512])
    header[place : place + len(field)] = field
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header) + data[512:]


@pytest.mark.parametrize("format_", _FORMATS)
def test_damage_in_the_first_header_hides_no_member(format_: str) -> None:
    """Such an archive is no text: what it holds compressed would be lost without a word."""
    data = _tar(_MEMBERS, _FORMATS[format_])
    for place in (5, 99, 130, 150, 300, 511):
        damaged = data[:place] + bytes((data[place] ^ 1,)) + data[place + 1 :]
        assert kind_of(damaged) == "tar"
        opened = open_(damaged)
        assert opened.contents[-1] == list(_MEMBERS.values())[-1]
        assert "damaged at byte 0" in opened.reasons
    assert "truncated at byte 400" in open_(data[:400]).reasons


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("format_", _FORMATS)
def test_every_member_comes_as_it_was(format_: str, way: str) -> None:
    opened = open_(_tar(_MEMBERS, _FORMATS[format_]), way)
    assert opened.members == [(f"tar:{name}", data) for name, data in _MEMBERS.items()]
    assert opened.names == [name.encode() for name in _MEMBERS]
    assert not opened.skips


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("format_", ["gnu", "pax"])
def test_long_names(format_: str, way: str) -> None:
    opened = open_(_tar({_LONG: b"long", "short": b"short"}, _FORMATS[format_]), way)
    assert opened.members == [(f"tar:{_LONG}", b"long"), ("tar:short", b"short")]
    assert not opened.skips


@pytest.mark.parametrize("format_", _FORMATS)
def test_what_has_no_content_has_a_name(format_: str) -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=_FORMATS[format_]) as archive:
        for kind in (tarfile.DIRTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE):
            info = tarfile.TarInfo("name")
            info.type = kind
            archive.addfile(info)
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
            info = tarfile.TarInfo("link")
            info.type, info.linkname, info.size = kind, "target" * (1 if format_ == "ustar" else 40), 100
            archive.addfile(info)
    data = stream.getvalue()
    opened = open_(data)
    target = b"target" * (1 if format_ == "ustar" else 40)
    assert opened.names == [b"name/", b"name", b"name", b"link", target, b"link", target]
    assert not opened.members
    assert not opened.skips


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "options", [["--format=gnu"], *(["--format=posix", f"--sparse-version={v}"] for v in ("0.0", "0.1", "1.0"))]
)
def test_what_a_sparse_file_stores_is_read_and_its_holes_are_not(tmp_path: Path, options: list[str], way: str) -> None:
    parts = [bytes((letter,)) * 4096 for letter in b"abcdefgh"]
    with (tmp_path / "sparse").open("wb") as file:
        for place, part in enumerate(parts):
            file.seek(place << 24)
            file.write(part)
        file.truncate(1 << 40)
    (tmp_path / "next").write_bytes(b"next")
    subprocess.run(["tar", "-S", *options, "-cf", "a.tar", "sparse", "next"], cwd=tmp_path, check=True)
    opened = open_((tmp_path / "a.tar").read_bytes(), way)
    assert [name for name, _ in opened.members] == ["tar:sparse", "tar:next"]
    stored, last = opened.contents
    assert last == b"next"
    assert len(stored) < 100_000
    assert [stored.count(part) for part in parts] == [1] * 8
    assert not opened.skips


@pytest.mark.parametrize("way", WAYS)
def test_the_form_before_ustar(way: str) -> None:
    data = _patched(_tar({"old": b"content"}, tarfile.USTAR_FORMAT), 257, bytes(255))
    assert kind_of(data) == "tar"
    assert open_(data, way).members == [("tar:old", b"content")]


@pytest.mark.parametrize("way", WAYS)
def test_archives_one_after_another(way: str) -> None:
    opened = open_(_tar({"a": b"first"}) + _tar({"b": b"second"}), way)
    assert opened.contents == [b"first", b"second"]
    assert not opened.skips


@pytest.mark.parametrize("way", WAYS)
def test_what_follows_the_end_is_told(way: str) -> None:
    data = _tar({"a": b"first"})
    opened = open_(data + b"g" * 700, way)
    assert opened.contents == [b"first"]
    assert opened.reasons == f"the data after its end at byte {len(data)} is not tar"


@pytest.mark.parametrize("way", WAYS)
def test_a_damaged_header_costs_its_member_only(way: str) -> None:
    data = bytearray(_tar({"a": b"first", "b": b"second" * 500, "c": b"third"}))
    data[1024 + 20] ^= 1
    opened = open_(bytes(data), way)
    assert opened.contents == [b"first", b"third"]
    assert opened.reasons == "damaged at byte 1024"


@pytest.mark.parametrize("way", WAYS)
def test_a_cut_is_told(way: str) -> None:
    data = _tar({"a": b"first", "b": b"second" * 500})
    for cut, contents in ((1024, [b"first"]), (1100, [b"first"]), (1636, [b"first", (b"second" * 500)[:100]])):
        opened = open_(data[:cut], way)
        assert opened.contents == contents
        assert opened.reasons.startswith("truncated at byte ")
        assert len(opened.skips) == 1


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("size", [-1, -512, -(1 << 70)])
def test_a_negative_size_is_told(size: int, way: str) -> None:
    data = _tar({"a": b"first", "b": b"second"})
    opened = open_(data + _patched(data, 124, size.to_bytes(12, "big", signed=True)), way)
    assert opened.contents == [b"first", b"second", b"second"]
    assert "a negative size" in opened.reasons or "is not tar" in opened.reasons
    assert len(opened.skips) == 1


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("size", [b"\x80" + bytes(10) + b"\5", b"\x80" + b"\x7f" * 11, b"77777777777\0"])
def test_sizes_of_any_kind(size: bytes, way: str) -> None:
    opened = open_(_patched(_tar({"a": b"first", "b": b"second"}), 124, size), way)
    assert opened.contents[0].startswith(b"first")
    assert bool(opened.skips) == (size[-1] != 5)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", [b"x", b"L", b"K", b"g"])
def test_a_header_of_gigabytes_is_passed_over(kind: bytes, way: str) -> None:
    data = _patched(_patched(_tar({"a": b"z" * (2 << 20), "b": b"second"}), 156, kind), 124, b"%011o\0" % (2 << 20))
    opened = open_(data, way)
    assert opened.members == [("tar:b", b"second")]
    assert "the header at byte 512 has 2,097,152 bytes" in opened.reasons


@pytest.mark.parametrize("record", [b"9 path=", b"x path=a\n", b"30 path=a\n", b"5 pa\n", b"0 path=a\n"])
def test_a_malformed_pax_header_is_told(record: bytes) -> None:
    opened = open_(_patched(_tar({"a": record, "b": b"second"}), 156, b"x"))
    assert opened.members == [("tar:b", b"second")]
    assert "this header cannot be parsed" in opened.reasons


def test_names_are_data() -> None:
    hostile = {"../../etc/passwd": b"1", "/etc/passwd": b"2", "new\nline": b"3", "\x1b[31m": b"4", "x" * 99: b"5"}
    opened = open_(_tar(hostile, tarfile.USTAR_FORMAT))
    assert opened.members == [(f"tar:{name}", data) for name, data in hostile.items()]
    opened = open_(_patched(_tar({"abcd": b"1"}), 0, b"a\xff\n\\"))
    assert opened.members == [("tar:a\\xff\n\\", b"1")]
    assert opened.names == [b"a\xff\n\\"]


def test_numbers_are_octal_or_base_256() -> None:
    assert number(b"0000644\0") == 0o644
    assert number(b"   644 \0") == 0o644
    assert number(bytes(8)) == 0
    assert number(b"\x80" + bytes(6) + b"\7") == 7
    assert number(b"\xff" * 8) == -1
    assert number(b"0000649\0") is None
    assert number(b"-000064\0") is None


def test_records_of_a_pax_header() -> None:
    assert records(b"10 path=a\n13 path=a\nb=\n\0\0") == {b"path": b"a\nb="}
    assert records(b"10 path=a") is None


def _with(tmp_path: Path, *options: str) -> Opened:
    (tmp_path / "d").mkdir()
    for place in range(20):
        (tmp_path / "d" / f"{place}").write_bytes(os.urandom(place * 300))
    subprocess.run(["tar", *options, "-cf", "a.tar", "d"], cwd=tmp_path, check=True)
    return open_((tmp_path / "a.tar").read_bytes())


@pytest.mark.parametrize("format_", ["v7", "oldgnu", "gnu", "ustar", "posix"])
def test_what_tar_itself_writes(tmp_path: Path, format_: str) -> None:
    opened = _with(tmp_path, f"--format={format_}")
    expected = {f"tar:d/{place}": (tmp_path / "d" / f"{place}").read_bytes() for place in range(20)}
    assert dict(opened.members) == expected
    assert not opened.skips
