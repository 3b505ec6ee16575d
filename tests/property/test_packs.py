"""Random repositories in every arrangement that git knows: the fast reader gives what git gives."""

from __future__ import annotations

import os
import shutil
from random import Random
from typing import TYPE_CHECKING

import pytest

from akpatrol.gitdata import inflate, raw_object, rebuild
from akpatrol.sources.git.packs import loose, partition, plan
from tests.objects import git_of, read, truth
from tests.repositories import Repository

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def grow(repo: Repository, rng: Random, changes: int = 8) -> None:
    """Make a history whose files change a little, so that git deltas them."""
    lines = [rng.randbytes(12).hex() for _ in range(rng.choice([3, 40, 400]))]
    for _ in range(changes):
        lines[rng.randrange(len(lines))] = rng.randbytes(12).hex()
        repo.write(f"d{rng.randrange(2)}/é{rng.randrange(3)}\n", "\n".join(lines))
        repo.write(f"b{rng.randrange(3)}", rng.randbytes(rng.choice([0, 1, 3000])))
        repo.commit("Change\n" * rng.randrange(1, 4))
    repo.git("tag", "-a", "-m", "m", f"t{rng.random()}")
    repo.blob(rng.randbytes(10))


def repack(repo: Repository, rng: Random, *more: str) -> None:
    repo.git("repack", "-q", f"--window={rng.randrange(12)}", f"--depth={rng.randrange(12)}", *more)


def as_loose(_repo: Repository, _rng: Random) -> None:
    pass


def one_pack(repo: Repository, rng: Random) -> None:
    repack(repo, rng, "-a", "-d", "-f")


def many_packs(repo: Repository, rng: Random) -> None:
    for _ in range(3):
        repack(repo, rng, *rng.choice([["-d"], [], ["-a"]]))
        grow(repo, rng, 2)


def repeated(repo: Repository, rng: Random) -> None:
    """The same objects loose, in two packs and in a kept one."""
    repack(repo, rng, "-a")
    repack(repo, rng, "-a", "-f")
    for file in list((repo.git_dir / "objects/pack").glob("*.pack"))[:1]:
        file.with_suffix(".keep").touch()
        file.with_suffix(".promisor").touch()
    grow(repo, rng, 2)
    repack(repo, rng, "-a")


def cruft(repo: Repository, rng: Random) -> None:
    repack(repo, rng, "--cruft", "-d")


def first_version(repo: Repository, rng: Random) -> None:
    index_again(repo, rng, "--index-version=1")


def far_offsets(repo: Repository, rng: Random) -> None:
    index_again(repo, rng, "--index-version=2,0x40")


def index_again(repo: Repository, rng: Random, option: str) -> None:
    repack(repo, rng, "-a", "-d", "-k")
    (pack,) = (repo.git_dir / "objects/pack").glob("*.pack")
    pack.with_suffix(".idx").unlink()
    pack.with_suffix(".rev").unlink(missing_ok=True)
    repo.git("index-pack", option, pack)


def named_bases(repo: Repository, rng: Random) -> None:
    """Deltas that name their base by its id, which may lie behind them."""
    objects = repo.git("cat-file", "--batch-all-objects", "--batch-check=%(objectname)").splitlines()
    rng.shuffle(objects)
    base = repo.git_dir / "objects/pack/pack"
    repo.git("pack-objects", "-q", "--no-reuse-delta", base, stdin="\n".join(objects) + "\n")
    repo.git("prune-packed")


def alternates(repo: Repository, rng: Random) -> None:
    repack(repo, rng, "-a", "-d", "-k")
    moved = repo.path.parent / "else where #\n"
    shutil.copytree(repo.git_dir / "objects", moved)
    shutil.rmtree(repo.git_dir / "objects/pack")
    quoted = str(moved).replace("\n", "\\n")
    deep = repo.path.parent / "deep"
    (deep / "info").mkdir(parents=True)
    (deep / "info/alternates").write_text(f'# comment\n"{quoted}"\n')
    (repo.git_dir / "objects/info").mkdir(exist_ok=True)
    (repo.git_dir / "objects/info/alternates").write_text(
        f"\n{os.path.relpath(deep, repo.git_dir / 'objects')}\n{deep}\n"
    )
    grow(repo, rng, 2)


def fetched(repo: Repository, _rng: Random) -> None:
    """Thin packs that were completed: bundles on top of an older state."""
    other = Repository(repo.path.parent / "other", *(["--object-format=sha256"] if len(repo.id("HEAD")) > 40 else []))
    bundle = repo.path.parent / "bundle"
    old = repo.id("HEAD~3")
    repo.git("branch", "old", old)
    repo.git("bundle", "create", "-q", bundle, "old")
    other.git("-c", "fetch.unpackLimit=1", "fetch", "-q", bundle, "old:old")
    repo.git("bundle", "create", "-q", bundle, f"{old}..main")
    other.git("-c", "fetch.unpackLimit=1", "fetch", "-q", bundle, "main:new", "--tags")
    shutil.rmtree(repo.git_dir / "objects")
    shutil.copytree(other.git_dir / "objects", repo.git_dir / "objects")


def nothing(repo: Repository, _rng: Random) -> None:
    shutil.rmtree(repo.git_dir / "objects")
    (repo.git_dir / "objects").mkdir()


ARRANGEMENTS = [
    as_loose,
    one_pack,
    many_packs,
    repeated,
    cruft,
    first_version,
    far_offsets,
    named_bases,
    alternates,
    fetched,
    nothing,
]


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("arrange", ARRANGEMENTS)
def test_equals_git(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arrange: Callable[[Repository, Random], None], seed: int
) -> None:
    """As it comes, cut into the smallest slices, and with hardly any memory."""
    rng = Random(f"{arrange.__name__} {seed}")
    repo = Repository(tmp_path / "repo", *(["--object-format=sha256"] if seed else []))
    grow(repo, rng)
    arrange(repo, rng)
    git, expected = git_of(repo), truth(repo)
    assert read(git) == (expected, [])

    monkeypatch.setattr(partition, "SLICE_ENTRIES", 3)
    monkeypatch.setattr(partition, "_ENTRIES_IN_DICT", 0)
    monkeypatch.setattr(partition, "SLICE_BYTES", 5000)
    monkeypatch.setattr(partition, "_GROUP_BYTES", 2500)
    monkeypatch.setattr(partition, "_LEAST_GROUP_BYTES", 500)
    monkeypatch.setattr(plan, "_LOOSE_IDS", 2)
    monkeypatch.setattr(rebuild, "BUDGET_BYTES", 1000)
    monkeypatch.setattr(inflate, "_ONE_SHOT_BYTES", 100)
    assert read(git) == (expected, [])

    for module in (raw_object, inflate, loose, rebuild):
        monkeypatch.setattr(module, "HUGE_BYTES", 1500)
    assert read(git) == (expected, [])
