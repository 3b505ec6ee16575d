"""Broken, vanishing and hostile packs lose only their own objects, and each loss is reported."""

from __future__ import annotations

import hashlib
import itertools
import tracemalloc
from typing import TYPE_CHECKING

import pytest

from akpatrol.gitdata import raw_object
from akpatrol.model.scan import Skipped
from akpatrol.sources.git.packs import fallback, plan, slices
from tests.objects import each, git_of, number, ofs_delta, plant, read, read_part, ref_delta, truth, whole
from tests.repositories import Repository, damage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from akpatrol.gitdata.raw_object import RawObject
    from akpatrol.sources.git.packs.object_slices import Slice
    from akpatrol.sources.git.runner import Git


@pytest.fixture
def small(repo: Repository) -> Repository:
    """A pack of a few objects, one of them a delta."""
    lines = "".join(f"line {n * n * n}\n" for n in range(9))
    repo.commit_file("a", lines)
    repo.commit_file("a", lines + "more\n")
    pack = repo.pack()
    assert " 1 " in repo.git("verify-pack", "-v", pack.with_suffix(".idx")), "there is a delta"
    return repo


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".pack", ".idx"])
@pytest.mark.parametrize("flips", [(0xFF,), (0x01, 0x10, 0x80)])
def test_every_byte_flipped(
    small: Repository, monkeypatch: pytest.MonkeyPatch, suffix: str, flips: tuple[int, ...]
) -> None:
    """Every object that is not read correctly is reported, by its id or with its pack, whatever git would do."""

    def unreadable(_git: Git, ids: Sequence[str]) -> Iterator[Skipped]:
        return (Skipped(id_, "git cannot either") for id_ in ids)

    monkeypatch.setattr(fallback, "read", unreadable)
    (pack,) = (small.git_dir / "objects/pack").glob("*.pack")
    file = pack.with_suffix(suffix)
    content, expected, git = file.read_bytes(), truth(small), git_of(small)
    monkeypatch.setattr(git, "run", lambda *_: b"sha1")
    for position in range(len(content)):
        broken = bytearray(content)
        broken[position] ^= flips[position % len(flips)]
        damage(file, bytes(broken))
        slices._pack.cache_clear()
        objects, skips = read(git)
        right = {id_ for id_, found in objects.items() if expected.get(id_) == found}
        told = {skip.item for skip in skips}
        whole = told & {f"objects/pack/{pack.name}", f"objects/pack/{pack.with_suffix('.idx').name}"}
        assert right == set(expected) or set(expected) - right <= told or whole, position
        # Each entry has a CRC-32 in the index, and the index a checksum.
        assert set(objects) <= right or whole, position
    damage(file, content)


@pytest.mark.parametrize("suffix", [".pack", ".idx"])
def test_never_less_than_git(small: Repository, suffix: str) -> None:
    """With git's help, at every so many bytes: what git gives, the fast reader gives."""
    (pack,) = (small.git_dir / "objects/pack").glob("*.pack")
    file = pack.with_suffix(suffix)
    content, expected, git = file.read_bytes(), truth(small), git_of(small)
    for position in range(3, len(content), len(content) // 12):
        broken = bytearray(content)
        broken[position] ^= 0x55
        damage(file, bytes(broken))
        slices._pack.cache_clear()
        objects, skips = read(git)
        listed = small.git("cat-file", "--batch-all-objects", "--batch-check", code=None)
        for line in listed.splitlines():
            id_, type_ = line.split()[:2]
            by_git = small.raw("cat-file", type_, id_, code=None) if type_ != "missing" else None
            if by_git is not None and id_of(by_git, type_).hex() == id_:
                assert id_ in objects, position
        assert skips or objects == expected, position


@pytest.mark.parametrize("length", [0, 5, 12, 40, 200])
def test_cut_off(small: Repository, length: int) -> None:
    """Objects before the cut are read, though git refuses the whole pack."""
    (pack,) = (small.git_dir / "objects/pack").glob("*.pack")
    expected, content = truth(small), pack.read_bytes()
    damage(pack, content[:length])
    slices._pack.cache_clear()
    objects, skips = read(git_of(small))
    assert objects.items() <= expected.items()
    told = {skip.item for skip in skips}
    assert set(expected) - set(objects) <= told or f"objects/pack/{pack.name}" in told


def test_repacked_between_plan_and_read(small: Repository) -> None:
    git, expected = git_of(small), truth(small)
    small.blob("loose, then packed")
    expected |= truth(small)
    parts = list(plan.plan(git))
    small.git("repack", "-q", "-a", "-d", "-f", "-k")
    slices._pack.cache_clear()
    assert read_all(parts, git) == expected


def test_repacked_while_reading(small: Repository) -> None:
    """What was opened stays readable; what was not is asked of git."""
    for turn in range(3):
        small.commit_file("a", f"turn {turn}\n" * 100)
        small.git("repack", "-q", "-d")
    slices._pack.cache_clear()
    git, expected = git_of(small), truth(small)
    found = itertools.chain.from_iterable(
        read_part(part, git) for part in list(plan.plan(git)) if not isinstance(part, Skipped)
    )
    first = next(iter(found))
    small.git("repack", "-q", "-a", "-d", "-f", "--depth=0")
    small.git("gc", "-q", "--prune=now")
    assert collected([first, *found]) == expected


def read_all(parts: list[Slice | Skipped], git: Git) -> dict[str, tuple[str, str]]:
    return collected(item for part in parts if not isinstance(part, Skipped) for item in read_part(part, git))


def collected(items: Iterable[tuple[str, str, str] | Skipped]) -> dict[str, tuple[str, str]]:
    found = {}
    for item in items:
        assert not isinstance(item, Skipped)
        id_, type_, content = item
        found[id_] = type_, content
    return found


def id_of(content: bytes, type_: str = "blob") -> bytes:
    return hashlib.sha1(f"{type_} {len(content)}\0".encode() + content, usedforsecurity=False).digest()


BASE = b"0123456789" * 10
GOOD = id_of(BASE), whole(3, BASE)
NAME = id_of(b"another")


def copied(size: int, *, source: int = len(BASE), times: int = 1) -> bytes:
    """Return a delta that says it makes ``size`` bytes and copies the base ``times`` times."""
    return number(source) + number(size) + bytes([0x90, len(BASE)]) * times


HOSTILE = {
    "bomb of a delta": lambda: ref_delta(GOOD[0], copied(3 << 30, times=200)),
    "delta of no end": lambda: ref_delta(GOOD[0], b"\xff" * 40),
    "delta of nothing": lambda: ref_delta(GOOD[0], b""),
    "delta for another base": lambda: ref_delta(GOOD[0], copied(100, source=99)),
    "delta of another size": lambda: ref_delta(GOOD[0], copied(100, times=2) + b"\1x"),
    "delta of a huge base": lambda: ref_delta(GOOD[0], copied(100, source=1 << 60)),
    "base is missing": lambda: ref_delta(b"\1" * 20, copied(100)),
    "base is the entry": lambda: ref_delta(NAME, copied(100)),
    "base before the pack": lambda: ofs_delta(1 << 40, copied(100)),
    "base is the entry by offset": lambda: ofs_delta(0, copied(100)),
    "base within an entry": lambda: ofs_delta(3, copied(100)),
    "a bomb": lambda: whole(3, bytes(40 << 20), 10),
    "says 4 GB": lambda: whole(3, b"x", 4 << 30),
    "says a size of no end": lambda: b"\xbf" + b"\xff" * 100,
    "reserved type": lambda: whole(5, b"x"),
    "no type": lambda: whole(0, b"x"),
    "no stream": lambda: whole(3, b"")[:1],
    "stream of zeros": lambda: whole(3, b"")[:1] + bytes(30),
    "too short": lambda: whole(3, b"abc", 4),
    "too long": lambda: whole(3, b"abc", 2),
}


@pytest.mark.parametrize("entry", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_entry(repo: Repository, entry: object) -> None:
    """It is a skip, what is whole is read, and memory stays bounded."""
    plant(repo, [GOOD, (NAME, entry()), (id_of(b"good"), whole(3, b"good"))])  # type: ignore[operator]
    git = git_of(repo)
    tracemalloc.start()
    objects, skips = read(git)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert objects.keys() - {NAME.hex()} == {GOOD[0].hex(), id_of(b"good").hex()}
    # git shows nothing, or an empty object, for a stream that is none.
    assert [skip.item for skip in skips] == [NAME.hex()]
    assert peak < 50 << 20


def test_circle(repo: Repository) -> None:
    one, two = b"\1" * 20, b"\2" * 20
    plant(repo, [(one, ref_delta(two, copied(100))), (two, ref_delta(one, copied(100))), GOOD])
    objects, skips = read(git_of(repo))
    assert set(objects) == {GOOD[0].hex()}
    assert {skip.item for skip in skips} == {one.hex(), two.hex()}


def test_content_of_another_id(repo: Repository) -> None:
    """git shows it under the wrong id, and so does akpatrol; it is reported if the pack has another problem."""
    plant(repo, [(NAME, whole(3, b"content"))])
    (index,) = (repo.git_dir / "objects/pack").glob("*.idx")
    content = bytearray(index.read_bytes())
    content[8 + 1024 + 20] ^= 1  # its CRC-32
    damage(index, bytes(content))
    objects, skips = read(git_of(repo))
    assert list(objects) == [NAME.hex()]
    assert [skip.item for skip in skips] == ["objects/pack/pack-planted.pack", NAME.hex()]
    assert skips[1].reason == "corrupt object: its content does not match its id"


def test_long_chain_needs_little_memory(repo: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand versions of a megabyte, each a delta of the one before, with a side branch each."""
    content = bytes(1 << 20)
    delta = number(1 << 20) + number(1 << 20) + bytes([0xC0, 0x10])
    entries = [(id_of(content), whole(3, content))]
    for turn in range(300):
        entries.append((turn.to_bytes(20, "big"), ref_delta(entries[max(0, len(entries) - 1 - turn % 2)][0], delta)))
    plant(repo, entries)
    monkeypatch.setattr("akpatrol.gitdata.rebuild.BUDGET_BYTES", 4 << 20)
    tracemalloc.start()
    sizes = [item.size for item in objects_of(git_of(repo))]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(sizes) == 301
    assert peak < 16 << 20


def objects_of(git: Git) -> Iterator[RawObject]:
    for part in plan.plan(git):
        assert not isinstance(part, Skipped)
        for item in each(slices.read(part, git)):
            assert not isinstance(item, Skipped)
            yield item


def test_huge_is_a_stream(repo: Repository) -> None:
    """Held nowhere whole: 80 MB in a pack, and loose."""
    size = raw_object.HUGE_BYTES + (16 << 20)
    plant(repo, [(id_of(bytes(size)), whole(3, bytes(size))), GOOD])
    tracemalloc.start()
    found = {item.id: length(item) for item in objects_of(git_of(repo))}
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found == {id_of(bytes(size)).hex(): size, GOOD[0].hex(): 100}
    assert peak < 16 << 20


def length(item: RawObject) -> int:
    read = item.read
    return sum(map(len, iter(lambda: read(1 << 20), b""))) if read else item.size


def test_unknown_index_is_left_to_git(small: Repository) -> None:
    (index,) = (small.git_dir / "objects/pack").glob("*.idx")
    content = bytearray(index.read_bytes())
    content[7] = 9
    damage(index, bytes(content))
    objects, skips = read(git_of(small))
    assert objects == {}
    assert skips


def test_an_offset_beyond_the_table_is_said_of_an_index_whose_checksum_is_right(small: Repository) -> None:
    (index,) = (small.git_dir / "objects/pack").glob("*.idx")
    content, expected = bytearray(index.read_bytes()), truth(small)
    content[-40 - 4 * len(expected)] |= 0x80  # of the first object's offset
    damage(index, bytes(content[:-20]) + hashlib.sha1(content[:-20], usedforsecurity=False).digest())
    objects, skips = read(git_of(small))
    assert [skip.reason for skip in skips if skip.item == f"objects/pack/{index.with_suffix('.pack').name}"] == [
        "index is damaged, it has no offset of some objects: run git index-pack on it"
    ]
    assert len(objects) == len(expected) - 1
    assert objects.items() <= expected.items()


def test_quarantine(repo: Repository) -> None:
    """A hook's environment says where the objects of a push are."""
    repo.commit()
    incoming = Repository(repo.path.parent / "incoming")
    id_ = incoming.blob("pushed")
    variables = {
        "GIT_OBJECT_DIRECTORY": str(incoming.git_dir / "objects"),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(repo.git_dir / "objects"),
    }
    objects, skips = read(git_of(repo, variables))
    assert id_ in objects
    assert (objects, skips) == (truth(repo, variables), [])
