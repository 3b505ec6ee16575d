"""Files inside repositories: what git ignores or tracks, and the histories that are left to another command."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.program import execute
from tests.repositories import Repository

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Result, Run

    NewKey = Callable[[], str]


def _state(result: Result, key: str) -> str:
    state: str = result.one(key)["state"]
    return state


def test_ignored_file(run: Run, repo: Repository, new_key: NewKey) -> None:
    """An ignored file is the right place; a tracked file that matches a pattern is not ignored."""
    ignored, tracked, plain = new_key(), new_key(), new_key()
    repo.write("forced.env", tracked)
    repo.commit()
    repo.write(".gitignore", "*.env\nsecrets/\n")
    repo.write("a.env", ignored)
    repo.write("secrets/deep/x", ignored)
    repo.write("plain", plain)
    result = run("scan", repo.path)
    assert [found["state"] for found in result.found(ignored)] == ["ignored", "ignored"]
    assert _state(result, tracked) == "worktree"
    assert _state(result, plain) == "worktree"
    assert result.code == 1


def test_ignored_by_a_subdirectory_and_by_the_exclude_file(run: Run, repo: Repository, new_key: NewKey) -> None:
    nested, excluded, negated = new_key(), new_key(), new_key()
    repo.write("sub/.gitignore", "*.env\n!keep.env\n")
    repo.write("sub/a.env", nested)
    repo.write("sub/keep.env", negated)
    (repo.git_dir / "info").mkdir(exist_ok=True)
    (repo.git_dir / "info" / "exclude").write_text("local\n")
    repo.write("local", excluded)
    result = run("scan", repo.path / "sub")
    assert (_state(result, nested), _state(result, negated)) == ("ignored", "worktree")
    assert _state(run("scan", repo.path / "local"), excluded) == "ignored"


def test_global_ignore_file_has_no_say(run: Run, repo: Repository, key: str, tmp_path: Path) -> None:
    """A person's own ignore file protects that person's commits only."""
    (tmp_path / "ignore").write_text("*.env\n")
    (tmp_path / "config").write_text(f"[core]\n\texcludesFile = {tmp_path / 'ignore'}\n")
    repo.write("a.env", key)
    assert _state(run("scan", repo.path, GIT_CONFIG_GLOBAL=str(tmp_path / "config")), key) == "worktree"


def test_nested_repository_judges_its_own_files(run: Run, repo: Repository, new_key: NewKey) -> None:
    inner = Repository(repo.path / "inner")
    by_inner, by_outer = new_key(), new_key()
    repo.write(".gitignore", "b.env\n")
    inner.write(".gitignore", "a.env\n")
    inner.write("a.env", by_inner)
    inner.write("b.env", by_outer)
    result = run("scan", repo.path)
    assert (_state(result, by_inner), _state(result, by_outer)) == ("ignored", "worktree")


def test_submodule_judges_its_own_files(run: Run, repo: Repository, key: str, tmp_path: Path) -> None:
    library = Repository(tmp_path / "library")
    library.commit_file(".gitignore", "*.env\n")
    repo.git("submodule", "add", "-q", str(library.path), "lib")
    repo.commit()
    (repo.path / "lib" / "a.env").write_text(key)
    result = run("scan", repo.path)
    assert _state(result, key) == "ignored"
    histories = result.json["summary"]["histories_not_read"]
    assert sorted(histories) == sorted([str(repo.path), str(repo.path / "lib")])


@pytest.mark.parametrize("name", [b"line\nbreak.env", b"caf\xe9.env", b" .env", b"*.env"], ids=ascii)
def test_ignored_under_an_odd_name(run: Run, repo: Repository, key: str, name: bytes) -> None:
    repo.write(".gitignore", "*.env\n")
    repo.write(name, key)
    assert _state(run("scan", repo.path), key) == "ignored"


def test_hostile_configuration_does_not_run(repo: Repository, key: str, tmp_path: Path) -> None:
    canary = tmp_path / "ran"
    for setting in ("core.fsmonitor", "core.sshCommand", "core.pager", "diff.external", "alias.check-ignore"):
        repo.git("config", setting, f"touch {canary}; false")
    repo.git("config", "core.excludesFile", "/dev/tty")
    repo.write("f", key)
    assert execute("scan", repo.path).code == 1
    assert execute("scan", "--tracked", repo.path).code == 1
    assert not canary.exists()


def test_git_directories_are_left_to_history(run: Run, repo: Repository, key: str) -> None:
    Repository(repo.path / "nested")
    Repository(repo.path / "bare.git", "--bare")
    repo.write("f", "clean\n")
    for directory in (repo.git_dir, repo.path / "nested" / ".git", repo.path / "bare.git"):
        (directory / "description").write_text(key)
    result = run("scan", repo.path)
    assert (result.code, result.excluded["git_directory"]) == (0, 3)
    names = ("", "nested", "bare.git")
    assert sorted(result.json["summary"]["histories_not_read"]) == sorted(str(repo.path / name) for name in names)


def test_hint_names_a_linked_work_tree(run: Run, repo: Repository, tmp_path: Path) -> None:
    repo.commit_file("f", "x\n")
    repo.git("worktree", "add", "-q", str(tmp_path / "linked"))
    result = run("scan", tmp_path / "linked")
    assert result.json["summary"]["histories_not_read"] == [str(tmp_path / "linked")]


def test_a_directory_only_called_git_is_read(run: Run, tmp_path: Path, key: str) -> None:
    """What ``history`` would refuse must not be left out here."""
    (tmp_path / "x" / ".git").mkdir(parents=True)
    (tmp_path / "x" / ".git" / "notes").write_text(key)
    result = run("scan", tmp_path)
    assert result.one(key)["path"] == "x/.git/notes"
    assert result.json["summary"]["histories_not_read"] == []


def test_named_git_directory_is_read_and_named_in_the_hint(run: Run, repo: Repository, key: str) -> None:
    (repo.git_dir / "description").write_text(key)
    result = run("scan", repo.git_dir)
    assert result.one(key)["path"] == "description"
    assert result.json["summary"]["histories_not_read"] == [str(repo.git_dir)]


def test_tracked(run: Run, repo: Repository, new_key: NewKey, tmp_path: Path) -> None:
    tracked, untracked, ignored, forced, gone, foreign = (new_key() for _ in range(6))
    library = Repository(tmp_path / "library")
    library.commit_file("f", foreign)
    repo.git("submodule", "add", "-q", str(library.path), "lib")
    repo.write("deleted", gone)
    repo.write("forced.env", forced)
    repo.write("dir/tracked", tracked)
    repo.commit()
    (repo.path / "deleted").unlink()
    repo.write(".gitignore", "*.env\n")
    repo.write("a.env", ignored)
    repo.write("new file", untracked)
    (repo.path / "link").symlink_to("a.env")
    result = run("scan", "--tracked", repo.path)
    assert {result.one(key)["state"] for key in (tracked, untracked, forced)} == {"worktree"}
    assert not any(result.found(key) for key in (ignored, gone, foreign))
    assert result.excluded == {"submodule": 1, "deleted": 1, "symlink": 1}
    assert result.complete


def test_tracked_below_the_root(run: Run, repo: Repository, new_key: NewKey) -> None:
    inside, outside = new_key(), new_key()
    repo.write("sub/f", inside)
    repo.write("f", outside)
    result = run("scan", "--tracked", "sub", cwd=repo.path)
    assert result.one(inside)["path"] == "f"
    assert not result.found(outside)


def test_tracked_with_exclude(run: Run, repo: Repository, key: str) -> None:
    repo.write("a/f", key)
    repo.write("b", "x")
    result = run("scan", "--tracked", repo.path, "--exclude", "a/")
    assert (result.code, result.excluded) == (0, {"exclude_option": 1})


def test_tracked_does_not_follow_a_directory_that_became_a_link(
    run: Run, repo: Repository, key: str, tmp_path: Path
) -> None:
    """The index still lists files below it; reading them would lead out of the tree."""
    repo.commit_file("dir/f", "clean\n")
    (repo.path / "dir" / "f").unlink()
    (repo.path / "dir").rmdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "f").write_text(key)
    (repo.path / "dir").symlink_to(tmp_path / "outside")
    assert not run("scan", "--tracked", repo.path).found(key)


@pytest.mark.parametrize("first", [False, True])
def test_tracked_outside_a_repository(run: Run, repo: Repository, key: str, tmp_path: Path, *, first: bool) -> None:
    """It is said before anything is scanned, whichever path it is."""
    (tmp_path / "outside").mkdir()
    repo.write("f", key)
    paths = [repo.path, tmp_path / "outside"]
    result = run("scan", "--tracked", *(paths[::-1] if first else paths))
    assert (result.code, result.json) == (2, {})
    assert "outside" in result.err
    assert "--tracked" in result.err


def test_tracked_with_a_corrupt_index(run: Run, repo: Repository, key: str) -> None:
    repo.commit_file("f", key)
    (repo.git_dir / "index").write_bytes(b"no index")
    result = run("scan", "--tracked", repo.path)
    assert result.code == 3
    assert "index" in str(result.skipped)
