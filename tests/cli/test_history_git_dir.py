"""Credentials in the git directory's own files, and Git LFS."""

from __future__ import annotations

import hashlib
from socket import AF_UNIX, socket
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Run
    from tests.repositories import Repository


def pointer(content: bytes) -> str:
    """Return a Git LFS pointer to that content."""
    digest = hashlib.sha256(content).hexdigest()
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize {len(content)}\n"


def test_configuration(run: Run, repo: Repository, token: str) -> None:
    repo.commit()
    repo.git("remote", "add", "origin", f"https://user:{token}@example.org/x.git")
    result = run("history", repo.path)
    found = result.one(token)
    assert (found["place"], found["path"], found["state"], found["object"]) == ("git_dir", "config", "present", None)
    assert found["line"] == (repo.git_dir / "config").read_text().split(token)[0].count("\n") + 1
    assert result.json["scan"]["targets"][0]["remote"] == "https://example.org/x.git"


@pytest.mark.parametrize(
    "path",
    ["hooks/pre-commit", "info/exclude", "description", "FETCH_HEAD", "rebase-merge/message", "logs/refs/heads/index"],
)
def test_file(run: Run, repo: Repository, key: str, path: str) -> None:
    repo.commit()
    file = repo.git_dir / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#\nx {key}\n")
    found = run("history", repo.path).one(key)
    assert (found["place"], found["path"], found["line"], found["column"]) == ("git_dir", path, 2, 3)


def test_commit_message_and_reflog_of_a_commit_that_was_amended(run: Run, repo: Repository, key: str) -> None:
    repo.commit(f"Note {key}")
    repo.git("commit", "-q", "--allow-empty", "--amend", "-m", "Note")
    found = {(one["place"], one["path"]) for one in run("history", repo.path).found(key)}
    assert found == {("commit_message", None), ("git_dir", "logs/HEAD"), ("git_dir", "logs/refs/heads/main")}


def test_message_that_was_never_committed(run: Run, repo: Repository, key: str) -> None:
    (repo.git_dir / "COMMIT_EDITMSG").write_text(f"Note {key}\n")
    result = run("history", repo.path)
    assert (result.code, result.one(key)["path"]) == (1, "COMMIT_EDITMSG")


def test_name_of_a_file(run: Run, repo: Repository, key: str) -> None:
    repo.commit()
    (repo.git_dir / "hooks").mkdir(exist_ok=True)
    for name in ("file", "directory"):
        if name == "file":
            (repo.git_dir / "hooks" / key).write_text("x")
        else:
            (repo.git_dir / "hooks" / key).unlink()
            (repo.git_dir / "hooks" / key).mkdir()
        found = run("history", repo.path).one(key)
        assert (found["place"], found["line"], found["offset"]) == ("git_dir", None, len("hooks/"))


def test_linked_work_trees_files(run: Run, repo: Repository, tmp_path: Path, key: str) -> None:
    repo.commit()
    repo.git("worktree", "add", "-q", str(tmp_path / "linked"))
    (repo.git_dir / "worktrees/linked/COMMIT_EDITMSG").write_text(key)
    assert run("history", tmp_path / "linked").one(key)["path"] == "worktrees/linked/COMMIT_EDITMSG"


def test_sockets_and_links_are_left_out(
    run: Run, repo: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    repo.commit()
    (tmp_path / "outside").write_text(key)
    (repo.git_dir / "link").symlink_to(tmp_path / "outside")
    with socket(AF_UNIX) as daemon:
        monkeypatch.chdir(repo.git_dir)  # a socket's path may not be long
        daemon.bind("fsmonitor--daemon.ipc")
        result = run("history", repo.path)
    assert (result.code, result.complete, result.found(key)) == (0, True, [])
    assert (result.excluded["symlink"], result.excluded["special_file"]) == (1, 1)


def test_local_lfs_object(run: Run, repo: Repository, key: str) -> None:
    content = f"model {key}\n".encode()
    digest = hashlib.sha256(content).hexdigest()
    repo.commit_file("model.bin", pointer(content))
    repo.git_dir.joinpath("lfs/objects", digest[:2], digest[2:4]).mkdir(parents=True)
    file = repo.git_dir / "lfs/objects" / digest[:2] / digest[2:4] / digest
    file.write_bytes(content)
    result = run("history", repo.path)
    assert result.complete
    assert result.one(key)["path"] == str(file.relative_to(repo.git_dir))


def test_lfs_pointer_without_its_object(run: Run, repo: Repository) -> None:
    repo.commit_file("model.bin", pointer(b"x"))
    result = run("history", repo.path)
    assert result.code == 3
    assert [(skip["item"], "git lfs fetch" in skip["reason"]) for skip in result.skipped] == [
        (repo.id("HEAD:model.bin"), True)
    ]
    assert run("history", "--range", "..", repo.path).code == 0


def test_broken_settings_that_git_accepts(run: Run, repo: Repository, new_key: Callable[[], str]) -> None:
    secret = new_key()
    repo.commit_file("a", secret)
    config = repo.git_dir / "config"
    config.write_bytes(
        config.read_bytes() + b'[core]\n\tbareword\n[x "caf\xe9"]\n\ty = \xff\xfe\n[remote "o"]\n\turl = [::\n'
    )
    result = run("history", repo.path)
    assert (result.code, result.one(secret)["path"]) == (1, "a")


def test_git_directory_that_names_another(run: Run, repo: Repository, tmp_path: Path, key: str) -> None:
    """A ``.git`` file is followed, as git does; one that names nothing useful is no repository."""
    repo.commit_file("b", key)
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "a").write_text(key)
    for content in (b"gitdir: /nowhere\n", b"gitdir: \n", b"\xff\0", b"gitdir: " + b"x" * 10_000):
        (tree / ".git").write_bytes(content)
        assert run("scan", ".", cwd=tree).code == 1
        assert run("history", ".", cwd=tree).code == 2
    (tree / ".git").write_text(f"gitdir: {repo.git_dir}\n")
    assert run("history", ".", cwd=tree).digests == run("history", ".", cwd=repo.path).digests


def test_shallow_file_hides_nothing(run: Run, repo: Repository, key: str) -> None:
    repo.commit_file("a", key)
    repo.remove("a")
    before = run("history", cwd=repo.path)
    repo.write(".git/shallow", repo.id("HEAD") + "\n")
    after = run("history", cwd=repo.path)
    assert after.digests == before.digests
    assert not after.complete
