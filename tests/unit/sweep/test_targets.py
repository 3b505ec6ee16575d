"""What words name: found by walking over real repositories."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from akpatrol.errors import UsageError
from akpatrol.model.scan import Skipped, Target
from akpatrol.sweep.targets import resolve
from akpatrol.sweep.urls import CloneWanted
from tests.repositories import Repository

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def top(tmp_path: Path) -> Path:
    directory = tmp_path / "top"
    directory.mkdir()
    return directory


def _found(*words: str | Path) -> list[tuple[str, str]]:
    """Return kinds and roots, and see that nothing is left out and that the numbers count up."""
    planned = list(resolve([str(word) for word in words]))
    targets = [one for one in planned if isinstance(one, Target)]
    assert planned == targets
    assert [one.id for one in targets] == [str(number) for number in range(len(targets))]
    return [(one.kind, one.root) for one in targets]


def _skipped(*words: str | Path) -> list[Skipped]:
    return [one for one in resolve([str(word) for word in words]) if isinstance(one, Skipped)]


def _repository(path: Path, *init: str) -> Repository:
    made = Repository(path, *init)
    if "--bare" not in init:
        made.commit_file("file", "x\n")
    return made


def test_a_repository_is_its_history_and_its_files(top: Path) -> None:
    _repository(top)
    assert _found(top) == [("repository", str(top)), ("directory", str(top))]
    (history, files) = resolve([str(top)])
    assert history == Target("0", "repository", str(top), base=str(top))
    assert files == Target("1", "directory", str(top), base=str(top))


def test_a_bare_repository_is_its_history_alone(top: Path) -> None:
    _repository(top, "--bare")
    assert _found(top) == [("repository", str(top))]


def test_a_git_directory_is_its_repository(top: Path) -> None:
    _repository(top)
    assert _found(top / ".git") == [("repository", str(top))]


def test_every_repository_beneath_a_directory_and_its_files_once(top: Path) -> None:
    _repository(top / "a")
    _repository(top / "a" / "vendor" / "deep")
    _repository(top / "b.git", "--bare")
    _repository(top / "c" / "d" / "e" / "f.git", "--bare")
    (top / "plain").mkdir()
    wanted = ["a", "a/vendor/deep", "b.git", "c/d/e/f.git"]
    assert _found(top) == [*(("repository", str(top / name)) for name in wanted), ("directory", str(top))]


def test_a_subdirectory_of_a_repository_is_its_own_files(repo: Repository) -> None:
    repo.commit_file("src/file", "x\n")
    (only,) = resolve([str(repo.path / "src")])
    assert only == Target("0", "directory", str(repo.path / "src"), base=str(repo.path))


def test_files(top: Path) -> None:
    (top / "app.log").touch()
    assert _found(top / "app.log") == [("file", str(top / "app.log"))]


def test_targets_are_numbered_from_where_one_wants(top: Path) -> None:
    (only,) = resolve([str(top)], first=7)
    assert isinstance(only, Target)
    assert only.id == "7"


def test_each_thing_once_however_it_is_named(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _repository(top / "a")
    (top / "log").touch()
    (top.parent / "link").symlink_to(top)
    monkeypatch.chdir(top)
    found = _found(".", top, "a/..", top.parent / "link", "log", top / "log")
    assert found == [("repository", str(top / "a")), ("directory", str(top)), ("file", str(top / "log"))]
    url = "https://forge.example/a"
    assert list(resolve([url, url])) == [CloneWanted(url)]


def test_linked_work_trees_are_one_repository(top: Path) -> None:
    main = _repository(top / "main")
    main.git("worktree", "add", "-q", str(top / "a-linked"))
    assert _found(top) == [("repository", str(top / "main")), ("directory", str(top))]


def test_a_linked_work_tree_whose_repository_lies_elsewhere(top: Path, tmp_path: Path) -> None:
    main = _repository(tmp_path / "elsewhere")
    main.git("worktree", "add", "-q", str(top / "linked"))
    assert _found(top) == [("repository", str(main.path)), ("directory", str(top))]
    assert _found(top / "linked") == [("repository", str(top / "linked")), ("directory", str(top / "linked"))]


def test_work_trees_kept_in_a_bare_repository_have_their_files_read(top: Path) -> None:
    source = _repository(top.parent / "source")
    source.git("clone", "-q", "--bare", str(source.path), str(top / "bare"))
    source.git("worktree", "add", "-q", str(top / "bare" / "tree"), "main", cwd=top / "bare")
    assert set(_found(top)) == {
        ("repository", str(top / "bare")),
        ("directory", str(top)),
        ("directory", str(top / "bare" / "tree")),
    }


def _with_submodule(top: Path) -> tuple[Repository, Path]:
    library = _repository(top.parent / "library")
    outer = _repository(top)
    outer.git("submodule", "--quiet", "add", f"file://{library.path}", "lib/sub")
    outer.commit()
    return outer, top / "lib" / "sub"


def test_a_submodule_is_a_repository_known_by_its_work_tree(top: Path) -> None:
    _, inner = _with_submodule(top)
    assert _found(top) == [("repository", str(top)), ("repository", str(inner)), ("directory", str(top))]
    assert _found(inner) == [("repository", str(inner)), ("directory", str(inner))]


def test_a_submodule_without_its_work_tree(top: Path) -> None:
    outer, inner = _with_submodule(top)
    outer.git("submodule", "--quiet", "deinit", "-f", "lib/sub")
    assert not list(inner.iterdir())
    modules = top / ".git" / "modules" / "lib" / "sub"
    assert _found(top) == [("repository", str(top)), ("repository", str(modules)), ("directory", str(top))]


def test_symbolic_links_are_not_followed(top: Path, tmp_path: Path) -> None:
    _repository(tmp_path / "elsewhere")
    (top / "loop").symlink_to(".")
    (top / "up").symlink_to("..")
    (top / "away").symlink_to(tmp_path / "elsewhere")
    assert _found(top) == [("directory", str(top))]


@pytest.mark.parametrize("how", ["file", "link"])
def test_a_tree_cannot_have_another_repository_read(top: Path, tmp_path: Path, how: str) -> None:
    private = _repository(tmp_path / "private")
    (top / "trap").mkdir()
    if how == "file":
        (top / "trap" / ".git").write_text(f"gitdir: {private.path}/.git\n")
    else:
        (top / "trap" / ".git").symlink_to(private.path / ".git")
    (skip,) = _skipped(top)
    assert skip.item == str(top / "trap")
    assert "is elsewhere" in skip.reason
    assert Target("0", "directory", str(top)) in list(resolve([str(top)]))


def test_a_forged_linked_work_tree_cannot_have_another_repository_read(top: Path, tmp_path: Path) -> None:
    private = _repository(tmp_path / "private")
    admin = top / "admin" / "worktrees" / "x"
    admin.mkdir(parents=True)
    (admin / "HEAD").write_text("ref: refs/heads/main\n")
    (admin / "commondir").write_text(f"{private.path}/.git\n")
    (admin / "gitdir").write_text(f"{top}/trap/.git\n")
    (top / "trap").mkdir()
    (top / "trap" / ".git").write_text(f"gitdir: {admin}\n")
    assert [skip.item for skip in _skipped(top)] == [str(top / "trap")]
    assert str(private.path) not in {one.root for one in resolve([str(top)]) if isinstance(one, Target)}


@pytest.mark.parametrize("how", ["pointer", "damaged", "dangling"])
def test_a_repository_that_is_none_is_told(top: Path, how: str) -> None:
    inner = _repository(top / "inner")
    if how == "damaged":
        (inner.path / ".git" / "HEAD").unlink()
    else:
        inner.git_dir.rename(top.parent / "away")
        if how == "pointer":
            (inner.path / ".git").write_text("gitdir: ../.git/modules/inner\n")
        else:
            (inner.path / ".git").symlink_to("nowhere")
    assert _skipped(top) == [
        Skipped(str(inner.path), "its .git is neither a readable git directory nor names one"),
    ]


def test_a_directory_that_is_only_called_git_is_no_repository(top: Path) -> None:
    (top / "a" / ".git").mkdir(parents=True)
    (top / "a" / ".git" / "notes").touch()
    assert _found(top) == [("directory", str(top))]


def test_a_directory_that_cannot_be_listed_is_told(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (top / "closed").mkdir()
    real = os.scandir

    def scandir(path: bytes) -> object:
        if path.endswith(b"closed"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    _repository(top / "open")
    monkeypatch.setattr(os, "scandir", scandir)
    planned = list(resolve([str(top)]))
    assert planned[0] == Skipped(str(top / "closed"), "not searched for repositories: Permission denied")
    assert [one.kind for one in planned[1:] if isinstance(one, Target)] == ["repository", "directory"]


def test_names_that_are_not_utf8(top: Path) -> None:
    path = os.fsencode(top) + b"/\xff\xfe"
    os.mkdir(path)
    Repository(top / os.fsdecode(b"\xff\xfe"), "--bare")
    assert _found(top) == [("repository", os.fsdecode(path)), ("directory", str(top))]


def test_lists(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _repository(top / "a b")
    (top / "list").write_bytes(
        b"\xef\xbb\xbf# targets\r\n\r\n  a b\r\nhttps://forge.example/a.git\n"
        b"missing\nfile:///srv/repo\n-\n#a\ngit@forge.example:b\n"
    )
    monkeypatch.chdir(top)
    planned = list(resolve(["@list"]))
    assert [one for one in planned if not isinstance(one, Skipped)] == [
        Target("0", "repository", str(top / "a b"), base=str(top / "a b")),
        Target("1", "directory", str(top / "a b"), base=str(top / "a b")),
        CloneWanted("https://forge.example/a.git"),
        CloneWanted("git@forge.example:b"),
    ]
    skips = {one.item: one.reason for one in planned if isinstance(one, Skipped)}
    assert set(skips) == {"missing", "file:///srv/repo", "-"}
    assert skips["missing"] == "in list, line 5: missing: No such file or directory"


def test_a_password_in_a_list_is_not_shown(top: Path, token: str) -> None:
    (top / "list").write_text(f"https://user:{token}@forge.example/a\nuser:{token}@forge.example/a\n")
    skips = _skipped(f"@{top}/list")
    assert len(skips) == 2
    assert token not in str(skips)


def test_words_that_cannot_be_used(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(top)
    os.mkfifo(top / "fifo")
    (top / "outer").write_text("@other\n")
    for word in ("", "-", "--x", "missing", "fifo", "a\0b", "@", "@missing", "@.", "@outer", "file:///x", "ext::x"):
        with pytest.raises(UsageError):
            resolve([".", word])


def test_a_file_whose_name_looks_like_an_address(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (top / "git@forge.example:log").touch()
    monkeypatch.chdir(top)
    assert _found("git@forge.example:log") == [("file", str(top / "git@forge.example:log"))]
