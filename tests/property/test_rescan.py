"""Whatever happens to a repository between two scans, the cache changes no report."""

from __future__ import annotations

from contextlib import suppress
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from tests.credentials import organization_key
from tests.repositories import Repository

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Run

_STEPS = 10
_POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 5\n"


class World:
    """A repository, one to fetch from, and randomness."""

    def __init__(self, path: Path, rng: Random) -> None:
        self.rng = rng
        self.path = path
        self.upstream = Repository(path / "upstream")
        self.commit(self.upstream)
        self.repo = self.upstream.clone(path / "repo")

    def commit(self, repo: Repository) -> None:
        lines = [self.rng.randbytes(12).hex() for _ in range(40)]
        for _ in range(self.rng.randrange(1, 4)):
            lines[self.rng.randrange(40)] = self.rng.randbytes(12).hex()
            repo.write(f"d{self.rng.randrange(2)}/f{self.rng.randrange(3)}", "\n".join(lines))
            repo.commit(f"Change {self.rng.random()}")

    def change(self) -> None:
        self.commit(self.repo)

    def credential(self) -> None:
        key = organization_key(self.rng)
        places: list[Callable[[], object]] = [
            lambda: self.repo.commit_file(f"f{self.rng.randrange(3)}", f"k = '{key}'\n" * self.rng.randrange(1, 3)),
            lambda: self.repo.commit_file(f"{key}.txt", "x"),
            lambda: self.repo.commit(f"Use {key}"),
            lambda: self.repo.git("tag", "-a", "-m", key, f"t{self.rng.random()}"),
            lambda: self.repo.blob(key),
        ]
        self.rng.choice(places)()

    def pointer(self) -> None:
        """A Git LFS pointer; its object comes, or goes, later."""
        store = self.repo.git_dir / "lfs/objects/ab/cd"
        oid = "abcd" + 60 * "0"
        if (store / oid).exists():
            (store / oid).unlink()
        elif store.exists():
            (store / oid).write_text("there")
        else:
            store.mkdir(parents=True)
            self.repo.commit_file("pointer", _POINTER.format(oid))

    def fetch(self) -> None:
        self.commit(self.upstream)
        self.repo.git("-c", f"fetch.unpackLimit={self.rng.choice([1, 1, 1000])}", "fetch", "-q")

    def repack(self) -> None:
        wanted = [["-d"], ["-a", "-d"], ["-a", "-d", "-f", "--depth=3"], ["-a"], ["--geometric=2", "-d"]]
        self.repo.git("repack", "-q", *self.rng.choice(wanted))

    def collect(self) -> None:
        self.repo.git("gc", "-q", f"--prune={self.rng.choice(['now', 'never'])}")

    def branch(self) -> None:
        """A branch that comes and goes, with its reflog."""
        self.repo.git("checkout", "-q", "-b", "side")
        self.commit(self.repo)
        self.repo.git("checkout", "-q", "main")
        if self.rng.randrange(2):
            self.repo.git("branch", "-q", "-D", "side")
            self.repo.forget()
        else:
            self.repo.git("branch", "-q", "-M", "side", f"kept{self.rng.random()}")

    def borrow(self) -> None:
        """Objects of another repository, some the same."""
        file = self.repo.git_dir / "objects/info/alternates"
        if file.exists():
            file.unlink()
        else:
            file.parent.mkdir(exist_ok=True)
            self.upstream.git("repack", "-q", "-d")
            file.write_text(f"{self.upstream.git_dir / 'objects'}\n")

    def lose(self) -> None:
        """A loose object goes, whoever needs it."""
        self.commit(self.repo)
        if loose := sorted(self.repo.git_dir.glob("objects/[0-9a-f][0-9a-f]/*")):
            self.rng.choice(loose).unlink()


def _report(run: Run, world: World, *more: str) -> dict[str, Any]:
    report = run("history", world.repo.path, "--jobs", "1", *more).json
    del report["scan"]["started_at"], report["scan"]["duration_seconds"]
    return report


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_the_report_is_that_of_a_full_scan(run: Run, tmp_path: Path, seed: int) -> None:
    rng = Random(f"rescan {seed}")
    world = World(tmp_path, rng)
    often: list[Callable[[], None]] = [world.change, world.credential, world.fetch, world.repack]
    steps = [*often, *often, world.collect, world.branch, world.borrow, world.pointer, world.lose]
    history = []
    for _ in range(_STEPS):
        step = rng.choice(steps)
        history.append(step.__name__)
        with suppress(AssertionError):  # where objects are missing git refuses much
            step()
        full = _report(run, world, "--no-cache")
        assert _report(run, world) == full, history
        assert _report(run, world) == full, history
