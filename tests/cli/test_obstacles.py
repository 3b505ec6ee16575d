"""Special files where git expects a file cost no time and no finding, and are reported by name."""

from __future__ import annotations

import os
import shutil
from itertools import cycle
from random import Random
from typing import TYPE_CHECKING

import pytest

from tests.credentials import organization_key
from tests.repositories import Repository

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Run

NAMES = (
    "HEAD",
    "config",
    "index",
    "packed-refs",
    "shallow",
    "FETCH_HEAD",
    "refs/heads/main",
    "refs/heads/other",
    "refs/stash",
    "refs/tags/x/y",
    "logs/HEAD",
    "logs/refs/heads/main",
    "info/exclude",
    "info/attributes",
    "hooks/pre-commit",
    "objects/info/alternates",
    "objects/info/commit-graph",
    "objects/pack/multi-pack-index",
    "objects/pack/pack-x.pack",
    "objects/pack/pack-x.idx",
    "objects/pack/pack-x.keep",
    "objects/00/" + "0" * 38,
    "worktrees/linked/HEAD",
    "worktrees/linked/logs/HEAD",
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A repository with a credential in a commit, in a pack, in a stash and in another one's objects."""
    rng, top = Random("obstacles"), tmp_path_factory.mktemp("built")
    other = Repository(top / "other")
    other.commit_file("lent", organization_key(rng))
    repo = other.clone(top / "repo", "--shared", source=str(other.path))
    repo.git("config", "user.name", "x")
    repo.commit_file("packed", organization_key(rng))
    repo.git("repack", "-q", "-d", "-l")
    repo.git("pack-refs", "--all")
    repo.commit_file("loose", organization_key(rng))
    repo.write("loose", organization_key(rng))
    repo.git("stash", "-q")
    repo.git("worktree", "add", "-q", str(top / "linked"))
    return repo


@pytest.fixture
def copied(built: Repository, tmp_path: Path) -> Repository:
    shutil.copytree(built.path.parent, tmp_path / "all", symlinks=True)
    repo = Repository(tmp_path / "all/repo")
    alternates = repo.git_dir / "objects/info/alternates"
    alternates.write_text(f"{tmp_path}/all/other/.git/objects\n")
    return repo


def _fifo(file: Path) -> None:
    os.mkfifo(file)


def _device(file: Path) -> None:
    file.symlink_to("/dev/zero")


def _put(repo: Repository, name: str, what: Callable[[Path], None]) -> None:
    file = repo.git_dir / name
    file.unlink(missing_ok=True)
    file.parent.mkdir(parents=True, exist_ok=True)
    what(file)


@pytest.mark.parametrize(("name", "what"), [*zip(NAMES, cycle([_fifo, _device]))])
def test_one_in_the_way(run: Run, copied: Repository, name: str, what: Callable[[Path], None]) -> None:
    _put(copied, name, what)
    result = run("history", copied.path)
    reasons = {skip["item"]: skip["reason"] for skip in result.skipped}
    assert "not a regular file" in reasons[name]
    assert len(result.json["credentials"]) == (3 if name == "objects/info/alternates" else 4)
    assert not result.complete


def test_many_at_once(run: Run, copied: Repository) -> None:
    for number, name in enumerate(NAMES):
        _put(copied, name, _device if number % 2 else _fifo)
    result = run("history", copied.path)
    assert set(NAMES) <= {skip["item"] for skip in result.skipped}
    assert len(result.json["credentials"]) == 3


@pytest.mark.parametrize("where", ["objects/pack/pack-x.idx", "objects/info/alternates", "objects/00"])
def test_in_an_alternate(run: Run, copied: Repository, where: str) -> None:
    lent = Repository(copied.path.parent / "other")
    _put(lent, where, _fifo)
    result = run("history", copied.path)
    assert len(result.json["credentials"]) == 4
    assert [skip["item"] for skip in result.skipped] == [str(lent.git_dir / where)]


@pytest.mark.parametrize("command", [("staged",), ("history", "--range", "HEAD~1.."), ("scan", "--tracked")])
@pytest.mark.parametrize("name", ["index", "refs/heads/other", "objects/pack/pack-x.idx"])
def test_other_commands(run: Run, copied: Repository, command: tuple[str, ...], name: str) -> None:
    _put(copied, name, _fifo)
    result = run(*command, cwd=copied.path)
    assert name in [skip["item"] for skip in result.skipped]
    assert result.code == (3 if command == ("staged",) else 1)


@pytest.mark.parametrize(
    "command", [("history",), ("history", "--range", "HEAD~1.."), ("history", "--range", "auto"), ("sweep",)]
)
@pytest.mark.parametrize("where", ["refs/heads", "refs/remotes/origin", "refs/tags/deep"])
def test_a_ref_whose_name_git_refuses_is_named_and_the_rest_is_read(
    run: Run, copied: Repository, tmp_path: Path, command: tuple[str, ...], where: str
) -> None:
    (copied.git_dir / where).mkdir(parents=True, exist_ok=True)
    (copied.git_dir / where / "main 2").write_text(copied.id("HEAD"))
    more = ("--store", str(tmp_path / "store"), str(copied.path)) if command == ("sweep",) else ()
    result = run(*command, *more, cwd=copied.path)
    skips = [(skip["item"].endswith(f"{where}/main 2"), skip["reason"]) for skip in result.skipped]
    assert skips == [(True, "git refuses the name of this ref and stops at it: rename the file or remove it")]
    assert result.code == 1


@pytest.mark.parametrize("options", [(), ("--range", "HEAD~1.."), ("--range", "auto")])
def test_a_ref_whose_name_git_refuses_is_not_nothing(run: Run, repo: Repository, options: tuple[str, ...]) -> None:
    repo.commit()
    (repo.git_dir / "refs/heads/main 2").write_text(repo.commit())
    assert run("history", *options, cwd=repo.path).code == 3


@pytest.mark.parametrize("command", [("staged",), ("scan", "--tracked")])
def test_a_ref_whose_name_git_refuses_is_nothing_to_a_commit(
    run: Run, repo: Repository, command: tuple[str, ...]
) -> None:
    repo.commit_file("f", "x")
    (repo.git_dir / "refs/heads/main 2").write_text(repo.id("HEAD"))
    repo.commit_file("g", "x")
    result = run(*command, cwd=repo.path)
    assert (result.code, result.skipped) == (0, [])


def test_in_a_linked_work_tree(run: Run, copied: Repository) -> None:
    """Its git directory is another one and leads to the common one by itself."""
    linked = copied.path.parent / "linked"
    (linked / ".git").write_text(f"gitdir: {copied.git_dir}/worktrees/linked\n")
    (linked / "added").write_text(key := organization_key(Random("linked")))
    copied.git("add", "added", cwd=linked)
    _put(copied, "refs/heads/other", _fifo)
    result = run("staged", cwd=linked)
    assert ([skip["item"] for skip in result.skipped], bool(result.found(key))) == (["refs/heads/other"], True)


@pytest.mark.parametrize("content", ["", "\0" * 23, "nonsense", "ref: nowhere"])
def test_head_that_is_none(run: Run, copied: Repository, content: str) -> None:
    (copied.git_dir / "HEAD").write_text(content)
    result = run("history", copied.path)
    assert (len(result.json["credentials"]), [skip["item"] for skip in result.skipped]) == (4, ["HEAD"])


@pytest.mark.parametrize("name", ["HEAD", "config", "packed-refs", "refs/heads/main", "logs/HEAD", "refs/heads/circle"])
def test_link_that_leads_out(run: Run, copied: Repository, tmp_path: Path, name: str) -> None:
    """git is not led to files elsewhere, nor in circles."""
    target = tmp_path / "outside"
    if name.endswith("circle"):
        target = copied.git_dir
    else:
        shutil.copy(copied.git_dir / name, target)
    _put(copied, name, lambda file: file.symlink_to(target))
    result = run("history", copied.path)
    assert (len(result.json["credentials"]), name in {skip["item"] for skip in result.skipped}) == (4, True)


def test_links_between_git_directories(run: Run, copied: Repository, tmp_path: Path) -> None:
    """As git-new-workdir makes them: https://github.com/git/git/blob/master/contrib/workdir/git-new-workdir."""
    directory = tmp_path / "workdir/.git"
    (directory / "logs").mkdir(parents=True)
    for name in ("config", "refs", "logs/refs", "objects", "info", "hooks", "packed-refs"):
        (directory / name).symlink_to(copied.git_dir / name)
    shutil.copy(copied.git_dir / "HEAD", directory)
    result = run("history", tmp_path / "workdir")
    assert (len(result.json["credentials"]), result.complete) == (4, True)


def test_stand_in_goes_away(run: Run, copied: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    _put(copied, "refs/heads/other", _fifo)
    before = sorted(copied.git_dir.rglob("*"))
    assert run("history", copied.path).code == 1
    assert not os.listdir(tmp_path / "temporary")
    assert sorted(copied.git_dir.rglob("*")) == before
