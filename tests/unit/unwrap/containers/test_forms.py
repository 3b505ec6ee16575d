"""The table of forms: what is opened, what is a gap, what is left out, and what is none of them."""

from __future__ import annotations

import lzma
import random
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akpatrol.config.limits import Limits
from akpatrol.model.scan import Content, Excluded, Exclusion
from akpatrol.unwrap.budget import Budget
from akpatrol.unwrap.containers.forms import ENCRYPTED, FORMS, TITLES
from akpatrol.unwrap.containers.opening import open_container
from akpatrol.unwrap.containers.recognise import kind_of, tail_kind
from tests.unit.unwrap.opening import ORIGIN, WAYS, open_

_BINARY = b"\0\1\2\3" * 200


def _image(at: int, magic: bytes, size: int = 70_000) -> bytes:
    data = bytearray(size)
    data[at : at + len(magic)] = magic
    return bytes(data)


def _ext() -> bytes:
    data = bytearray(_image(1080, b"\x53\xef"))
    data[1024:1028], data[1048:1052] = struct.pack("<I", 16), struct.pack("<I", 2)
    return bytes(data)


_GAPS = {
    "lzop": b"\x89LZO\0\x0d\x0a\x1a\x0a",
    "snappy": b"\xff\x06\0\0sNaPpY",
    "disk image": b"QFI\xfb\0\0\0\3" + _BINARY,
    "compiled help": b"ITSF\3\0\0\0" + _BINARY,
    "Outlook's mail": b"!BDN" + _BINARY,
    "HDF5": b"\x89HDF\x0d\x0a\x1a\x0a" + _BINARY,
    "Apple disk image": _BINARY + b"koly\0\0\0\4" + bytes(504),
}


@pytest.mark.parametrize("way", ["whole", "seekable"])
@pytest.mark.parametrize("form", _GAPS)
def test_what_may_hide_something_is_a_gap(form: str, way: str) -> None:
    opened = open_(_GAPS[form], way)
    assert opened.reasons.startswith(form)
    assert not opened.members


def test_images_are_known_by_what_stands_further_in() -> None:
    boot = bytearray(_image(510, b"\x55\xaa"))
    boot[446:462] = b"\x80\0\0\0\x83\0\0\0" + struct.pack("<2I", 2048, 4096)
    for data in (
        _ext(),
        bytes(boot),
        b"\xeb\x52\x90" + _image(3, b"NTFS    ")[3:510] + b"\x55\xaa",
        _image(65600, b"_BHRfS_M"),
        _image(32769, b"BEA01"),
    ):
        assert kind_of(data) == "image"
    assert kind_of(_image(510, b"\x55\xaa")) is None


@pytest.mark.parametrize(
    "data",
    [
        b"age-encryption.org/v1\n-> X25519 ",
        b"-----BEGIN PGP MESSAGE-----\n\n",
        b"\x85\x02\x0c\3" + _BINARY,
        b"$ANSIBLE_VAULT;1.1;AES256\n",
        b"Salted__" + _BINARY,
        b"\0GITCRYPT\0" + _BINARY,
        b"\x03\xd9\xa2\x9a\x67\xfb\x4b\xb5" + _BINARY,
    ],
)
def test_what_is_encrypted_as_a_whole_is_left_out(data: bytes) -> None:
    assert kind_of(data) in ENCRYPTED
    assert list(open_container(Content(ORIGIN, data), Budget(Limits()))) == [Excluded(Exclusion.ENCRYPTED)]


@pytest.mark.parametrize(
    "data",
    [
        b"\x89PNG\r\n\x1a\n" + _BINARY,
        b"\xff\xd8\xff\xe0\0\x10JFIF" + _BINARY,
        b"\0\0\0\x20ftypisom" + _BINARY,
        b"OggS\0" + _BINARY,
        b"wOF2\0\1\0\0" + _BINARY,
        b"\x7fELF" + _BINARY,
        b"x^2 + y^2 = z^2\n" * 60,
        b"ORC stands for a creature\n",
        b"PAR1, the first of them\n",
        b"SIT! said the trainer\n",
        b"REDIS00 is what it begins with\n",
        b"<<< a mark of a conflict\n",
        b"<?xml version='1.0'?><project/>",
        b"]\0 in a list of something" + _BINARY,
        b"\x78\x01\0\0\0\0" + _BINARY,
        b"\x85\x02\x0c\4" + _BINARY,
    ],
)
def test_what_holds_no_text_in_hiding_is_no_gap(data: bytes) -> None:
    assert kind_of(data) is None
    assert tail_kind(Content(ORIGIN, data)) is None


@given(st.binary(max_size=600), st.sampled_from([b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda"]))
def test_chance_is_no_zlib_stream(data: bytes, magic: bytes) -> None:
    if kind_of(magic + data) == "zlib":
        decompressor = zlib.decompressobj()
        assert decompressor.decompress(magic + data)[:16] or decompressor.eof


@pytest.mark.parametrize("size", [0, 1, 50, 5000, 3_000_000])
@pytest.mark.parametrize("level", [0, 1, 6, 9])
@pytest.mark.parametrize("way", WAYS)
def test_zlib_streams_are_opened(size: int, level: int, way: str) -> None:
    data = random.Random(size).randbytes(size)
    opened = open_(zlib.compress(data, level), way)
    assert (opened.contents, opened.skips) == ([data], [])


def test_several_zlib_streams_are_one_and_what_follows_is_told() -> None:
    one = zlib.compress(b"some text of one")
    assert open_(one + one).contents == [b"some text of one" * 2]
    assert "the data after its end" in open_(one + b"something else").reasons
    assert open_(one[:-3]).reasons.startswith("truncated")


@pytest.mark.parametrize("preset", [0, 6, 9])
def test_lzma_alone_is_opened(preset: int) -> None:
    data = b"text " * 5000
    assert open_(lzma.compress(data, lzma.FORMAT_ALONE, preset=preset)).contents == [data]


def test_lzip_is_opened() -> None:
    data = b"text " * 5000
    filters = [{"id": lzma.FILTER_LZMA1, "dict_size": 1 << 16, "lc": 3, "lp": 0, "pb": 2}]
    # The header of .lzma goes: what is behind it ends by its mark, as lzip has it.
    alone = lzma.compress(data, lzma.FORMAT_ALONE, filters=filters)
    member = b"LZIP\1\x10" + alone[13:] + struct.pack("<LQQ", zlib.crc32(data), len(data), len(alone) + 13)
    opened = open_(member * 2)
    assert (opened.contents, opened.skips) == ([data * 2], [])
    assert "truncated" in open_(member[:-3]).reasons


def test_each_reason_begins_with_its_form() -> None:
    reasons = [form.reason for form in FORMS.values() if form.reason]
    assert all(reason.partition(":")[0] in TITLES and ": " in reason for reason in reasons)


@pytest.mark.parametrize("before", [b"", b"\n", b"\r\n", b"\xef\xbb\xbf"])
def test_a_pdf_may_begin_behind_something(before: bytes) -> None:
    assert kind_of(before + b"%PDF-1.7\n") == "pdf"
