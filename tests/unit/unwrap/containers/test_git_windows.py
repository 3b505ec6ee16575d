"""Git packs that are larger than what is kept of them in memory, in streams: they are read in windows."""

from __future__ import annotations

import re
from random import Random
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akpatrol.unwrap.containers import git_pack
from tests.objects import whole
from tests.property.test_packs import grow
from tests.repositories import Repository
from tests.unit.unwrap.containers.test_git_pack import pack, truth
from tests.unit.unwrap.opening import open_


@pytest.mark.parametrize("option", ["--no-delta-base-offset", "--delta-base-offset"])
def test_a_large_pack_in_a_stream_is_read_in_windows(
    repo: Repository, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    rng = Random(7)
    lines = [rng.randbytes(20).hex() for _ in range(200)]
    for number_ in range(60):
        lines.insert(rng.randrange(200), f"KEY={number_}-{rng.randbytes(20).hex()}")
        repo.commit_file(f"{number_ % 9}.env", "\n".join(lines))
    ids = truth(repo)
    data = repo.raw("pack-objects", "--stdout", "-q", option, "--window=50", stdin="\n".join(ids))
    added = {line for line in lines if line.startswith("KEY=")}
    monkeypatch.setattr(git_pack, "_IN_MEMORY", 9_000)
    monkeypatch.setattr(git_pack, "_PIECE", 1000)
    assert len(data) > 20_000
    opened = open_(data, "stream")
    read = b"\n".join(opened.contents).decode(errors="replace")
    assert all(line in read for line in added)
    whole_ones = [label for label, _ in opened.members if not label.startswith("git:delta")]
    assert len(set(whole_ones)) == len(whole_ones) > 9
    assert {label.split()[-1] for label in whole_ones} <= {id_[:12] for id_ in ids}
    assert len(opened.skips) == 1
    assert re.fullmatch(
        r"git pack: [\d,]+ objects may differ from others .* extract it and scan the file", opened.reasons
    )
    for cut, reason in ((data[:-9000], "truncated"), (data[:15_000] + bytes(9) + data[15_009:], "damaged")):
        assert reason in open_(cut, "stream").reasons


def test_an_object_larger_than_a_window_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(git_pack, "_IN_MEMORY", 9_000)
    monkeypatch.setattr(git_pack, "_PIECE", 1000)
    data = pack(whole(3, b"first"), whole(3, Random(1).randbytes(20_000)), whole(3, b"last"))
    opened = open_(data, "stream")
    assert opened.contents == [b"first"]
    assert "2 objects behind one of more than" in opened.reasons
    behind = open_(pack(whole(3, b"first")) + bytes(20_000), "stream")
    assert (behind.contents, "the data after its end" in behind.reasons) == ([b"first"], True)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    repo = Repository(tmp_path_factory.mktemp("bundle") / "r")
    grow(repo, Random(10), 4)
    repo.git("bundle", "create", "-q", "b", "--all")
    return (repo.path / "b").read_bytes()


@given(st.integers(0, 1 << 20), st.integers(0, 255), st.integers(300, 9_000))
def test_any_changed_bytes_are_told_of_windows_too(bundle: bytes, place: int, change: int, window: int) -> None:
    changed = bytearray(bundle)
    start = bundle.index(b"PACK")
    changed[start + place % (len(bundle) - start)] ^= change
    with patch.object(git_pack, "_IN_MEMORY", window), patch.object(git_pack, "_PIECE", 99):
        reasons = [skip.reason for skip in open_(bytes(changed), "stream").skips]
    assert any("extract it and scan the file" not in reason for reason in reasons) == bool(change) or (
        any("behind one of more" in reason for reason in reasons)
    )
