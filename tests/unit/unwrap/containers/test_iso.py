"""ISO 9660 images, as genisoimage and xorriso write them, and some that nobody but an attacker would."""

from __future__ import annotations

import shutil
import struct
import subprocess
import zlib
from typing import TYPE_CHECKING

import pytest

from akpatrol.config.limits import Limits
from akpatrol.unwrap.budget import Budget
from tests.corpus.iso_image import SECTOR, both, descriptor, iso_bytes, record, rock_name
from tests.unit.unwrap.opening import WAYS, Opened, as_content, gather

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_FILES = {"readme.txt": b"text", "srv/app/.env": b"within", "srv/larger": bytes(range(256)) * 40}
_ROOT_AT = 18
_LONG = "a name so long that it is continued elsewhere " * 5


def _open(data: bytes, way: str = "whole", limits: Limits | None = None) -> Opened:
    return gather(as_content(data, way, beginning=40_000), Budget(limits or Limits(), len(data)))


def _image(records: list[bytes], *sectors: bytes, root_size: int = SECTOR) -> bytes:
    """Return an image with these records in its root, and these sectors after it."""
    head = descriptor(1, record(b"\0", _ROOT_AT, root_size, 2)) + descriptor(255)
    root = b"".join([record(b"\0", _ROOT_AT, root_size, 2, b"SP\x07\x01\xbe\xef\0"), *records])
    return bytes(16 * SECTOR) + head + b"".join(part + bytes(-len(part) % SECTOR) for part in (root, *sectors))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("names", ["rock", "joliet"])
def test_files_and_their_names(names: str, way: str) -> None:
    opened = _open(iso_bytes(_FILES, names), way)
    assert opened.members == [(f"iso:{name}", data) for name, data in _FILES.items()]
    assert {name.encode() for name in (*_FILES, "srv", "srv/app")} <= set(opened.names)
    assert opened.skips == []


def test_names_without_extensions_to_the_standard() -> None:
    assert [name for name, _ in _open(iso_bytes({"a": b"text"}, "plain")).members] == ["iso:FILE0"]


def _tree(directory: Path) -> None:
    for name, data in {**_FILES, "empty": b"", f"deep/{_LONG}": b"of the long name"}.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_bytes(data)
    (directory / "link").symlink_to("srv/where it leads/" + "x" * 200)


_WRITERS: dict[str, Callable[[Path, Path], list[list[str]]]] = {
    "genisoimage": lambda tree, file: [["genisoimage", "-quiet", "-J", "-R", "-o", str(file), str(tree)]],
    "genisoimage without Joliet": lambda tree, file: [["genisoimage", "-quiet", "-R", "-o", str(file), str(tree)]],
    "xorriso": lambda tree, file: [["xorriso", "-as", "mkisofs", "-quiet", "-R", "-o", str(file), str(tree)]],
    "xorriso with zisofs": lambda tree, file: [
        ["xorriso", "-outdev", str(file), "-map", str(tree), "/", "-set_filter_r", "--zisofs", "/", "--"]
    ],
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("writer", _WRITERS)
def test_what_programs_write(tmp_path: Path, writer: str, way: str) -> None:
    if not shutil.which(writer.partition(" ")[0]):
        pytest.skip(f"needs {writer}")
    _tree(tmp_path / "tree")
    for command in _WRITERS[writer](tmp_path / "tree", tmp_path / "a.iso"):
        subprocess.run(command, check=True, capture_output=True)
    opened = _open((tmp_path / "a.iso").read_bytes(), way)
    found = {name.removeprefix("iso:"): data for name, data in opened.members}
    assert found == {**_FILES, f"deep/{_LONG}": b"of the long name"}
    assert ("srv/where it leads/" + "x" * 200).encode() in opened.names
    assert opened.skips == []


def test_several_names_of_one_file_are_read_once() -> None:
    sector = _ROOT_AT + 1
    names = [record(b"A.;1", sector, 4, 0, rock_name(name)) for name in (b"one", b"two", b"three")]
    opened = _open(_image(names, b"text"))
    assert (opened.members, opened.names) == ([("iso:one", b"text")], [b"one", b"two", b"three"])


@pytest.mark.parametrize("way", WAYS)
def test_a_file_in_several_extents(way: str) -> None:
    at = _ROOT_AT + 1
    apart = [record(b"A.;1", at, SECTOR, 0x80), record(b"A.;1", at + 2, 4, 0)]
    joined = [record(b"A.;1", at, SECTOR, 0x80), record(b"A.;1", at + 1, 5, 0)]
    sectors = (b"x" * SECTOR, b"other", b"text")
    assert _open(_image(apart, *sectors), way).members == [("iso:A", b"x" * SECTOR + b"text")]
    assert _open(_image(joined, *sectors), way).members == [("iso:A", b"x" * SECTOR + b"other")]


def test_what_is_not_read_is_told() -> None:
    interleaved = bytearray(record(b"A.;1", _ROOT_AT + 1, 4))
    interleaved[26] = 1
    assert _open(_image([bytes(interleaved)], b"text")).reasons.startswith("ISO 9660 image: a file in parts")
    zisofs = b"ZF\x10\1pz\4\x0f" + both(4)
    opened = _open(_image([record(b"A.;1", _ROOT_AT + 1, 400, 0, zisofs)], b"of another version"))
    assert opened.reasons.startswith("ISO 9660 image: this file is not compressed in the known version of zisofs")
    udf = (
        iso_bytes({"a": b"text"})[: 18 * SECTOR] + b"\0BEA01\1".ljust(SECTOR, b"\0") + b"\0NSR02\1".ljust(SECTOR, b"\0")
    )
    assert "UDF file system" in _open(udf).reasons


@pytest.mark.parametrize("way", WAYS)
def test_compressed_files(way: str) -> None:
    text = b"some text " * 7000
    blocks = [text[:32768], bytes(32768), text[65536:]]
    text = b"".join(blocks)
    packed = [zlib.compress(blocks[0]), b"", zlib.compress(blocks[2])]
    pointers, at = [], 16 + 16
    for block in [*packed, b""]:
        pointers.append(at)
        at += len(block)
    data = b"\x37\xe4\x53\x96\xc9\xdb\xd6\x07" + struct.pack("<I2B2x4I", len(text), 4, 15, *pointers) + b"".join(packed)
    entry = record(b"A.;1", _ROOT_AT + 1, len(data), 0, b"ZF\x10\1pz\4\x0f" + both(len(text)))
    opened = _open(_image([entry], data), way)
    assert (opened.members, opened.skips) == ([("iso:A", text)], [])
    assert "damaged near" in _open(_image([entry], data[:40] + b"zz" + data[42:]), way).reasons


def test_a_compressed_file_of_nothing_but_holes_ends_at_the_size() -> None:
    size = (1 << 32) - 1
    data = b"\x37\xe4\x53\x96\xc9\xdb\xd6\x07" + struct.pack("<I2B2x", size, 4, 15) + bytes(4 << 17)
    entry = record(b"A.;1", _ROOT_AT + 1, len(data), 0, b"ZF\x10\1pz\4\x0f" + both(size))
    opened = _open(_image([entry], data), limits=Limits(expanded=8 << 20))
    assert opened.reasons == "expands to more than 8 MiB; --max-expanded SIZE"


def test_directories_in_a_circle_end() -> None:
    opened = _open(_image([record(b"AGAIN", _ROOT_AT, SECTOR, 2), record(b"A.;1", _ROOT_AT + 1, 4)], b"text"))
    assert opened.members == [("iso:A", b"text")]
    assert opened.skips == []


def test_no_more_members_than_allowed() -> None:
    """A directory of 4 GiB, each of whose sectors names many files."""
    records = [record(b"A%03d.;1" % number, _ROOT_AT + 1 + number, 1 << 31) for number in range(40)]
    data = _image(records, *[b"".join(records)] * 200, root_size=(1 << 32) - 1)
    opened = _open(data, limits=Limits(members=5000))
    assert opened.reasons.endswith("holds more than 5,000 members; --max-members")


def test_files_that_overlap_count_each_time() -> None:
    size = 1 << 20
    records = [record(b"A%02d.;1" % number, _ROOT_AT + 1, size - number) for number in range(40)]
    opened = _open(_image(records, b"x" * size), limits=Limits(expanded=8 << 20))
    assert opened.reasons.endswith("expands to more than 8 MiB; --max-expanded SIZE")


def test_a_stream_that_would_have_to_go_back_is_told() -> None:
    data = _image([record(b"SUB", _ROOT_AT + 2, SECTOR, 2)], b"text", record(b"A.;1", _ROOT_AT + 1, 4))
    assert _open(data, "seekable").members == [("iso:SUB/A", b"text")]
    assert "in a stream, this file is before the directory" in _open(data, "stream").reasons


@pytest.mark.parametrize("way", WAYS)
def test_truncation_is_told(way: str) -> None:
    data = iso_bytes(_FILES)
    for size in range(33_000, len(data), 512):
        opened = _open(data[:size], way)
        assert opened.skips or opened.contents == list(_FILES.values())
