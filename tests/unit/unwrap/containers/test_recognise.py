from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import tarfile
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akpatrol.config.limits import Limits
from akpatrol.model.scan import Chunk, Content, Counted, Excluded, Origin, Place, Skipped
from akpatrol.unwrap.budget import Budget
from akpatrol.unwrap.containers.forms import MAGICS
from akpatrol.unwrap.containers.member import title
from akpatrol.unwrap.containers.opening import open_container
from akpatrol.unwrap.containers.recognise import containers_among, has_zip_tail, kind_of, tail_kind
from tests.unit.unwrap.opening import ORIGIN, WAYS, as_content, each, open_, through, whole

_KINDS = ("zip", "tar", "gzip", "bzip2", "xz", "zstd")


def _zip(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return stream.getvalue()


def _tar(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return stream.getvalue()


def zstd(data: bytes) -> bytes:
    from backports.zstd import compress  # noqa: PLC0415 - as the opener does

    return compress(data)


_MEMBERS = {"a.txt": b"one " * 700, "b/c.txt": b"two " * 700}
_VALID = {
    "zip": _zip(_MEMBERS),
    "tar": _tar(_MEMBERS),
    "gzip": gzip.compress(b"three " * 700, mtime=0),
    "bzip2": bz2.compress(b"three " * 700),
    "xz": lzma.compress(b"three " * 700),
    "zstd": zstd(b"three " * 700),
}


@pytest.mark.parametrize("kind", _KINDS)
def test_a_container_is_known_by_its_content(kind: str) -> None:
    assert kind_of(_VALID[kind]) == kind
    assert kind_of(_VALID[kind][:512]) == kind


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"7z\xbc\xaf\x27\x1c\0\4", "7z archive"),
        (b"Rar!\x1a\x07\x01\0", "rar archive"),
        (b"\x04\x22\x4d\x18\x64", "lz4"),
        (b"\x02\x21\x4c\x18", "lz4"),
        (b"\x1f\x9d\x90" + bytes(18) + b"\xff" * 9, "compress"),
        (b"MSCF\0\0\0\0", "cabinet"),
    ],
)
def test_what_is_not_opened_is_said(data: bytes, reason: str) -> None:
    opened = open_(data)
    assert [skip.item for skip in opened.skips] == ["file"]
    assert reason in opened.reasons
    assert not opened.members


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"P",
        b"PK",
        b"BZh9 is what bzip2 begins with",
        b"# v4 git bundle\n",
        b"\x1f\x9d\xff",
        b"\x1f\x9d\x90 what is no code of compress",
        b"a" * 257 + b"ustar" + b" " * 300,
        b"text about the PK\5\6 record" + b" " * 30,
        b" " * 154 + b"\0 " + b" " * 400,
        bytes(1024),
    ],
)
def test_what_only_looks_like_a_container_is_none(data: bytes) -> None:
    assert kind_of(data) is None
    assert not has_zip_tail(Content(ORIGIN, data))
    assert not list(open_container(Content(ORIGIN, data), Budget(Limits())))


@pytest.mark.parametrize("way", ["whole", "seekable"])
def test_a_program_that_extracts_itself_is_a_zip(way: str) -> None:
    data = b"\x7fELF" + bytes(5000) + _VALID["zip"]
    assert has_zip_tail(as_content(data, way))
    assert [name for name, _ in open_(data, way).members] == ["zip:a.txt", "zip:b/c.txt"]
    assert not has_zip_tail(as_content(data[:-1000], way))


def test_a_stream_does_not_tell_its_end() -> None:
    assert not has_zip_tail(as_content(b"\x7fELF" + _VALID["zip"], "stream"))


def test_containers_open_within_containers() -> None:
    inner = _zip({"secret.txt": b"found"})
    data = gzip.compress(_tar({"layer.tar": _tar({"in.zip": inner})}))
    found: list[Content] = []

    def descend(content: Content, budget: Budget) -> None:
        for item in open_container(content, budget):
            if isinstance(item, Content):
                found.append(item)
                descend(item, budget)

    descend(as_content(data), Budget(Limits()))
    assert found[-1].data == b"found"
    assert found[-1].origin.containers == ("gzip", "tar:layer.tar", "tar:in.zip", "zip:secret.txt")
    assert title(found[-1].origin) == "file > gzip > tar:layer.tar > tar:in.zip > zip:secret.txt"


def test_a_title_names_what_there_is() -> None:
    assert title(Origin("target", object="abc", containers=("gzip",))) == "abc > gzip"
    assert title(Origin("target", path=b"<stdin>")) == "<stdin>"


def test_names_come_apart_from_members_in_batches() -> None:
    data = _tar({f"name-{number}": b"" for number in range(5000)})
    chunks = [item for item in open_container(as_content(data), Budget(Limits())) if isinstance(item, Chunk)]
    assert [chunk.data.count(b"\0") + 1 for chunk in chunks] == [4096, 904]
    assert all(chunk.names and chunk.origin.place is Place.PATH for chunk in chunks)
    assert chunks[0].origin.containers == ("tar",)


def test_of_many_flaws_some_are_named_and_the_others_counted() -> None:
    data = bytearray(_zip({f"f{number}": b"x" for number in range(100)}))
    position = data.find(b"PK\1\2")
    while position >= 0:
        data[position + 8] |= 1
        position = data.find(b"PK\1\2", position + 1)
    opened = open_(bytes(data))
    assert len(opened.skips) == 21
    assert opened.skips[0] == Skipped("file > zip:f0", "encrypted")
    assert opened.skips[-1] == Skipped("file", "80 more of its parts or members cannot be read")


def test_a_read_error_is_a_skip() -> None:
    def fails(_number: int) -> bytes:
        raise OSError(5, os.strerror(5))

    for kind in _KINDS:
        content = Content(ORIGIN, _VALID[kind][:600], fails)
        found = list(open_container(content, Budget(Limits())))
        assert any(isinstance(item, Skipped) and item.reason == os.strerror(5) for item in found)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", ["zip", "tar"])
@pytest.mark.parametrize("taken", [0, 1000])
def test_a_member_may_be_left_half_way(kind: str, way: str, taken: int) -> None:
    large = os.urandom(6 << 20)
    data = {"zip": _zip, "tar": _tar}[kind]({"large": large, "small": b"small"})
    last = b""
    for item in open_container(as_content(data, way), Budget(Limits())):
        assert not isinstance(item, Skipped)
        if isinstance(item, Content):
            last = item.data
            if item.read:
                assert item.read(taken) == large[4 << 20 :][:taken]
                assert item.size in (None, len(large))
    assert last == b"small"


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_what_is_stored_as_it_is_can_be_read_anywhere(kind: str) -> None:
    large = os.urandom(5 << 20)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("large", large)
    data = stream.getvalue() if kind == "zip" else _tar({"large": large})
    for item in open_container(as_content(data, "seekable"), Budget(Limits())):
        if isinstance(item, Content):
            assert item.at is not None
            assert item.size == len(large)
            assert item.at(100, 50) == large[100:150]
            assert item.at(len(large) - 3, 50) == large[-3:]
            assert item.at(len(large) + 5, 50) == b""
            assert whole(item) == large


def test_counts_are_of_members_and_of_what_was_expanded() -> None:
    assert (open_(_VALID["zip"]).counted, open_(_VALID["zip"]).size) == (2, 5600)
    assert (open_(_VALID["tar"]).counted, open_(_VALID["tar"]).size) == (2, 0)
    assert (open_(_VALID["gzip"]).counted, open_(_VALID["gzip"]).size) == (1, 4200)


def _only_declared(data: bytes, way: str) -> list[Content | Chunk | Skipped | Counted | Excluded]:
    limits = Limits(expanded=64 << 20, members=1000)
    found = [item for read in open_container(as_content(data, way), Budget(limits)) for item in each(read)]
    assert all(isinstance(item, Content | Chunk | Skipped | Counted | Excluded) for item in found)
    through(as_content(data, way), Budget(limits))
    return found


@given(
    st.sampled_from([magic for magics in MAGICS.values() for magic, _ in magics]),
    st.binary(max_size=2000),
    st.sampled_from(WAYS),
)
def test_anything_behind_a_magic_ends(magic: bytes, data: bytes, way: str) -> None:
    _only_declared(magic + data, way)


@given(st.sampled_from(_KINDS), st.data(), st.sampled_from(WAYS))
def test_any_flipped_bits_end(kind: str, data: st.DataObject, way: str) -> None:
    damaged = bytearray(_VALID[kind])
    for _ in range(data.draw(st.integers(1, 3))):
        bit = data.draw(st.integers(0, 8 * len(damaged) - 1))
        damaged[bit // 8] ^= 1 << bit % 8
    _only_declared(bytes(damaged), way)


@given(st.sampled_from(_KINDS), st.data(), st.sampled_from(WAYS))
def test_a_container_cut_anywhere_ends_with_a_skip(kind: str, data: st.DataObject, way: str) -> None:
    valid = _VALID[kind]
    # Zeros that fill up a tar's last record are missed by nobody.
    last = len(valid) - 1 if kind != "tar" else len(valid.rstrip(b"\0")) + 511
    cut = data.draw(st.integers({"tar": 512, "zip": 4}.get(kind, 12), last))
    found = _only_declared(valid[:cut], way)
    assert any(isinstance(item, Skipped) for item in found)
    full = [whole(item) for item in open_container(as_content(valid), Budget(Limits())) if isinstance(item, Content)]
    for item, original in zip((item for item in found if isinstance(item, Content)), full, strict=False):
        assert original.startswith(item.data)


_MARKS = {
    257: b"ustar",
    154: b"\0 ",
    13: b"\0\0",
    6: b"\1",
    510: b"\x55\xaa",
    1080: b"\x53\xef",
    32769: b"CD001",
    65600: b"_BHRfS_M",
    -8: b"\xf7\xcf\xf4\x85\xb7\x41\xe2\x88",
    -512: b"koly\0\0\0\4",
}
_BEGINNINGS = st.sampled_from([b"100644 a\0", b"\0", b"\xeb\x3c\x90", b"E", *_VALID.values()])
_MARKED = st.tuples(
    _BEGINNINGS,
    st.sampled_from([0, 500, 600, 1100, 2000, 33000, 66000]),
    st.sets(st.sampled_from(sorted(_MARKS)), max_size=3),
)


@given(st.lists(_MARKED, max_size=5))
def test_among_many_contents_the_same_are_containers(parts: list[tuple[bytes, int, set[int]]]) -> None:
    contents = []
    for beginning, size, marks in parts:
        data = bytearray(beginning.ljust(size, b"."))
        for place in marks:
            at = place if place >= 0 else max(0, len(data) + place)
            data[at : at + len(_MARKS[place])] = _MARKS[place]
        contents.append(bytes(data))
    each = {number for number, data in enumerate(contents) if kind_of(data) or tail_kind(Content(ORIGIN, data))}
    assert containers_among(contents) == each
