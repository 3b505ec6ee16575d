"""``staged``: blobs of the index, never files of the work tree."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.credentials import organization_key
from tests.repositories import Repository

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from random import Random

    from tests.conftest import Run


def test_first_commit(run: Run, repo: Repository, key: str) -> None:
    assert run("staged", cwd=repo.path).code == 0
    repo.write("dir/a", f"x\n {key}\n")
    repo.git("add", "-A")
    result = run("staged", cwd=repo.path)
    assert result.code == 1
    found = result.one(key)
    assert (found["place"], found["path"], found["paths"]) == ("content", "dir/a", ["dir/a"])
    assert (found["line"], found["column"], found["state"]) == (2, 2, "staged")
    assert (found["object"], found["introduced"]) == (repo.id(":dir/a"), None)


def test_modified_and_unmodified(run: Run, repo: Repository, new_key: Callable[[], str]) -> None:
    old, new = new_key(), new_key()
    repo.commit_file("old", old)
    repo.commit_file("a", "x")
    repo.write("a", new)
    assert run("staged", cwd=repo.path).code == 0, "not staged"
    repo.git("add", "a")
    result = run("staged", cwd=repo.path)
    assert (result.one(new)["path"], result.found(old)) == ("a", [])
    assert result.json["coverage"]["counts"] == {"blobs": 1}


def test_partially_staged_file_is_judged_by_its_staged_bytes(
    run: Run, repo: Repository, new_key: Callable[[], str]
) -> None:
    staged, work = new_key(), new_key()
    repo.write("a", staged)
    repo.git("add", "a")
    repo.write("a", work)
    for arguments in ((), ("a",)):
        result = run("staged", *arguments, cwd=repo.path)
        assert result.one(staged)
        assert not result.found(work)


def test_file_becomes_a_symbolic_link(run: Run, repo: Repository, key: str) -> None:
    repo.commit_file("a", "x")
    (repo.path / "a").unlink()
    (repo.path / "a").symlink_to(f"/x/{key}")
    repo.git("add", "a")
    found = run("staged", cwd=repo.path).one(key)
    assert (found["path"], found["column"]) == ("a", 4)


def test_deleted_file(run: Run, repo: Repository, key: str) -> None:
    repo.commit_file("a", key)
    repo.git("rm", "-q", "a")
    result = run("staged", cwd=repo.path)
    assert (result.code, result.json["coverage"]["counts"]) == (0, {})


@pytest.mark.parametrize("first", [True, False])
def test_intent_to_add(run: Run, repo: Repository, key: str, first: bool) -> None:
    if not first:
        repo.commit()
    repo.write("a", key)
    repo.git("add", "-N", "a")
    for arguments in ((), ("a",)):
        result = run("staged", *arguments, cwd=repo.path)
        assert (result.code, result.complete) == (0, True)


def test_submodule_pointer(run: Run, repo: Repository, tmp_path: Path, key: str) -> None:
    library = Repository(tmp_path / "library")
    library.commit_file("a", key)
    repo.commit()
    repo.git("submodule", "--quiet", "add", f"file://{library.path}", "vendor")
    result = run("staged", cwd=repo.path)
    assert (result.code, result.excluded) == (0, {"submodule": 1})
    assert run("staged", "vendor", cwd=repo.path).code == 0
    inside = repo.path / "vendor"
    (inside / "b").write_text(key)
    repo.git("add", "b", cwd=inside)
    assert run("staged", cwd=inside).one(key)["path"] == "b"


def test_unmerged_entries(run: Run, repo: Repository, new_key: Callable[[], str]) -> None:
    ours, theirs = new_key(), new_key()
    repo.commit_file("a", "x\n")
    repo.git("checkout", "-q", "-b", "side")
    repo.commit_file("a", f"{theirs}\n")
    repo.git("checkout", "-q", "main")
    repo.commit_file("a", f"{ours}\n")
    repo.git("merge", "side", code=1)
    for arguments in ((), ("a",)):
        result = run("staged", *arguments, cwd=repo.path)
        assert result.one(theirs)["path"] == "a"
        assert result.one(ours)["path"] == "a"


def test_file_name(run: Run, repo: Repository, key: str) -> None:
    repo.commit()
    repo.write(f"dir/{key}.txt", "x")
    repo.git("add", "-A")
    found = run("staged", cwd=repo.path).one(key)
    assert (found["place"], found["path"], found["state"], found["line"]) == (
        "path", f"dir/ak_{key[3:7]}***({len(key)}).txt", "staged", None
    )  # fmt: skip


def test_named_files(run: Run, repo: Repository, new_key: Callable[[], str]) -> None:
    keys = {name: new_key() for name in ("a", "sub/b", "sub/deep/c", "-dash", ":(top)a", "sub/new\nline", "other")}
    for name, secret in keys.items():
        repo.write(name, secret)
    repo.commit()

    def found(*arguments: str, cwd: Path = repo.path) -> set[str]:
        result = run("staged", *arguments, cwd=cwd)
        assert result.complete, result.skipped
        return {name for name, secret in keys.items() if result.found(secret)}

    assert found() == set()
    assert found("a", "sub/b") == {"a", "sub/b"}
    assert found("b", "../a", "deep/c", cwd=repo.path / "sub") == {"a", "sub/b", "sub/deep/c"}
    assert found("-C", "sub", "b") == {"sub/b"}
    assert found("--", "-dash", ":(top)a", "sub/new\nline") == {"-dash", ":(top)a", "sub/new\nline"}
    assert found(str(repo.path / "a")) == {"a"}
    assert found("sub") == {"sub/b", "sub/deep/c", "sub/new\nline"}
    assert found("./sub/../a", "sub//b") == {"a", "sub/b"}
    assert found(".") == set(keys)


def test_named_file_that_is_deleted_from_the_work_tree(run: Run, repo: Repository, key: str) -> None:
    repo.commit_file("a", key)
    (repo.path / "a").unlink()
    assert run("staged", "a", cwd=repo.path).one(key)["path"] == "a"


def test_named_file_that_does_not_exist(run: Run, repo: Repository, tmp_path: Path) -> None:
    repo.commit()
    result = run("staged", "none", cwd=repo.path)
    assert (result.code, "none: no such file" in result.err) == (2, True)
    (tmp_path / "outside").write_text("x")
    result = run("staged", str(tmp_path / "outside"), cwd=repo.path)
    assert (result.code, "outside" in result.err) == (2, True)
    assert run("staged", cwd=tmp_path).code == 2


def test_named_file_that_git_does_not_track(run: Run, repo: Repository, key: str) -> None:
    repo.commit()
    repo.write("a", key)
    result = run("staged", "a", cwd=repo.path)
    assert (result.code, result.excluded) == (0, {"not_in_index": 1})


def test_two_thousand_named_files(run: Run, repo: Repository, rng: Random) -> None:
    names = [f"directory{number % 40}/file{number}" for number in range(2000)]
    keys = {name: organization_key(rng) for name in rng.sample(names, 20)}
    for name in names:
        repo.write(name, keys.get(name, "x"))
    repo.commit()
    result = run("staged", *names, cwd=repo.path)
    assert {name: result.one(secret)["path"] for name, secret in keys.items()} == {name: name for name in keys}
    result = run("staged", *(f"../{name}" for name in names), cwd=repo.path / "directory1")
    assert len(result.digests) == 20


@pytest.mark.parametrize("flag", ["--assume-unchanged", "--skip-worktree"])
def test_flags_in_the_index_hide_nothing(run: Run, repo: Repository, key: str, flag: str) -> None:
    repo.commit_file("a", "x")
    repo.write("a", key)
    repo.git("add", "a")
    repo.git("update-index", flag, "a")
    assert run("staged", cwd=repo.path).one(key)["path"] == "a"


def test_sparse_checkout_and_index(run: Run, repo: Repository, key: str) -> None:
    repo.write("out/of/sight", "x")
    repo.commit_file("in/sight", "x")
    repo.git("sparse-checkout", "set", "--cone", "--sparse-index", "in")
    repo.git("update-index", "--add", "--cacheinfo", f"100644,{repo.blob(key)},out/of/sight")
    assert run("staged", cwd=repo.path).one(key)["path"] == "out/of/sight"
    assert run("staged", ".", cwd=repo.path).json["coverage"]["counts"] == {"blobs": 2}


def test_missing_blob(run: Run, repo: Repository) -> None:
    repo.commit()
    repo.write("a", "lost")
    repo.git("add", "a")
    repo.loose(repo.id(":a")).unlink()
    result = run("staged", cwd=repo.path)
    assert (result.code, [skip["item"] for skip in result.skipped]) == (3, ["a"])


def test_lfs_pointer(run: Run, repo: Repository) -> None:
    repo.write("a", f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 5\n")
    repo.git("add", "a")
    result = run("staged", cwd=repo.path)
    assert (result.code, result.excluded) == (0, {"git_lfs_pointer": 1})


def test_exclude(run: Run, repo: Repository, new_key: Callable[[], str]) -> None:
    out, in_ = new_key(), new_key()
    repo.write("vendor/a", out)
    repo.write("b", in_)
    repo.git("add", "-A")
    result = run("staged", "--exclude", "vendor/", cwd=repo.path)
    assert (result.found(out), result.excluded) == ([], {"exclude_option": 1})
    assert result.found(in_)


def test_linked_work_tree(run: Run, repo: Repository, tmp_path: Path, new_key: Callable[[], str]) -> None:
    here, there = new_key(), new_key()
    repo.commit()
    linked = tmp_path / "linked"
    repo.git("worktree", "add", "-q", str(linked))
    (linked / "a").write_text(there)
    repo.git("add", "a", cwd=linked)
    repo.write("b", here)
    repo.git("add", "b")
    result = run("staged", cwd=linked)
    assert (result.one(there)["path"], result.found(here)) == ("a", [])


def test_sha256(run: Run, tmp_path: Path, key: str) -> None:
    repo = Repository(tmp_path / "repo", "--object-format=sha256")
    repo.write("a", key)
    repo.git("add", "a")
    assert run("staged", cwd=repo.path).one(key)["object"] == repo.id(":a")


def test_detached_and_broken_heads(run: Run, repo: Repository, key: str) -> None:
    repo.commit_file("a", key)
    repo.git("checkout", "-q", "--detach")
    assert run("staged", cwd=repo.path).code == 0
    repo.loose(repo.id("HEAD")).unlink()
    result = run("staged", cwd=repo.path)
    assert (result.code, bool(result.err or result.found(key))) != (0, False)


def test_file_that_is_named_by_a_link(run: Run, repo: Repository, tmp_path: Path, key: str) -> None:
    repo.commit_file("sub/a", key)
    (tmp_path / "way").symlink_to(repo.path)
    assert run("staged", "sub/a", cwd=tmp_path / "way").one(key)["path"] == "sub/a"
    assert run("staged", os.fspath(tmp_path / "way/sub/a"), cwd=repo.path).one(key)["path"] == "sub/a"
