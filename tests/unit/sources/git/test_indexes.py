"""What is staged in the main work tree and in linked ones, and indexes that cannot be read."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from akpatrol.model.scan import State
from akpatrol.sources.git.indexes import Indexes
from tests.objects import git_of
from tests.repositories import Repository, canary_program, damage
from tests.tracing import traced_places

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.conftest import Run


@pytest.fixture
def repo(tmp_path: Path, request: pytest.FixtureRequest) -> Repository:
    """A repository with a commit, its linked work tree ``linked``, and a file staged there."""
    made = Repository(tmp_path / "repo", f"--object-format={getattr(request, 'param', 'sha1')}")
    made.commit_file("base", "base")
    made.git("worktree", "add", "-q", "--detach", str(tmp_path / "linked"))
    stage(made, "sub/f", "x")
    return made


def stage(repo: Repository, path: str, content: str) -> None:
    linked = repo.path.parent / "linked"
    (linked / path).parent.mkdir(exist_ok=True)
    (linked / path).write_text(content)
    repo.git("add", path, cwd=linked)


def index(repo: Repository) -> Path:
    return repo.git_dir / "worktrees/linked/index"


def staged(repo: Repository, *contents: str, branches: tuple[str, ...] = ()) -> Mapping[str, set[bytes]]:
    """Return the paths of these blobs in the indexes, and assert that each index was read."""
    indexes = Indexes(git_of(repo))
    ids = {repo.blob(content): content for content in contents}
    found = indexes.staged(ids, {repo.blob(content) for content in branches})
    assert not indexes.skips
    return {ids[id_]: history.paths for id_, history in found.items()}


@pytest.mark.parametrize("repo", ["sha1", "sha256"], indirect=True)
def test_each_work_tree_has_an_index_and_a_head_of_its_own(repo: Repository) -> None:
    assert staged(repo, "x", "y") == {"x": {b"sub/f"}}
    repo.write("g", "x")
    repo.write("h", "y")
    repo.git("add", "-A")
    assert staged(repo, "x", "y") == {"x": {b"sub/f", b"g"}, "y": {b"h"}}
    repo.git("commit", "-q", "-m", "both", cwd=repo.path)
    assert staged(repo, "x", "y", branches=("x", "y")) == {"x": {b"sub/f"}}
    assert [found.state for found in traced_places(repo, repo.blob("x"))] == [State.STAGED, State.PRESENT]
    repo.git("commit", "-q", "-m", "there", cwd=repo.path.parent / "linked")
    assert staged(repo, "x", "y", branches=("x", "y")) == {}


def test_a_linked_work_tree_and_one_that_was_removed_are_asked_like_the_main_one(repo: Repository) -> None:
    linked = Repository.__new__(Repository)
    linked.__dict__.update(repo.__dict__, path=repo.path.parent / "linked")
    assert [found.path for found in traced_places(linked, repo.blob("x"))] == [b"sub/f"]
    (repo.path.parent / "linked").rename(repo.path.parent / "moved")
    assert staged(repo, "x") == {"x": {b"sub/f"}}


def test_a_split_index_of_a_linked_work_tree(repo: Repository) -> None:
    linked = repo.path.parent / "linked"
    repo.git("config", "splitIndex.maxPercentChange", "100")
    repo.git("update-index", "--split-index", cwd=linked)
    stage(repo, "later", "y")
    assert staged(repo, "x", "y") == {"x": {b"sub/f"}, "y": {b"later"}}
    (shared,) = index(repo).parent.glob("sharedindex.*")
    content = shared.read_bytes()
    damage(shared, content[:40] + bytes([content[40] ^ 1]) + content[41:])
    indexes = Indexes(git_of(repo))
    indexes.staged([repo.blob("x")], ())
    assert [skip.item for skip in indexes.skips] == [f"worktrees/linked/{shared.name}"]


@pytest.mark.parametrize("wrong", ["flipped", "cut", "zeros", "empty"])
@pytest.mark.parametrize("where", ["", "worktrees/linked/"])
def test_a_damaged_index_is_a_skip_and_the_other_one_is_read(repo: Repository, wrong: str, where: str) -> None:
    repo.write("main", "x")
    repo.git("add", "main")
    file = repo.git_dir / where / "index"
    content = file.read_bytes()
    place = content.index(b"main" if not where else b"sub/f") - 4
    flipped = content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
    damage(file, {"flipped": flipped, "cut": content[:-40], "zeros": bytes(len(content)), "empty": b""}[wrong])
    indexes = Indexes(git_of(repo))
    found = indexes.staged([repo.blob("x")], ())
    assert [skip.item for skip in indexes.skips] == [f"{where}index"]
    assert (b"main" if where else b"sub/f") in found[repo.blob("x")].paths


@pytest.mark.timeout(20)
@pytest.mark.parametrize("kind", ["fifo", "directory", "link to a device", "link to nothing"])
def test_what_git_must_not_open_is_a_skip_at_once(run: Run, repo: Repository, key: str, kind: str) -> None:
    repo.blob(key)
    index(repo).unlink()
    match kind:
        case "fifo":
            os.mkfifo(index(repo))
        case "directory":
            index(repo).mkdir()
        case "link to a device":
            index(repo).symlink_to("/dev/tty")
        case _:
            index(repo).symlink_to("nowhere")
    result = run("history", repo.path)
    assert [skip["item"] for skip in result.skipped] == ["worktrees/linked/index"]
    assert result.one(key)["state_reason"] == "dangling"


def test_a_damaged_index_is_no_gap_where_nothing_was_found(run: Run, repo: Repository, key: str) -> None:
    damage(index(repo), b"")
    assert run("history", repo.path).code == 0
    repo.blob(key)
    result = run("history", repo.path)
    assert (result.code, [skip["item"] for skip in result.skipped]) == (1, ["worktrees/linked/index"])


def test_what_is_staged_in_a_linked_work_tree_is_reported_with_its_path(run: Run, repo: Repository, key: str) -> None:
    stage(repo, "sub/secret", key)
    for place in (repo.path, repo.path.parent / "linked", repo.git_dir):
        result = run("history", place)
        assert (result.one(key)["state"], result.one(key)["path"], result.complete) == ("staged", "sub/secret", True)


@pytest.mark.timeout(20)
def test_a_linked_work_tree_neither_blocks_nor_runs_anything_nor_leads_elsewhere(
    repo: Repository, tmp_path: Path
) -> None:
    own = index(repo).parent
    program, canary = canary_program(tmp_path / "programs")
    os.mkfifo(tmp_path / "fifo")
    repo.git("config", "extensions.worktreeConfig", "true")
    settings = f"[core]\n\tfsmonitor = {program}\n[include]\n\tpath = {tmp_path / 'fifo'}\n"
    (own / "config.worktree").write_text(settings)
    assert staged(repo, "x") == {"x": {b"sub/f"}}
    (own / "config.worktree").unlink()
    other = Repository(tmp_path / "other")
    (other.git_dir / "config").write_text(settings)
    (own / "commondir").write_text(f"{other.git_dir}\n")
    assert staged(repo, "x") == {"x": {b"sub/f"}}
    assert not canary.exists()
