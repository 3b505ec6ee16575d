"""Scripts and programs with an archive behind them."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import shutil
import struct
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akpatrol.unwrap.containers.appended import in_program
from akpatrol.unwrap.containers.recognise import containers_among, kind_of
from tests.corpus.foreign import rar_bytes, seven_zip_bytes
from tests.corpus.packing import cpio_bytes
from tests.unit.unwrap.opening import WAYS, open_

_SCRIPT = b'#!/bin/sh\nsed -e "1,/^EXIT$/d" "$0" | tar x\nexit\nEXIT\n'
_TEXT = b"within " * 9


def _tar() -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        info = tarfile.TarInfo("a.env")
        info.size = len(_TEXT)
        archive.addfile(info, io.BytesIO(_TEXT))
    return stream.getvalue()


_ARCHIVES = {
    "gzip": gzip.compress(_TEXT, mtime=0),
    "bzip2": bz2.compress(_TEXT),
    "xz": lzma.compress(_TEXT),
    "tar": _tar(),
    "cpio": cpio_bytes({"a.env": _TEXT}),
    "7z": seven_zip_bytes({"a.env": _TEXT}),
    "rar": rar_bytes({"a.env": _TEXT}),
    "openssl": b"Salted__" + bytes(range(99)),
}


def _pe() -> bytes:
    """Return a program with two sections, the last one first in the file."""
    head = b"MZ" + bytes(58) + struct.pack("<I", 128) + bytes(64)
    head += b"PE\0\0" + struct.pack("<HH12xHH", 0x8664, 2, 16, 0) + bytes(16)
    for size, place in ((512, 1024), (512, 512)):
        head += b".text\0\0\0" + struct.pack("<IIII16x", size, 4096, size, place)
    return head.ljust(512, b"\0") + b"code" * 256


def _elf(order: str, bits: int) -> bytes:
    """Return a program with a segment behind its table of sections, one of which has no bytes in the file."""
    wide = bits == 64
    head = b"\x7fELF" + bytes((2 if wide else 1, 2 if order == ">" else 1)) + bytes(10)
    segments, sections, widths = (64, 200, (56, 64)) if wide else (52, 200, (32, 40))
    word = "Q" if wide else "I"
    head += struct.pack(f"{order}HHI{word}{word}{word}I", 2, 62, 1, 0, segments, sections, 0)
    head += struct.pack(f"{order}6H", 64, widths[0], 1, widths[1], 2, 0)
    head += (
        struct.pack(f"{order}IIQQQQ", 1, 5, 600, 0, 0, 100) if wide else struct.pack(f"{order}5I", 1, 600, 0, 0, 100)
    )
    table = b"".join(
        struct.pack(f"{order}II{word}{word}{word}{word}", 1, kind, 0, 0, place, size).ljust(widths[1], b"\0")
        for kind, place, size in ((1, 560, 20), (8, 600, 1 << 20))
    )
    return (head.ljust(200, b"\0") + table).ljust(700, b"c")


_PROGRAMS = {
    "ELF": _elf("<", 64),
    "ELF, 32 bits": _elf("<", 32),
    "ELF, the other byte order": _elf(">", 64),
    "PE": _pe(),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", _ARCHIVES)
def test_a_script_ends_where_an_archive_begins(kind: str, way: str) -> None:
    data = _SCRIPT + _ARCHIVES[kind]
    assert kind_of(data) == "script"
    assert open_(data, way).members == [("script:archive", _ARCHIVES[kind])]
    assert containers_among([data]) == {0}


@pytest.mark.parametrize("way", ["whole", "seekable"])
@pytest.mark.parametrize("kind", _ARCHIVES)
@pytest.mark.parametrize("program", _PROGRAMS)
def test_a_program_ends_where_an_archive_begins(program: str, kind: str, way: str) -> None:
    data = _PROGRAMS[program] + _ARCHIVES[kind]
    opened = open_(data, way)
    assert opened.members == [("program:archive", _ARCHIVES[kind])]
    assert opened.skips == []
    assert containers_among([data]) == {0}


@pytest.mark.parametrize("program", _PROGRAMS)
def test_an_installers_settings_stand_before_its_archive(program: str) -> None:
    # A program that reads 7z holds its first bytes too, and so may the settings.
    settings = b';!@Install@!UTF-8!\nTitle="7z\xbc\xaf\x27\x1c"\n;!@InstallEnd@!\n'
    assert open_(_PROGRAMS[program] + settings + _ARCHIVES["7z"]).contents == [_ARCHIVES["7z"]]


@pytest.mark.parametrize("program", _PROGRAMS)
def test_what_is_not_opened_is_told(program: str) -> None:
    installer = _PROGRAMS[program] + bytes(4) + b"\xef\xbe\xad\xdeNullsoftInst" + bytes(900)
    assert open_(installer).reasons == "NSIS installer: it is not opened"
    image = _PROGRAMS[program] + bytes(100) + b"hsqs" + b"\1\0\0\0" * 20
    (member,) = open_(image).contents
    assert kind_of(member) == "image"


@pytest.mark.parametrize(
    "data",
    [
        b"#!/bin/sh\necho 1\n",
        b"#!/bin/sh\n# \xc3\xa9\nBZh9 is what bzip2 begins with\n070701\n",
        _SCRIPT + b"\x1f\x8b\x07 not gzip" + bytes(90),
        b"#!/bin/sh\nprintf '\x1f\x8b\x08' >a.gz\n",
        _PROGRAMS["ELF"],
        _PROGRAMS["PE"],
        _PROGRAMS["ELF"] + bytes(5000),
        Path(sys.executable).resolve().read_bytes(),
        _PROGRAMS["PE"] + b"\x08\x02\0\0\0\2\2\0" + b"a signature" * 90,
        _PROGRAMS["PE"] + b"it reads 7z\xbc\xaf\x27\x1c\0\4" + b"no archive " * 9,
    ],
    ids=range(10),
)
def test_most_have_none(data: bytes) -> None:
    assert open_(data).members == []
    assert open_(data).skips == []
    assert containers_among([data]) == set()


@given(st.sampled_from([*_PROGRAMS]), st.lists(st.tuples(st.integers(0, 320), st.integers(0, 255)), max_size=4))
def test_any_header_ends(program: str, changes: list[tuple[int, int]]) -> None:
    data = bytearray(_PROGRAMS[program] + _ARCHIVES["gzip"])
    for place, value in changes:
        data[place] = value

    def at(offset: int, number: int) -> bytes:
        assert 0 <= offset < 1 << 63
        assert 0 <= number < 1 << 30
        return bytes(data[offset : offset + number])

    found = in_program(at, len(data))
    assert found is None or 0 < found.offset < len(data)
    for cut in (3, 63, 100, 200):
        assert open_(bytes(data[:cut])).members == []


def test_a_linked_program_ends_with_its_sections() -> None:
    program = Path(sys.executable).resolve().read_bytes()
    data = program + _ARCHIVES["xz"]
    found = in_program(lambda offset, number: data[offset : offset + number], len(data))
    assert found is not None
    assert found.offset == len(program)


@pytest.mark.skipif(not shutil.which("7z"), reason="needs 7z")
def test_what_7z_writes(tmp_path: Path) -> None:
    (tmp_path / "a.env").write_bytes(_TEXT)
    subprocess.run(["7z", "a", "-sfx", "a.exe", "a.env"], cwd=tmp_path, check=True, capture_output=True)
    (member,) = open_((tmp_path / "a.exe").read_bytes()).contents
    assert kind_of(member) == "7z"
