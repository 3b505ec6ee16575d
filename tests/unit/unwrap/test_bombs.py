"""Archives made to take all time and memory there are. None is written to disk, and each ends with a skip."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
import tarfile
import zipfile
import zlib
from functools import cache, partial
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from akpatrol.config.limits import Limits
from akpatrol.model.scan import Content, Skipped
from akpatrol.unwrap.budget import Budget
from akpatrol.unwrap.containers.opening import open_container
from tests.unit.unwrap.opening import WAYS, as_content, open_, through

if TYPE_CHECKING:
    from collections.abc import Callable

_GIB = 1 << 30


@cache
def _zeros(kind: str, size: int) -> bytes:
    """Return ``size`` bytes of zeros, compressed without holding them."""
    import bz2  # noqa: PLC0415 - a bomb of its own each
    import lzma  # noqa: PLC0415

    from backports.zstd import ZstdCompressor  # noqa: PLC0415
    from isal import isal_zlib  # noqa: PLC0415 - zlib takes ten times as long for gibibytes

    compressors: dict[str, Callable[[], Any]] = {
        "gzip": lambda: isal_zlib.compressobj(1, 8, 31),
        "deflate": lambda: isal_zlib.compressobj(1, 8, -15),
        "bzip2": bz2.BZ2Compressor,
        "xz": lambda: lzma.LZMACompressor(preset=0),
        "zstd": ZstdCompressor,
    }
    compressor = compressors[kind]()
    block = bytes(1 << 20)
    return b"".join(compressor.compress(block) for _ in range(size >> 20)) + bytes(compressor.flush())


def _zip(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return stream.getvalue()


def _zip_of(compressed: bytes, size: int, entries: int = 1) -> bytes:
    """Return a zip, all of whose entries share one deflated stream."""
    local = struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 8, 0, 0, 0, len(compressed), size, 1, 0) + b"a"
    directory = b"".join(
        struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, 8, 0, 0, 0, len(compressed), size, 1, 0, 0, 0, 0, 0, 0) + b"a"
        for _ in range(entries)
    )
    start = len(local) + len(compressed)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, entries, entries, len(directory), start, 0)
    return local + compressed + directory + end


def _ticking(step: float) -> Callable[[], float]:
    """Return a clock that advances by ``step`` seconds at every call."""
    return partial(next, count(step, step))


@pytest.mark.slow
@pytest.mark.parametrize("way", ["whole", "stream"])
@pytest.mark.parametrize(("kind", "size"), [("gzip", 2 * _GIB), ("zstd", 2 * _GIB)])
def test_gibibytes_of_zeros_end_at_the_ratio(kind: str, size: int, way: str) -> None:
    opened = through(as_content(_zeros(kind, size), way), Budget(Limits()))
    assert opened.reasons == "expands more than 200-fold; --max-ratio"


@pytest.mark.parametrize("kind", ["gzip", "bzip2", "xz", "zstd"])
def test_zeros_end_at_the_size(kind: str) -> None:
    opened = through(as_content(_zeros(kind, 32 << 20)), Budget(Limits(expanded=8 << 20)))
    assert opened.reasons == "expands to more than 8 MiB; --max-expanded SIZE"


def test_compressed_zeros_compressed_again() -> None:
    data = _zeros("gzip", 2 * _GIB)
    for _ in range(3):
        data = zlib.compress(data, 9, 31)
    assert len(data) < 40_000
    opened = through(as_content(data), Budget(Limits()))
    assert [skip.item for skip in opened.skips] == ["file"]
    assert opened.reasons == "expands more than 200-fold; --max-ratio"


def test_zips_of_zips_of_zeros() -> None:
    data = _zip_of(_zeros("deflate", 2 * _GIB), (4 << 30) - 1)
    for _ in range(5):
        data = _zip({f"{number}.zip": data for number in range(16 if len(data) < 1 << 20 else 1)})
    opened = through(as_content(data), Budget(Limits()))
    assert [(skip.item, skip.reason) for skip in opened.skips] == [("file", "expands more than 200-fold; --max-ratio")]


def test_a_tree_of_zips_deeper_than_the_limit_is_told_once() -> None:
    data = b"text"
    for _ in range(6):
        data = _zip({"a.zip": data, "b.zip": data})
    opened = through(as_content(data), Budget(Limits(depth=4)))
    assert opened.reasons == "deeper than 4 containers; --max-depth"
    assert opened.deepest == 4


def test_an_archive_that_holds_itself_ends_at_the_depth() -> None:
    """A quine: whatever is read of it is a tar whose member is the same again."""
    info = tarfile.TarInfo("self.tar")
    info.size = 1 << 40
    header = info.tobuf(tarfile.GNU_FORMAT)

    def read(number: int) -> bytes:
        return (header * (number // 512 + 1))[:number]

    opened = through(Content(as_content(b"").origin, header, read), Budget(Limits(seconds=2), clock=_ticking(0.01)))
    assert "deeper than 8 containers; --max-depth" in opened.reasons
    assert "not done after 2 seconds; --max-seconds" in opened.reasons
    assert opened.deepest == 8


@pytest.mark.slow
def test_overlapping_entries_end_at_the_ratio_or_the_size() -> None:
    data = _zip_of(_zeros("deflate", 128 << 20), 128 << 20, entries=100)
    assert "expands more than 200-fold; --max-ratio" in through(as_content(data), Budget(Limits())).reasons
    opened = through(as_content(data), Budget(Limits(expanded=200 << 20)))
    assert opened.skips[-1].reason == "expands to more than 200 MiB; --max-expanded SIZE"


def test_what_is_stored_once_and_listed_often_counts_each_time() -> None:
    data = bytearray(_zip_of(bytes(1 << 20), 1 << 20, entries=100))
    for header, place in ((b"PK\3\4", 8), (b"PK\1\2", 10)):
        start = data.find(header)
        while start >= 0:
            data[start + place] = 0
            start = data.find(header, start + 1)
    opened = through(as_content(bytes(data)), Budget(Limits(expanded=20 << 20)))
    assert opened.skips[-1].reason == "expands to more than 20 MiB; --max-expanded SIZE"


@pytest.mark.parametrize("way", WAYS)
def test_a_sparse_file_of_an_exbibyte(way: str) -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
        info = tarfile.TarInfo("sparse")
        info.size = 4
        info.pax_headers = {
            "GNU.sparse.major": "0",
            "GNU.sparse.minor": "1",
            "GNU.sparse.size": str(1 << 60),
            "GNU.sparse.realsize": str(1 << 60),
            "GNU.sparse.numblocks": "1",
            "GNU.sparse.map": f"{1 << 59},4",
        }
        archive.addfile(info, io.BytesIO(b"data"))
    opened = open_(stream.getvalue(), way)
    assert opened.contents == [b"data"]
    assert not opened.skips


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("size", [1 << 63, 1 << 64, (1 << 87) - 1])
def test_sizes_beyond_all_offsets(size: int, way: str) -> None:
    info = tarfile.TarInfo("a")
    info.size = size
    opened = open_(info.tobuf(tarfile.GNU_FORMAT) + b"content", way)
    assert opened.contents == [b"content"]
    assert "truncated" in opened.reasons


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("value", [1 << 32, 1 << 63, (1 << 64) - 1])
def test_zip64_sizes_and_offsets_beyond_everything(value: int, way: str) -> None:
    name, word, big = b"a", 0xFFFFFFFF, struct.pack("<Q", value)
    extra = struct.pack("<HH", 1, 24) + big * 3
    local = struct.pack("<4s5H3L2H", b"PK\3\4", 45, 0, 0, 0, 0, 0, word, word, 1, len(extra)) + name + extra
    entry = struct.pack("<4s6H3L5H2L", b"PK\1\2", 45, 45, 0, 0, 0, 0, 0, word, word, 1, len(extra), 0, 0, 0, 0, word)
    directory = entry + name + extra
    for size, offset in ((len(directory), len(local)), (value, value)):
        end64 = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, value, value, size, offset)
        locator = struct.pack("<4sLQL", b"PK\6\7", 0, len(local) + len(directory), 1)
        end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, word, word, 0)
        assert open_(local + directory + end64 + locator + end, way).skips


def _run(code: str) -> str:
    """Run ``code`` in a process of its own, which says how much above what the interpreter and its libraries take."""
    prelude = """
import resource
from bz2 import BZ2Decompressor
from lzma import LZMADecompressor
from backports import zstd
from isal import isal_zlib
from tests.unit.unwrap.opening import *
from akpatrol.unwrap.containers import compressed, container_bytes as source, decompress as inflate, tar, zip

def limit(more):
    taken = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + more,) * 2)
"""
    done = subprocess.run(  # a process of its own is what is tested
        [sys.executable, "-c", prelude + code],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": _ROOT},
    )
    assert not done.stderr
    return done.stdout


_ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["gzip", "bzip2", "xz", "zstd"])
def test_no_bomb_takes_memory(kind: str) -> None:
    code = f"""
from tests.unit.unwrap.test_bombs import _zeros
data = _zeros({kind!r}, 72 << 20)
limit(50_000_000)
print(through(as_content(data, "stream"), Budget(Limits(expanded=64 << 20))).reasons)
"""
    assert _run(code) == "expands to more than 64 MiB; --max-expanded SIZE\n"


@pytest.mark.parametrize("kind", ["tar", "zip", "cpio"])
def test_a_million_members_take_no_memory(kind: str) -> None:
    code = f"""
import struct
END = struct.Struct("<4sQ2H2L4Q")
class Million:
    '''Members without end, or as many as a directory says, made as they are read.'''
    def __init__(self, record, head=b"", tail=b"", number=1_000_000):
        self.record, self.head, self.tail = record, head, tail
        self.size = len(head) + number * len(record) + len(tail)
        self.last = self.size - len(tail)
    def at(self, offset, number):
        if offset < len(self.head):
            return (self.head + self.record * (number // len(self.record) + 1))[offset:offset + number]
        if offset >= self.last:
            return self.tail[offset - self.last:][:number]
        inside = (offset - len(self.head)) % len(self.record)
        data = (self.record * (number // len(self.record) + 2))[inside:inside + number]
        room = self.last - offset
        return data if len(data) <= room else data[:room] + self.tail[:number - room]
import tarfile
if {kind!r} == "tar":
    made = Million(tarfile.TarInfo("name").tobuf(tarfile.USTAR_FORMAT), tail=bytes(1024))
elif {kind!r} == "cpio":
    from tests.corpus.packing import cpio_bytes
    end = cpio_bytes({{}})
    made = Million(cpio_bytes({{"a": b"x"}})[: -len(end)], tail=end)
else:
    entry = struct.pack("<4s6H3L5H2L", b"PK\\1\\2", 45, 45, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"a"
    local = struct.pack("<4s5H3L2H", b"PK\\3\\4", 45, 0, 0, 0, 0, 0, 0, 0, 1, 0) + b"a"
    size = 1_000_000 * len(entry)
    tail = END.pack(b"PK\\6\\6", 44, 45, 45, 0, 0, 1_000_000, 1_000_000, size, len(local))
    tail += struct.pack("<4sLQL", b"PK\\6\\7", 0, len(local) + size, 1)
    tail += struct.pack("<4s4H2LH", b"PK\\5\\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    made = Million(entry, local, tail)
limit(30_000_000)
content = Content(ORIGIN, made.at(0, 4096), lambda number: b"", made.at, made.size)
members = 0
for found in open_container(content, Budget(Limits(members=30_000))):
    members += isinstance(found, Content)
    if isinstance(found, Skipped):
        print(members, found.reason)
"""
    assert _run(code) == "30000 holds more than 30,000 members; --max-members\n"


def test_an_image_with_more_names_than_it_has_room_takes_little_memory() -> None:
    """Each of its names is continued in the same sector."""
    code = """
from tests.corpus.iso_image import SECTOR, both, descriptor, record
continued = b"CE\\x1c\\1" + both(20) + both(0) + both(SECTOR)
names = b"".join(b"NM\\xff\\1\\1" + b"x" * 250 for _ in range(8))
entry = record(b"A", 30, 9, 0, continued)
root = entry * (SECTOR // len(entry))
begins = record(b"\\0", 18, SECTOR, 2, b"SP\\7\\1\\xbe\\xef\\0")
head = bytes(16 * SECTOR) + descriptor(1, record(b"\\0", 18, (1 << 31), 2)) + descriptor(255)
pad = lambda data: data + bytes(-len(data) % SECTOR)
data = head + pad(begins) + pad(root) + pad(names) + pad(root) * 20_000
limit(200_000_000)
opened = through(as_content(data), Budget(Limits()))
print(opened.skips[-1].reason)
"""
    assert _run(code) == "ISO 9660 image: more than 32 MiB of names are before their files\n"


def test_seconds_end_everything() -> None:
    data = _zip({f"{number}.zip": _zip({"a": b"text"}) for number in range(1000)})
    opened = through(as_content(data), Budget(Limits(seconds=100), clock=_ticking(1)))
    assert opened.skips == [Skipped("file", "not done after 100 seconds; --max-seconds")]


def test_an_abandoned_container_gives_its_place_back() -> None:
    budget = Budget(Limits(depth=1))
    for _ in range(3):
        opening = open_container(as_content(_zip({"a": b"text"})), budget)
        assert isinstance(next(opening), Content)
        opening.close()  # type: ignore[attr-defined]
