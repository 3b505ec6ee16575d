"""cpio archives, as GNU cpio, bsdtar and the kernel's build write them."""

from __future__ import annotations

import gzip
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from akpatrol.unwrap.containers.recognise import kind_of
from tests.corpus.packing import cpio_bytes
from tests.unit.unwrap.opening import WAYS, open_

if TYPE_CHECKING:
    from pathlib import Path

_LAYOUTS = ("newc", "odc", "bin")
_FILES = {"a/one": b"one", "a/empty": b"", "b/larger": bytes(range(256)) * 20, "b/odd": b"12345"}


def _with_data(files: dict[str, bytes]) -> list[tuple[str, bytes]]:
    return [(f"cpio:{name}", data) for name, data in files.items() if data]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("layout", _LAYOUTS)
def test_members_of_every_layout(layout: str, way: str) -> None:
    opened = open_(cpio_bytes(_FILES, layout) + bytes(300), way)
    assert opened.members == _with_data(_FILES)
    assert (opened.names, opened.skips) == ([name.encode() for name in _FILES], [])


@pytest.mark.parametrize("layout", ["newc", "crc", "odc", "bin", "ustar"])
@pytest.mark.skipif(not shutil.which("cpio"), reason="needs cpio")
def test_what_cpio_writes(tmp_path: Path, layout: str) -> None:
    for name, data in _FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    (tmp_path / "link").symlink_to("where/it/leads")
    command = ["cpio", "--quiet", "-o", "-H", layout]
    names = "\n".join((*_FILES, "a", "link")).encode()
    data = subprocess.run(command, input=names, cwd=tmp_path, check=True, capture_output=True).stdout
    opened = open_(data)
    assert [data for data in opened.contents if data] == [data for data in _FILES.values() if data]
    assert b"where/it/leads" in opened.names
    assert opened.skips == []


def test_words_in_the_other_byte_order() -> None:
    data = bytearray(cpio_bytes({"a": b"text", "b": b"more"}, "bin"))
    for start in (0, 26 + 2 + 4, 2 * (26 + 2 + 4)):
        words = data[start : start + 26]
        words[::2], words[1::2] = words[1::2], words[::2]
        data[start : start + 26] = words
    assert open_(bytes(data)).contents == [b"text", b"more"]


@pytest.mark.parametrize("way", WAYS)
def test_archives_that_follow_one_another(way: str) -> None:
    """An initramfs: microcode as it is, then everything else compressed."""
    one, two = cpio_bytes({"early": b"first"}), cpio_bytes({"init": b"second"})
    assert open_(one + bytes(512) + two, way).contents == [b"first", b"second"]
    opened = open_(one + bytes(512) + gzip.compress(two), way)
    assert opened.members == [("cpio:early", b"first"), ("cpio:after the end", gzip.compress(two))]
    assert opened.skips == []
    assert "the data after its end at byte" in open_(one + b"something else", way).reasons


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("layout", _LAYOUTS)
def test_damage_is_told_and_reading_goes_on(layout: str, way: str) -> None:
    data = bytearray(cpio_bytes({"a": b"text" * 200, "b": b"more" * 200, "c": b"last" * 200}, layout))
    at = data.index(b"more" * 200) - (28 if layout == "bin" else 30)
    data[at : at + 2] = b"zz"
    opened = open_(bytes(data), way)
    assert opened.skips
    if layout != "bin":  # two bytes are no sure mark
        assert opened.members[-1] == ("cpio:c", b"last" * 200)


@pytest.mark.parametrize("layout", _LAYOUTS)
def test_truncation_is_told_at_every_byte(layout: str) -> None:
    data = cpio_bytes({"a": b"text", "b": b"more"}, layout)
    for size in range(data.rindex(b"TRAILER!!!") + 10):
        opened = open_(data[:size])
        assert opened.skips or kind_of(data[:size]) is None
    assert kind_of(data[:120]) is not None


def test_a_member_larger_than_a_block() -> None:
    data = bytes(range(251)) * (5 << 12)
    assert open_(cpio_bytes({"a": data}), "seekable").contents == [data]


@pytest.mark.parametrize(
    "data",
    [
        b"070701 is how it begins, says the manual, and more of that text follows here, so that it is long enough" * 2,
        b"070707" + b"1" * 200,
        b"\xc7\x71" + bytes(100),
        b"\x71\xc7" + b"\xff" * 100,
    ],
)
def test_other_data_that_begins_alike(data: bytes) -> None:
    assert kind_of(data) is None


def test_sizes_beyond_the_data() -> None:
    data = cpio_bytes({"a": b"text"}).replace(b"%08x" % 4, b"ffffffff", 1)
    opened = open_(data)
    assert opened.contents[0].startswith(b"text")
    assert "truncated" in opened.reasons


def test_a_file_of_marks_is_read_to_its_end() -> None:
    data = cpio_bytes({"a": b"text"}).removesuffix(bytes(3)) + b"070701" * 50_000
    assert "damaged" in open_(data.replace(b"TRAILER", b"trailer")).reasons
