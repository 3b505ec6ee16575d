"""Indexes of real packs, against what git prints of them, and indexes that are damaged or made by hand."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akpatrol.errors import GitError
from akpatrol.sources.git.packs.pack_index import PackIndex
from tests.repositories import Repository

if TYPE_CHECKING:
    from pathlib import Path

_IDS = 8 + 1024
# So many that some ids begin with the same byte.
_NUMBER = 42
_WIDTHS = {"sha1": 20, "sha256": 32}
# With the last one, git puts every offset from 0x40 into the table of 64-bit offsets.
_VERSIONS = ("1", "2", "2,0x40")
_KINDS = [(algorithm, version) for algorithm in _WIDTHS for version in _VERSIONS]


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Repository]:
    """Return a repository of one pack for each object format, with the pack's index in each version beside it."""
    found = {}
    for algorithm in _WIDTHS:
        repo = Repository(tmp_path_factory.mktemp("packed") / algorithm, f"--object-format={algorithm}")
        for number in range(_NUMBER - 2):
            repo.write(f"f{number}", f"{number}\n")
        repo.commit()
        pack = repo.pack()
        for version in _VERSIONS:
            repo.git("index-pack", f"--index-version={version}", "-o", repo.path / f"{version}.idx", pack)
        found[algorithm] = repo
    return found


def _opened(file: Path, algorithm: str = "sha1") -> PackIndex:
    return PackIndex(os.fsencode(file), _WIDTHS[algorithm])


def _made(file: Path, content: bytes) -> PackIndex:
    """Return an index with this content and its checksum."""
    file.write_bytes(content + hashlib.sha1(content, usedforsecurity=False).digest())
    return _opened(file)


def _printed(repo: Repository, algorithm: str, file: Path) -> dict[bytes, tuple[int, int | None]]:
    """Return the offset and, in version 2, the CRC-32 of each id, by git."""
    lines = repo.git("show-index", f"--object-format={algorithm}", stdin=file.read_bytes()).splitlines()
    rows = [line.split() for line in lines]
    return {bytes.fromhex(row[1]): (int(row[0]), int(row[2][1:-1], 16) if row[2:] else None) for row in rows}


@pytest.mark.parametrize(("algorithm", "version"), _KINDS)
def test_every_object_is_where_git_says(packed: dict[str, Repository], algorithm: str, version: str) -> None:
    file = packed[algorithm].path / f"{version}.idx"
    index, expected = _opened(file, algorithm), _printed(packed[algorithm], algorithm, file)
    assert index.number == len(expected) == _NUMBER
    places = {id_: index.find(id_) for id_ in expected}
    crcs = index.crcs or [None] * index.number
    assert {id_: (index.offsets[place], crcs[place]) for id_, place in places.items()} == expected
    assert index.ids(0, index.number) == [index.id(place) for place in range(index.number)] == sorted(expected)
    assert index.ids(3, 7) == sorted(expected)[3:7]
    assert len({id_[0] for id_ in expected}) < _NUMBER
    assert index.intact
    assert index.content()[:] == file.read_bytes()


@given(data=st.data(), kind=st.sampled_from(_KINDS))
def test_only_ids_of_the_index_are_found(
    packed: dict[str, Repository], data: st.DataObject, kind: tuple[str, str]
) -> None:
    algorithm, version = kind
    index, width = _opened(packed[algorithm].path / f"{version}.idx", algorithm), _WIDTHS[algorithm]
    ids = index.ids(0, index.number)
    beside = st.builds(
        lambda id_, by: ((int.from_bytes(id_, "big") + by) % (1 << 8 * width)).to_bytes(width, "big"),
        st.sampled_from(ids),
        st.integers(-1, 1),
    )
    ends = st.sampled_from([bytes(width), b"\xff" * width])
    id_ = data.draw(beside | ends | st.binary(min_size=width, max_size=width))
    assert index.find(id_) == (ids.index(id_) if id_ in ids else -1)


def test_an_index_of_nothing_finds_nothing(tmp_path: Path) -> None:
    index = _made(tmp_path / "idx", b"\xfftOc\0\0\0\2" + bytes(1024 + 20))
    assert (index.number, index.intact, index.ids(0, 0)) == (0, True, [])
    assert index.find(bytes(20)) == index.find(b"\xff" * 20) == -1


def test_offsets_beyond_four_gibibytes_are_read(packed: dict[str, Repository], tmp_path: Path) -> None:
    repo = packed["sha1"]
    content, number = (repo.path / "2.idx").read_bytes(), _NUMBER
    small = _IDS + number * 24
    wide = [(5 << 32) + 7, (1 << 63) - 1]
    words = (1 << 31, (1 << 31) + 1, *range(1, number - 1))
    table = b"".join(n.to_bytes(4, "big") for n in words) + b"".join(n.to_bytes(8, "big") for n in wide)
    index = _made(tmp_path / "idx", content[:small] + table + content[-40:-20])
    assert (list(index.offsets), index.astray) == ([*wide, *range(1, number - 1)], 0)
    printed = _printed(repo, "sha1", tmp_path / "idx")
    assert [printed[id_][0] for id_ in index.ids(0, number)] == list(index.offsets)


@pytest.mark.parametrize("table", [b"", (12).to_bytes(8, "big")])
def test_an_offset_out_of_the_table_is_zero_and_astray(
    packed: dict[str, Repository], tmp_path: Path, table: bytes
) -> None:
    content = (packed["sha1"].path / "2.idx").read_bytes()
    small = _IDS + _NUMBER * 24
    for first in ((1 << 31) + 1, (1 << 32) - 1):
        words = b"".join(n.to_bytes(4, "big") for n in (first, *range(1, _NUMBER)))
        index = _made(tmp_path / "idx", content[:small] + words + table + content[-40:-20])
        assert (list(index.offsets), index.astray, index.intact) == ([0, *range(1, _NUMBER)], 1, True)


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_truncation_is_refused(packed: dict[str, Repository], tmp_path: Path, version: str) -> None:
    content, file = (packed["sha1"].path / f"{version}.idx").read_bytes(), tmp_path / "idx"
    for length in (0, *range(1, len(content), 3), len(content) - 1):
        file.write_bytes(content[:length])
        with pytest.raises(GitError, match="cut short" if length < 1024 else "index "):
            _opened(file)


@pytest.mark.parametrize("version", _VERSIONS)
def test_an_index_with_a_flipped_byte_is_refused_or_not_intact(
    packed: dict[str, Repository], tmp_path: Path, version: str
) -> None:
    content, file = (packed["sha1"].path / f"{version}.idx").read_bytes(), tmp_path / "idx"
    refused = 0
    for position in range(0, len(content), 3):
        file.write_bytes(content[:position] + bytes([content[position] ^ 0x80]) + content[position + 1 :])
        try:
            assert not _opened(file).intact, position
        except GitError:
            refused += 1
    assert refused >= 256, "a byte of each word of the fan-out is among them"


@pytest.mark.parametrize(
    ("version", "surplus"), [("1", 8), ("2", 4), ("2", 8 * (_NUMBER + 1)), ("2,0x40", 8 * _NUMBER)]
)
def test_what_no_table_can_hold_is_refused(
    packed: dict[str, Repository], tmp_path: Path, version: str, surplus: int
) -> None:
    content = (packed["sha1"].path / f"{version}.idx").read_bytes()
    with pytest.raises(GitError, match="wrong size"):
        _made(tmp_path / "idx", content[:-40] + bytes(surplus) + content[-40:-20])


@pytest.mark.parametrize("version", [0, 1, 3, 256])
def test_other_versions_are_refused(packed: dict[str, Repository], tmp_path: Path, version: int) -> None:
    content = (packed["sha1"].path / "2.idx").read_bytes()
    with pytest.raises(GitError, match="unknown version"):
        _made(tmp_path / "idx", content[:4] + version.to_bytes(4, "big") + content[8:-20])


@pytest.mark.parametrize(("version", "start"), [("1", 0), ("2", 8)])
def test_a_fan_out_that_descends_is_refused(
    packed: dict[str, Repository], tmp_path: Path, version: str, start: int
) -> None:
    content = (packed["sha1"].path / f"{version}.idx").read_bytes()
    with pytest.raises(GitError, match="fan-out"):
        _made(tmp_path / "idx", content[:start] + (_NUMBER + 1).to_bytes(4, "big") + content[start + 4 : -20])


@pytest.mark.parametrize(("algorithm", "version"), _KINDS)
def test_an_index_is_of_its_own_pack_alone(packed: dict[str, Repository], algorithm: str, version: str) -> None:
    repo, width = packed[algorithm], _WIDTHS[algorithm]
    index = _opened(repo.path / f"{version}.idx", algorithm)
    (file,) = (repo.git_dir / "objects/pack").glob("*.pack")
    pack = file.read_bytes()
    assert index.is_of(pack)
    assert not index.is_of(pack[:8] + (_NUMBER + 1).to_bytes(4, "big") + pack[12:])
    assert not index.is_of(pack[:-width] + bytes([pack[-width] ^ 1]) + pack[1 - width :])


def test_an_index_that_is_removed_stays_readable(packed: dict[str, Repository], tmp_path: Path) -> None:
    (tmp_path / "idx").write_bytes((packed["sha1"].path / "2.idx").read_bytes())
    index = _opened(tmp_path / "idx")
    (tmp_path / "idx").unlink()
    assert [index.find(id_) for id_ in index.ids(0, _NUMBER)] == list(range(_NUMBER))


def test_what_is_no_regular_file_raises_os_error(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for name, reason in (("", "directory"), ("fifo", "not a regular file"), ("missing", "No such file")):
        with pytest.raises(OSError, match=reason):
            _opened(tmp_path / name)
