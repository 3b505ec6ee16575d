"""Credentials that no branch holds any more: stashes, reflogs, dangling objects, objects that refs name themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Run
    from tests.repositories import Repository


@pytest.fixture
def stashed(repo: Repository, new_key: Callable[[], str]) -> tuple[str, str, str]:
    """Three keys: stashed from the work tree, from the index, and from an untracked file."""
    work, index, untracked = new_key(), new_key(), new_key()
    repo.write("indexed", "x\n")
    repo.commit_file("worked", "x\n")
    repo.write("indexed", index)
    repo.git("add", "indexed")
    repo.write("indexed", "y\n")
    repo.write("worked", work)
    repo.write("untracked", untracked)
    repo.git("stash", "push", "-q", "--include-untracked")
    return work, index, untracked


def test_stash(run: Run, repo: Repository, stashed: tuple[str, str, str]) -> None:
    result = run("history", repo.path)
    for secret, path, commit in zip(
        stashed, ("worked", "indexed", "untracked"), ("stash", "stash^2", "stash^3"), strict=True
    ):
        found = result.one(secret)
        assert (found["state"], found["state_reason"]) == ("unreachable", "stash")
        assert (found["path"], found["refs"], found["removed"]) == (path, ["refs/stash"], None)
        assert found["introduced"]["id"] == repo.id(commit)


def test_second_stash(run: Run, repo: Repository, stashed: tuple[str, str, str]) -> None:
    repo.write("worked", "later\n")
    repo.git("stash", "push", "-q")
    result = run("history", repo.path)
    for secret in stashed:
        assert (result.one(secret)["state_reason"], result.one(secret)["refs"]) == ("stash", ["refs/stash"])


def test_dropped_stash(run: Run, repo: Repository, stashed: tuple[str, str, str]) -> None:
    commit = repo.id("stash")
    repo.git("stash", "drop", "-q")
    result = run("history", repo.path)
    for secret, path in zip(stashed, ("worked", "indexed", "untracked"), strict=True):
        found = result.one(secret)
        assert (found["state"], found["state_reason"]) == ("unreachable", "dangling")
        assert (found["path"], found["refs"]) == (path, [])
    assert result.one(stashed[0])["introduced"]["id"] == commit


def test_reflog_only(run: Run, repo: Repository, new_key: Callable[[], str]) -> None:
    content, message = new_key(), new_key()
    base = repo.commit_file("x", "x")
    lost = repo.commit_file("a", content, f"Note {message}")
    repo.git("reset", "-q", "--hard", base)
    result = run("history", repo.path)
    found = result.one(content)
    assert (found["state"], found["state_reason"], found["refs"]) == ("unreachable", "reflog", [])
    assert (found["introduced"]["id"], found["path"]) == (lost, "a")
    found = result.one(message, "commit_message")
    assert (found["state"], found["state_reason"]) == ("unreachable", "reflog")
    assert {one["path"] for one in result.found(message) if one["place"] == "git_dir"} == {
        "COMMIT_EDITMSG",
        "logs/HEAD",
        "logs/refs/heads/main",
    }


def test_dangling_commit(run: Run, repo: Repository, new_key: Callable[[], str]) -> None:
    content, message, name = new_key(), new_key(), new_key()
    base = repo.commit_file("x", "x")
    repo.write(name, "x")
    lost = repo.commit_file("a/b", content, f"Note {message}")
    repo.git("reset", "-q", "--hard", base)
    repo.forget()
    result = run("history", repo.path)
    for secret, place in ((content, "content"), (message, "commit_message"), (name, "path")):
        found = result.one(secret, place)
        assert (found["state"], found["state_reason"], found["refs"]) == ("unreachable", "dangling", [])
        assert found["introduced"]["id"] == lost
    assert result.one(content)["path"] == "a/b"


def test_dangling_commits_of_which_one_lacks_its_tree(run: Run, repo: Repository, new_key: Callable[[], str]) -> None:
    base = repo.commit_file("x", "x")
    keys = [new_key() for _ in range(6)]
    for number, secret in enumerate(keys):
        commit = repo.commit_file(f"f{number}", secret)
        repo.git("reset", "-q", "--hard", base)
        if number % 2:
            repo.loose(repo.id(f"{commit}^{{tree}}")).unlink()
    repo.forget()
    result = run("history", repo.path)
    assert [result.one(secret, "content")["path"] for secret in keys] == ["f0", None, "f2", None, "f4", None]
    assert {result.one(secret)["state_reason"] for secret in keys} == {"dangling"}
    assert result.complete, "what nothing refers to may be incomplete"


def test_dangling_blob(run: Run, repo: Repository, key: str) -> None:
    repo.commit()
    id_ = repo.blob(f"x {key}")
    found = run("history", repo.path).one(key)
    assert (found["state"], found["state_reason"], found["object"]) == ("unreachable", "dangling", id_)
    assert (found["path"], found["paths"], found["introduced"]) == (None, [], None)
    assert (found["line"], found["column"]) == (1, 3)


def test_dangling_objects_without_any_commit(run: Run, repo: Repository, key: str) -> None:
    repo.blob(key)
    assert run("history", repo.path).one(key)["state_reason"] == "dangling"


@pytest.mark.parametrize("how", ["blob", "tagged blob", "tree", "tagged tree"])
def test_ref_that_names_no_commit(run: Run, repo: Repository, key: str, how: str) -> None:
    repo.commit()
    id_ = blob = repo.blob(key)
    if "tree" in how:
        inner = repo.git("mktree", stdin=f"100644 blob {blob}\tfile\n")
        id_ = repo.git("mktree", stdin=f"040000 tree {inner}\tdir\n")
    if "tagged" in how:
        repo.git("tag", "-a", "-m", "x", "thing", id_)
    else:
        repo.git("update-ref", "refs/tags/thing", id_)
    found = run("history", repo.path).one(key)
    assert (found["state"], found["state_reason"]) == ("removed", None)
    assert (found["refs"], found["object"]) == (["refs/tags/thing"], blob)
    if "tree" in how:
        assert found["path"] == "dir/file"


def test_detached_heads(run: Run, repo: Repository, tmp_path: Path, new_key: Callable[[], str]) -> None:
    own, linked = new_key(), new_key()
    base = repo.commit_file("x", "x")
    repo.git("checkout", "-q", "--detach")
    mine = repo.commit_file("a", own)
    other = tmp_path / "linked"
    repo.git("worktree", "add", "-q", "--detach", str(other), base)
    (other / "b").write_text(linked)
    repo.git("add", "b", cwd=other)
    repo.git("commit", "-q", "-m", "b", cwd=other)
    theirs = repo.git("rev-parse", "HEAD", cwd=other)
    for path in (repo.path, other, repo.git_dir):
        result = run("history", path)
        assert (result.one(own)["state"], result.one(own)["refs"]) == ("present", ["HEAD"])
        assert (result.one(linked)["state"], result.one(linked)["refs"]) == ("present", ["worktrees/linked/HEAD"])
        assert result.one(own)["introduced"]["id"] == mine
        assert result.one(linked)["introduced"]["id"] == theirs


def test_blob_that_is_only_staged(repo: Repository, run: Run, key: str) -> None:
    repo.commit_file("a", "nothing\n")
    (repo.path / "b").write_text(f"K={key}\n")
    repo.git("add", "b")
    found = run("history", repo.path).one(key)
    assert (found["state"], found["path"], found["introduced"]) == ("staged", "b", None)


def test_a_commit_that_was_taken_back_stays_staged(repo: Repository, run: Run, key: str) -> None:
    repo.commit_file("a", "nothing\n")
    leak = repo.commit_file("b", f"K={key}\n")
    repo.git("reset", "-q", "--soft", "HEAD~1")
    result = run("history", repo.path)
    (credential,) = result.json["credentials"]
    staged, left = credential["occurrences"]
    assert (credential["state"], result.complete) == ("staged", True)
    assert (staged["state"], staged["path"], staged["introduced"], staged["line"]) == ("staged", "b", None, 1)
    assert (left["state"], left["state_reason"], left["introduced"]["id"]) == ("unreachable", "reflog", leak)
    assert "nothing has leaked" not in " ".join(credential["remediation"]["steps"])


def test_what_was_committed_has_leaked_whatever_version_is_staged(repo: Repository, run: Run, key: str) -> None:
    repo.commit_file("b", f"K={key}\n")
    removed = repo.remove("b")
    repo.write("b", f"K={key}\nmore\n")
    repo.git("add", "b")
    result = run("history", repo.path)
    staged, gone = result.found(key)
    assert (staged["state"], staged["path"], staged["introduced"], staged["removed"]) == ("staged", "b", None, None)
    assert (gone["state"], gone["path"], gone["removed"]["id"]) == ("removed", "b", removed)
    assert "nothing has leaked" not in " ".join(result.json["credentials"][0]["remediation"]["steps"])
