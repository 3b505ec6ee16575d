"""An index is trusted when its checksum is right, or left out by git itself."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from akpatrol.errors import GitError
from akpatrol.sources.git import repository
from akpatrol.sources.git.index_file import IndexCheck
from akpatrol.sources.git.runner import Git
from tests.repositories import Repository, damage_end

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

    from tests.conftest import Run

_HASHES = {"sha1": 20, "sha256": 32}


def flaws(repo: Repository) -> list[str]:
    found = repository.find(os.fsencode(repo.path))
    assert found
    return [skip.item for skip in IndexCheck(Git(found)).skips()]


@pytest.fixture(params=_HASHES)
def indexed(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Repository, int]:
    """A repository with thirty clean files in its index, and the length of its hash."""
    repo = Repository(tmp_path / "repo", f"--object-format={request.param}")
    for number in range(30):
        repo.write(f"link {number}", str(number))
    repo.git("add", "-A")
    return repo, _HASHES[request.param]


def test_a_change_anywhere(run: Run, indexed: tuple[Repository, int], rng: Random) -> None:
    repo, _ = indexed
    file = repo.git_dir / "index"
    right = file.read_bytes()
    assert flaws(repo) == []
    for place in (*range(12), *rng.sample(range(len(right)), 40), *range(len(right) - 32, len(right))):
        file.write_bytes(right[:place] + bytes([right[place] ^ 1 << rng.randrange(8)]) + right[place + 1 :])
        assert flaws(repo) == ["index"], place
    for length in (0, 1, 20, 32, *rng.sample(range(len(right)), 20)):
        file.write_bytes(right[:length])
        assert flaws(repo) == ["index"], length
    file.write_bytes(right + b"\0")
    assert flaws(repo) == ["index"]
    file.write_bytes(right[: len(right) // 2] + right[len(right) // 2 - 8 :])
    result = run("staged", cwd=repo.path)
    assert (result.code, result.skipped[0]["item"]) == (3, "index")
    file.write_bytes(right)
    assert run("staged", cwd=repo.path).code == 0
    file.unlink()
    assert run("staged", cwd=repo.path).complete


def test_git_left_the_checksum_out(run: Run, indexed: tuple[Repository, int]) -> None:
    repo, size = indexed
    file = repo.git_dir / "index"
    file.write_bytes(file.read_bytes()[:-size] + bytes(size))
    result = run("staged", cwd=repo.path)
    assert (result.code, result.json["coverage"]["counts"]["blobs"]) == (0, 30)


def test_a_split_index(run: Run, indexed: tuple[Repository, int]) -> None:
    repo, size = indexed
    repo.git("update-index", "--split-index")
    (old,) = repo.git_dir.glob("sharedindex.*")
    assert flaws(repo) == []
    right = old.read_bytes()
    old.chmod(0o600)
    old.write_bytes(right[:-size] + bytes(size))
    assert flaws(repo) == []
    old.write_bytes(right[:100] + bytes([right[100] ^ 1]) + right[101:])
    assert flaws(repo) == [old.name]
    old.write_bytes(right)
    repo.write("more", "x")
    repo.git("add", "-A")
    repo.git("update-index", "--no-split-index", "--split-index")
    old.write_bytes(b"stale")
    assert flaws(repo) == [], "no index is based on it any more"
    (new,) = set(repo.git_dir.glob("sharedindex.*")) - {old}
    new.chmod(0o600)
    right = new.read_bytes()
    new.write_bytes(right[:30] + bytes([right[30] ^ 1]) + right[31:])
    result = run("staged", cwd=repo.path)
    assert (result.code, new.name in [skip["item"] for skip in result.skipped]) == (3, True)


def test_the_index_that_git_names(run: Run, repo: Repository, tmp_path: Path, key: str) -> None:
    repo.commit_file("a", "x")
    repo.write("b", key)
    other = tmp_path / "other index"
    repo.git("add", "-A", variables={"GIT_INDEX_FILE": str(other)})
    assert run("staged", cwd=repo.path, GIT_INDEX_FILE=str(other)).code == 1
    other.write_bytes(other.read_bytes()[:-1])
    result = run("staged", cwd=repo.path, GIT_INDEX_FILE=str(other))
    assert "index" in [skip["item"] for skip in result.skipped]
    assert run("staged", cwd=repo.path).code == 0


@pytest.mark.parametrize("kind", ["FIFO", "directory"])
def test_no_regular_file(run: Run, repo: Repository, kind: str) -> None:
    repo.commit_file("a", "x")
    file = repo.git_dir / "index"
    file.unlink()
    os.mkfifo(file) if kind == "FIFO" else file.mkdir()
    with pytest.raises(GitError):
        flaws(repo)
    for words in (("staged",), ("staged", "-q", "a"), ("scan", "--tracked", ".")):
        result = run(*words, cwd=repo.path)
        assert (result.code, "not a regular file" in result.skipped[0]["reason"]) == (3, True), words


def test_tracked_files(run: Run, repo: Repository) -> None:
    """What git ignores and the index has lost would be in no list."""
    repo.write("b", "x")
    repo.commit_file("a", "x")
    assert run("scan", "--tracked", ".", cwd=repo.path).code == 0
    file = repo.git_dir / "index"
    damage_end(file)
    result = run("scan", "--tracked", ".", cwd=repo.path)
    assert (result.code, [skip["item"] for skip in result.skipped]) == (3, ["index"])
