"""Refs, HEADs and reflogs of real repositories, and what they lead to."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akpatrol.errors import GitError
from akpatrol.sources.git import refs
from akpatrol.sources.git.ref_snapshot import RefSnapshot
from akpatrol.sources.git.refs import Refs
from tests.objects import git_of
from tests.repositories import Repository

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_MAIN = "refs/heads/main"


def _named(found: Refs, part: Mapping[str, int]) -> dict[str, set[str]]:
    """Return the names that lead to each id."""
    return {id_: set(found.listed(bits)) for id_, bits in part.items()}


def _reason(repo: Repository, name: str) -> list[str]:
    return [skip.reason for skip in refs.broken(git_of(repo)) if skip.item == name]


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_loose_and_packed_refs_are_read_the_same(tmp_path: Path, algorithm: str) -> None:
    repo = Repository(tmp_path / "repo", f"--object-format={algorithm}")
    first, second = repo.commit(), repo.commit()
    repo.git("tag", "v1", first)
    repo.git("update-ref", "refs/remotes/origin/topic", first)
    repo.git("update-ref", "refs/notes/commits", second)
    loose = RefSnapshot(git_of(repo)).refs
    assert _named(loose, loose.seeds) == {
        first: {"refs/remotes/origin/topic", "refs/tags/v1"},
        second: {_MAIN, "refs/notes/commits", "HEAD"},
    }
    assert set(loose.listed(loose.branches)) == {_MAIN, "refs/remotes/origin/topic", "HEAD"}
    repo.git("pack-refs", "--all")
    assert not (repo.git_dir / _MAIN).exists()
    assert RefSnapshot(git_of(repo)).refs == loose


def test_tags_of_tags_lead_to_each_tag_on_the_way_and_the_commit(repo: Repository) -> None:
    commit = repo.commit()
    repo.git("tag", "-a", "-m", "inner", "inner")
    repo.git("tag", "-a", "-m", "outer", "outer", "inner")
    repo.git("tag", "-a", "-m", "twin", "twin")
    found = RefSnapshot(git_of(repo)).refs
    inner, outer, twin = "refs/tags/inner", "refs/tags/outer", "refs/tags/twin"
    assert _named(found, found.seeds) == {commit: {_MAIN, inner, outer, twin, "HEAD"}}
    ids = {name: repo.id(name) for name in (inner, outer, twin)}
    assert _named(found, found.tags) == {ids[inner]: {inner, outer}, ids[outer]: {outer}, ids[twin]: {twin}}


def test_refs_and_tags_lead_to_trees_and_blobs(repo: Repository) -> None:
    repo.commit_file("f", "x\n")
    blob, tree = repo.id("HEAD:f"), repo.id("HEAD^{tree}")
    repo.git("tag", "plain", blob)
    repo.git("tag", "-a", "-m", "tree", "annotated", tree)
    found = RefSnapshot(git_of(repo)).refs
    assert _named(found, found.others) == {blob: {"refs/tags/plain"}, tree: {"refs/tags/annotated"}}


def test_what_is_missing_is_absent_whether_a_ref_or_a_tag_leads_to_it(repo: Repository) -> None:
    kept = repo.commit()
    lost = repo.commit()
    repo.git("tag", "-a", "-m", "lost", "v1")
    repo.git("update-ref", "refs/heads/kept", kept)
    repo.loose(lost).unlink()
    found = RefSnapshot(git_of(repo)).refs
    assert _named(found, found.absent) == {lost: {_MAIN, "refs/tags/v1", "HEAD"}}
    assert _named(found, found.seeds) == {kept: {"refs/heads/kept"}}


def test_symbolic_refs_lead_to_what_their_target_leads_to_and_dangling_ones_to_nothing(repo: Repository) -> None:
    commit = repo.commit()
    repo.git("symbolic-ref", "refs/heads/alias", _MAIN)
    repo.git("symbolic-ref", "refs/heads/dangling", "refs/heads/none")
    repo.git("symbolic-ref", "HEAD", "refs/heads/unborn")
    found = RefSnapshot(git_of(repo)).refs
    assert _named(found, found.seeds) == {commit: {_MAIN, "refs/heads/alias"}}
    assert found.absent == {}


def test_a_name_that_is_not_utf_8_is_kept(repo: Repository) -> None:
    commit = repo.commit()
    repo.git("update-ref", b"refs/heads/caf\xe9", commit)
    repo.git("update-ref", "-d", _MAIN)
    assert RefSnapshot(git_of(repo)).refs.names == (os.fsdecode(b"refs/heads/caf\xe9"),)


def test_heads_of_linked_work_trees_are_named_by_them(repo: Repository, tmp_path: Path) -> None:
    repo.commit()
    for name in ("two", "one"):
        repo.git("worktree", "add", "-q", "--detach", tmp_path / name)
    alone = Repository(tmp_path / "one").commit()
    found = RefSnapshot(git_of(repo)).refs
    assert _named(found, found.seeds)[alone] == {"worktrees/one/HEAD"}
    assert found.names == (_MAIN, "HEAD", "worktrees/one/HEAD", "worktrees/two/HEAD")
    assert found.branches == 0b1111
    common = os.fsencode(repo.git_dir)
    assert refs.linked(common) == [common + b"/worktrees/one", common + b"/worktrees/two"]
    assert refs.reflogs(git_of(repo))[alone] == "HEAD"


def test_work_trees_that_cannot_be_listed_raise_git_error(repo: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    assert refs.linked(os.fsencode(repo.git_dir)) == []
    (repo.git_dir / "worktrees").mkdir()

    def denied(_path: bytes) -> list[bytes]:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "listdir", denied)
    with pytest.raises(GitError, match="worktrees: Permission denied"):
        refs.linked(os.fsencode(repo.git_dir))


def test_every_entry_of_the_stash_has_its_bit(repo: Repository) -> None:
    repo.commit_file("f", "x\n")
    entries = []
    for content in "ab":
        repo.write("f", content)
        repo.git("stash")
        entries.append(repo.id("stash"))
    found = RefSnapshot(git_of(repo)).refs
    assert found.listed(found.stash) == ("refs/stash",)
    assert [found.seeds[id_] for id_ in entries] == [found.stash, found.stash]
    repo.forget()
    later = RefSnapshot(git_of(repo)).refs
    assert [id_ in later.seeds for id_ in entries] == [False, True]


def test_reflogs_name_what_no_ref_holds_and_no_zeros(repo: Repository) -> None:
    first, lost = repo.commit(), repo.commit()
    repo.git("reset", "-q", "--hard", first)
    (repo.git_dir / "logs/refs/heads/gone").write_text(f"{'0' * 40} {'a' * 40} Ada <a@example.org> 0 +0000\tx\nodd\n")
    os.mkfifo(repo.git_dir / "logs/refs/heads/fifo")
    found = refs.reflogs(git_of(repo))
    assert set(found) == {first, lost, "a" * 40}
    assert found["a" * 40] == "refs/heads/gone"
    assert lost not in RefSnapshot(git_of(repo)).refs.seeds
    assert RefSnapshot(git_of(repo)).tips() == {first, lost, "a" * 40}


def test_tips_without_reflogs_are_those_of_refs_and_heads(repo: Repository) -> None:
    first, second = repo.commit(), repo.commit()
    repo.git("checkout", "-q", first)
    repo.forget()
    assert RefSnapshot(git_of(repo)).tips() == {first, second}


def test_a_reftable_has_no_broken_refs_and_its_tips_raise_git_error(repo: Repository) -> None:
    repo.commit()
    (repo.git_dir / "refs/heads/empty").touch()
    (repo.git_dir / "reftable").mkdir()
    assert list(refs.broken(git_of(repo))) == []
    with pytest.raises(GitError, match="reftable"):
        RefSnapshot(git_of(repo)).tips()


@pytest.mark.parametrize("content", ["", "\0" * 41, "a" * 39, "a" * 41, "ref:", "ref: \n", "x" * 40, " " + "a" * 40])
def test_a_ref_that_git_ignores_is_broken(repo: Repository, content: str) -> None:
    (repo.git_dir / "refs/heads/odd").write_text(content)
    assert repo.git("for-each-ref") == ""
    assert _reason(repo, "refs/heads/odd") == ["broken ref: git ignores it"]


@pytest.mark.parametrize(("algorithm", "width"), [("sha1", 64), ("sha256", 40)])
def test_an_id_of_the_other_width_is_broken(tmp_path: Path, algorithm: str, width: int) -> None:
    repo = Repository(tmp_path / "repo", f"--object-format={algorithm}")
    commit = repo.commit()
    (repo.git_dir / "refs/heads/right").write_text(commit)
    (repo.git_dir / "refs/heads/odd").write_text((commit * 2)[:width])
    assert repo.git("for-each-ref", "--format=%(refname)").split() == ["refs/heads/main", "refs/heads/right"]
    assert [skip.item for skip in refs.broken(git_of(repo))] == ["refs/heads/odd"]


def test_a_packed_ref_whose_name_git_refuses_is_named(repo: Repository) -> None:
    repo.commit()
    repo.git("pack-refs", "--all")
    assert list(refs.broken(git_of(repo))) == []
    packed = repo.git_dir / "packed-refs"
    packed.write_text(packed.read_text().replace("refs/heads/main", "refs/heads/main 2"))
    assert [(skip.item, "git refuses" in skip.reason) for skip in refs.broken(git_of(repo))] == [
        ("refs/heads/main 2", True)
    ]


@pytest.mark.parametrize("form", ["{}", "{}\n", "{} x", "ref: refs/heads/main", "ref:refs/heads/main\n", "ref:\t{}"])
def test_a_ref_that_git_reads_is_not_broken(repo: Repository, form: str) -> None:
    commit = repo.commit()
    for name, id_ in (("lower", commit), ("upper", commit.upper())):
        (repo.git_dir / "refs/heads" / name).write_text(form.format(id_))
    assert list(refs.broken(git_of(repo))) == []


def test_locks_hidden_files_links_and_what_is_no_file_are_not_broken_refs(repo: Repository) -> None:
    heads = repo.git_dir / "refs/heads"
    for name in ("main.lock", ".hidden"):
        (heads / name).touch()
    (heads / "link").symlink_to("refs/heads/none")
    os.mkfifo(heads / "fifo")
    assert list(refs.broken(git_of(repo))) == []


@given(branches=st.integers(0, (1 << 130) - 1), bits=st.integers(0, (1 << 130) - 1))
def test_at_most_a_hundred_names_are_listed_branches_first(branches: int, bits: int) -> None:
    names = tuple(str(number) for number in range(130))
    set_ = [number for number in range(130) if bits >> number & 1]
    ordered = sorted(set_, key=lambda number: (not branches >> number & 1, number))
    assert Refs(names, branches).listed(bits) == tuple(map(str, ordered[:100]))
