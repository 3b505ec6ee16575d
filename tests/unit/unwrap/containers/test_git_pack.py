"""Git packs and bundles, as git writes them, and as nobody should."""

from __future__ import annotations

import hashlib
import zlib
from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akpatrol.config.limits import Limits
from akpatrol.model.batch import ContentBatch
from akpatrol.unwrap.budget import Budget
from akpatrol.unwrap.containers import git_pack
from akpatrol.unwrap.containers.member import Naming
from akpatrol.unwrap.containers.opening import open_container
from tests.objects import header, number, ofs_delta, ref_delta, whole
from tests.property.test_packs import grow
from tests.repositories import Repository
from tests.unit.unwrap.opening import WAYS, as_content, open_

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tests.unit.unwrap.opening import Opened


def pack(*entries: bytes, count: int | None = None, algorithm: str = "sha1") -> bytes:
    pack = b"PACK\0\0\0\2" + (len(entries) if count is None else count).to_bytes(4, "big") + b"".join(entries)
    return pack + hashlib.new(algorithm, pack, usedforsecurity=False).digest()


def _id(type_: str, data: bytes, algorithm: str = "sha1") -> bytes:
    return hashlib.new(algorithm, f"{type_} {len(data)}\0".encode() + data, usedforsecurity=False).digest()


def _append(base: bytes, data: bytes) -> bytes:
    """Return a delta that adds to the end of its base."""
    copy = bytes((0x80 | 0x10 | 0x20, len(base) & 255, len(base) >> 8))
    return number(len(base)) + number(len(base) + len(data)) + copy + bytes((len(data),)) + data


def truth(repo: Repository) -> dict[str, str]:
    """Return the type of each object, by its id, as git has them."""
    lines = repo.git("cat-file", "--batch-all-objects", "--batch-check", "--unordered").splitlines()
    return {line.split()[0]: line.split()[1] for line in lines}


def _ids(opened: Opened, width: int = 20) -> list[str]:
    found = []
    for label, data in opened.members:
        type_, _, short = label.removeprefix("git:").partition(" ")
        id_ = _id(type_, data, "sha1" if width == 20 else "sha256").hex()
        assert id_.startswith(short)
        assert len(short) >= 8
        found.append(id_)
    return sorted(found)


def _bundled(repo: Repository, *arguments: str) -> bytes:
    repo.git("bundle", "create", "-q", *(arguments[:1] if arguments[:1] == ("--version=3",) else ()), "b", *arguments)
    return (repo.path / "b").read_bytes()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("form", ["sha1", "sha256"])
def test_a_bundle_gives_every_object_once(tmp_path: Path, way: str, form: str) -> None:
    repo = Repository(tmp_path / "r", f"--object-format={form}")
    grow(repo, Random(5))
    repo.git("prune", "--expire=now")
    opened = open_(_bundled(repo, "--all"), way)
    assert opened.skips == []
    assert _ids(opened, 20 if form == "sha1" else 32) == sorted(truth(repo))
    assert opened.counted == len(opened.members)
    assert opened.size == sum(map(len, opened.contents))
    assert {name.decode() for name in opened.names if name.startswith(b"refs/")} == set(
        repo.git("for-each-ref", "--format=%(refname)").splitlines()
    )


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("form", ["sha1", "sha256"])
@pytest.mark.parametrize("option", ["--no-delta-base-offset", "--delta-base-offset"])
def test_a_pack_alone(tmp_path: Path, way: str, form: str, option: str) -> None:
    """With its deltas' bases by their ids, and by their distance; what ids there are shows only in it."""
    repo = Repository(tmp_path / "r", f"--object-format={form}")
    grow(repo, Random(6), 20)
    ids = "\n".join(truth(repo))
    data = repo.raw("pack-objects", "--stdout", "-q", option, "--depth=30", stdin=ids)
    opened = open_(data, way)
    assert opened.skips == []
    assert _ids(opened, 20 if form == "sha1" else 32) == sorted(truth(repo))


def test_a_large_pack_is_read_where_it_is(repo: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    grow(repo, Random(7), 20)
    repo.git("prune", "--expire=now")
    data = _bundled(repo, "--all")
    monkeypatch.setattr(git_pack, "_IN_MEMORY", 10_000)
    monkeypatch.setattr(git_pack, "_PIECE", 1000)
    opened = open_(data, "seekable")
    assert opened.skips == []
    assert _ids(opened) == sorted(truth(repo))


def test_an_incremental_bundle(repo: Repository, key: str) -> None:
    """Of what needs objects outside, the added text is read, and a skip has their number."""
    lines = [Random(1).randbytes(20).hex() for _ in range(200)]
    repo.commit_file("a", "\n".join(lines))
    repo.commit_file("a", "\n".join([*lines, f"KEY={key}"]))
    opened = open_(_bundled(repo, "main~1..main"))
    assert opened.reasons == "git pack: 1 object needs others, which are not in it: only what is added to those is read"
    (delta,) = (data for label, data in opened.members if label.startswith("git:delta at byte "))
    assert f"KEY={key}".encode() in delta
    assert b"Change" in opened.names


def test_a_filter_is_said(repo: Repository) -> None:
    repo.commit_file("a", "text\n")
    head = (
        b"# v3 git bundle\n@object-format=sha1\n@filter=blob:none\n"
        + repo.id("main").encode()
        + b" refs/heads/main\n\n"
    )
    tree = repo.raw("pack-objects", "--stdout", "-q", stdin=f"{repo.id('main')}\n{repo.id('main^{tree}')}")
    assert "made with a filter (blob:none)" in open_(head + tree).reasons


def test_places_are_paths_and_the_commits_that_introduced_them(repo: Repository) -> None:
    rng = Random(9)
    lines = [rng.randbytes(20).hex() for _ in range(60)]
    introduced: dict[str, str] = {}
    for number_ in range(12):
        lines[number_] = rng.randbytes(20).hex()
        path = f"d{number_ % 3}/e/f{number_ % 2}.txt"
        commit = repo.commit_file(path, "\n".join(lines))
        introduced[repo.id(f"{commit}:{path}")[:12]] = f"git:{path}@{commit[:12]}"
        introduced.setdefault(repo.id(f"{commit}:d{number_ % 3}")[:12], f"git:d{number_ % 3}/@{commit[:12]}")
        introduced.setdefault(repo.id(f"{commit}^{{tree}}")[:12], f"git:/@{commit[:12]}")
    for data in (
        _bundled(repo, "--all"),
        repo.raw("pack-objects", "--stdout", "-q", "--all", "--revs", "--no-delta-base-offset"),
    ):
        places = {}
        naming = None
        for found in open_container(as_content(data), Budget(Limits())):
            if isinstance(found, Naming):
                naming = found
            elif isinstance(found, ContentBatch):
                assert naming
                for index in range(len(found.data)):
                    label = found.content(index).origin.containers[-1]
                    places[label.rpartition(" ")[2]] = naming.better(label)
        assert introduced.items() <= places.items()
        assert places[repo.id("main")[:12]] == f"git:commit {repo.id('main')[:12]}"


def test_a_blob_that_no_tree_holds_keeps_its_id() -> None:
    (naming, *_) = open_container(as_content(pack(whole(3, b"text"))), Budget(Limits()))
    assert isinstance(naming, Naming)
    assert naming.better("git:blob 0123456789ab") == "git:blob 0123456789ab"


_LINE = b"a line of text\n" * 20
_DELTA = _append(_LINE, b"more")
_BLOB = whole(3, _LINE)


@pytest.mark.parametrize("way", WAYS)
def test_an_empty_pack_is_complete(way: str) -> None:
    for algorithm in ("sha1", "sha256"):
        opened = open_(pack(algorithm=algorithm), way)
        assert (opened.skips, opened.members) == ([], [])


@pytest.mark.parametrize(
    ("data", "reason", "members"),
    [
        (pack(_BLOB, count=2), "damaged at byte", 1),
        (pack(_BLOB, count=2**32 - 1), "damaged at byte", 1),
        (pack(_BLOB)[:-1], "truncated at byte", 1),
        (pack(_BLOB)[:-20] + bytes(20), "its checksum does not hold", 1),
        (pack(_BLOB) + b"more", "the data after its end at byte", 1),
        (pack(_BLOB, count=0), "its checksum does not hold", 0),
        (pack(_BLOB, header(5, 1) + zlib.compress(b"x")), "1 object is not read", 1),
        (pack(whole(3, b"abc", 4)), "damaged at byte 12", 0),
        (pack(whole(3, b"abc", 2)), "damaged at byte 12", 0),
        (pack(whole(3, b"abc", 1 << 50)), "truncated at byte 12", 0),
        (pack(b"\xff" * 20), "damaged at byte 12", 0),
        (pack(_BLOB, ofs_delta(len(_BLOB) + 1, _DELTA)), "1 object is damaged", 1),
        (pack(_BLOB, ofs_delta(0, _DELTA)), "1 object is damaged", 1),
        (pack(_BLOB, ofs_delta(10_000, _DELTA)), "damaged at byte 42: 1 object is not read", 1),
        (pack(_BLOB, ofs_delta(len(_BLOB), _DELTA[:-3])), "1 object is damaged", 1),
        (pack(_BLOB, ofs_delta(len(_BLOB), number(300) + number(1 << 40) + b"\1a")), "1 object is damaged", 1),
        (pack(ref_delta(b"\1" * 20, _DELTA)), "1 object needs others", 1),
        (b"# v2 git bundle\n" + b"ab" * 20 + b" refs/heads/main\n", "its header does not end", 0),
        (b"# v2 git bundle\n" + b"x" * (2 << 20), "its header does not end", 0),
        (b"# v2 git bundle\nnothing known\n\n" + pack(_BLOB), "is not known: nothing known", 1),
        (b"# v2 git bundle\n\nPACK", "truncated at byte 17: there is no pack", 0),
        (b"# v2 git bundle\n\nno pack but text", "damaged at byte 17: there is no pack", 0),
    ],
)
@pytest.mark.parametrize("way", WAYS)
def test_damage_is_a_skip_and_the_rest_is_read(data: bytes, reason: str, members: int, way: str) -> None:
    opened = open_(data, way)
    assert reason in opened.reasons
    assert len(opened.skips) == 1
    assert len(opened.members) == members


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_bases_are_found_by_their_ids_wherever_they_stand(algorithm: str) -> None:
    first, second = _LINE + b"more", _LINE + b"moremost"
    chain = [
        ref_delta(_id("blob", first, algorithm), _append(first, b"most")),
        ref_delta(_id("blob", _LINE, algorithm), _DELTA),
        _BLOB,
        ref_delta(_id("blob", second, algorithm), _append(second, b"!")),
    ]
    opened = open_(pack(*chain, algorithm=algorithm))
    assert opened.skips == []
    assert sorted(opened.contents) == [_LINE, first, second, second + b"!"]


def test_a_chain_of_4095_deltas() -> None:
    entries, data = [_BLOB], _LINE
    for _ in range(4095):
        entries.append(ofs_delta(len(entries[-1]), _append(data, b"x")))
        data += b"x"
    opened = open_(pack(*entries))
    assert opened.skips == []
    assert len(opened.members) == 4096
    assert data in opened.contents


@pytest.mark.slow
def test_a_bomb_of_deltas_ends_at_the_limit() -> None:
    """Each delta of a few bytes makes 16 MiB."""
    large = bytes(16 << 20)
    copies = b"".join(bytes((0x80 | 0x40, 1)) for _ in range(256))
    bomb = number(len(large)) + number(len(large)) + copies
    entries = [whole(3, large)]
    entries += [ref_delta(_id("blob", large), bomb)] * 2000
    opened = open_(pack(*entries), named=True)
    assert "--max-ratio" in opened.reasons
    assert len(opened.members) < 100


def test_what_is_too_large_as_a_delta_is_a_skip_and_as_a_whole_a_stream() -> None:
    large = bytes(33 << 20)
    delta = _append(_LINE, b"x")[:2] + number(len(large)) + b"\1x"
    opened = open_(pack(whole(3, large), _BLOB, ofs_delta(len(_BLOB), delta)))
    assert "1 object is damaged or too large" in opened.reasons
    assert opened.members[0] == (f"git:blob {_id('blob', large).hex()[:12]}", large)
    assert len(opened.members) == 2


def test_objects_are_members_and_their_number_is_bounded() -> None:
    opened = open_(pack(*[whole(3, b"%d" % number_) for number_ in range(50)]), limits=Limits(members=20))
    assert "holds more than 20 members; --max-members" in opened.reasons
    assert len(opened.members) == 20


def test_their_number_is_bounded_where_some_cannot_be_read() -> None:
    entries = [ref_delta(b"\1" * 20, _DELTA)] * 15 + [whole(3, b"%d" % number_) for number_ in range(50)]
    opened = open_(pack(*entries), limits=Limits(members=20))
    assert "holds more than 20 members; --max-members" in opened.reasons


def test_trees_that_are_nested_without_end_have_no_path() -> None:
    """The blob keeps its id: 300 directories are no place that a person goes to."""
    child, name = _id("blob", _LINE), b"100644 f"
    entries = [_BLOB]
    for _ in range(300):
        tree = name + b"\0" + child
        child, name = _id("tree", tree), b"40000 d"
        entries.append(whole(2, tree))
    entries.append(whole(1, b"tree %b\nauthor a <a> 1 +0000\ncommitter a <a> 1 +0000\n\nm" % child.hex().encode()))
    (naming, *_) = open_container(as_content(pack(*entries)), Budget(Limits()))
    assert isinstance(naming, Naming)
    blob = f"git:blob {_id('blob', _LINE).hex()[:12]}"
    assert naming.better(blob) == blob


def _cuts(data: bytes) -> Iterable[bytes]:
    return (data[:end] for end in range(0, len(data), 64))


@pytest.mark.parametrize("way", WAYS)
def test_cut_anywhere(repo: Repository, way: str) -> None:
    grow(repo, Random(8), 4)
    data = _bundled(repo, "--all")
    full = open_(data, way)
    for cut in _cuts(data):
        opened = open_(cut, way)
        assert opened.skips or len(cut) < 16
        assert {label for label, _ in opened.members if "delta" not in label} <= {label for label, _ in full.members}


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    repo = Repository(tmp_path_factory.mktemp("bundle") / "r")
    grow(repo, Random(10), 4)
    return _bundled(repo, "--all")


@given(data=st.data(), way=st.sampled_from(WAYS))
def test_any_changed_bytes_are_told(bundle: bytes, data: st.DataObject, way: str) -> None:
    damaged = bytearray(bundle)
    place = data.draw(st.integers(bundle.index(b"PACK"), len(bundle) - 1))
    damaged[place] ^= data.draw(st.integers(1, 255))
    assert open_(bytes(damaged), way).skips
