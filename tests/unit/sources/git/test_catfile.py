"""The reader that is right by definition, against git's own answer."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from random import Random
from typing import TYPE_CHECKING

import pytest

from akpatrol.sources.git import catfile, repository
from akpatrol.sources.git.runner import Git
from tests.repositories import Repository, damage, environment

if TYPE_CHECKING:
    from pathlib import Path

    from akpatrol.model.scan import Skipped


def reader(repo: Repository) -> Git:
    found = repository.find(os.fsencode(repo.path))
    assert found
    return Git(found, common=True)


def read(git: Git) -> tuple[dict[str, tuple[str, bytes]], list[Skipped]]:
    objects: dict[str, tuple[str, bytes]] = {}
    skips = []
    for item in catfile.all_objects(git):
        if isinstance(item, catfile.GitObject):
            data = b"".join(iter(lambda: item.read(1000), b""))  # noqa: B023 - used at once
            if len(data) == item.size:
                assert item.id not in objects, "each object once"
                objects[item.id] = item.type, data
        else:
            skips.append(item)
    return objects, skips


def truth(repo: Repository) -> dict[str, tuple[str, bytes]]:
    listing = repo.git("cat-file", "--batch-all-objects", "--batch-check=%(objectname) %(objecttype)")
    types = dict(line.split() for line in listing.splitlines())
    return {id_: (type_, repo.raw("cat-file", type_, id_)) for id_, type_ in types.items()}


def grow(repo: Repository, rng: Random) -> None:
    """Make a small random history with branches, merges, tags, binary content and odd names."""
    repo.commit()
    for _ in range(rng.randrange(3, 9)):
        action = rng.random()
        if action < 0.6:
            content = rng.randbytes(rng.choice([0, 1, 50, 5000])) * rng.randrange(1, 3)
            repo.commit_file(f"d{rng.randrange(3)}/é{rng.randrange(4)}\n", content)
        elif action < 0.75:
            repo.git("tag", "-a", "-m", "\n", f"t{rng.random()}")
        elif action < 0.9:
            repo.git("checkout", "-q", "-b", f"b{rng.random()}", "HEAD~1", code=None)
        else:
            repo.blob(rng.randbytes(10))
            repo.git("repack", "-q", "-d")


@pytest.mark.parametrize("seed", range(8))
def test_equals_git(tmp_path: Path, seed: int) -> None:
    repo = Repository(tmp_path / "repo", *(["--object-format=sha256"] if seed % 4 == 3 else []))
    grow(repo, Random(seed))
    objects, skips = read(reader(repo))
    assert objects == truth(repo)
    assert skips == []


@pytest.mark.parametrize("seed", range(8))
def test_delivers_whatever_is_intact_once(tmp_path: Path, seed: int) -> None:
    rng = Random(seed)
    repo = Repository(tmp_path / "repo")
    grow(repo, rng)
    expected = truth(repo)
    loose = [id_ for id_ in expected if repo.loose(id_).exists()]
    broken = rng.sample(loose, min(len(loose), rng.randrange(1, 5)))
    for id_ in broken:
        content = repo.loose(id_).read_bytes()
        damage(repo.loose(id_), rng.choice([b"", content[:-3], b"\0" + content[1:], content[: len(content) // 2]]))
    objects, skips = read(reader(repo))
    assert objects == {id_: found for id_, found in expected.items() if id_ not in broken}
    assert sorted(skip.item for skip in skips) == sorted(broken)
    assert all(skip.reason for skip in skips)


def test_asked_for_by_id(repo: Repository) -> None:
    ids = [repo.blob(f"{number}") for number in range(5)]
    damage(repo.loose(ids[1]), repo.loose(ids[1]).read_bytes()[:-3])
    repo.loose(ids[3]).unlink()
    skips = [item.item for item in catfile.objects(reader(repo), ids) if not isinstance(item, catfile.GitObject)]
    assert skips == [ids[1], ids[3]]
    assert list(catfile.contents(reader(repo), ids)) == [ids[0], ids[2], ids[4]]
    assert list(catfile.objects(reader(repo), [])) == []


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_stopping_in_the_middle_leaves_nothing_behind(repo: Repository) -> None:
    for _ in range(3):
        repo.commit_file("a", os.urandom(200_000))
    before, threads = len(os.listdir("/proc/self/fd")), threading.active_count()
    for _ in range(20):
        found = catfile.all_objects(reader(repo))
        next(found)
        found.close()  # type: ignore[attr-defined]
        asked = catfile.objects(reader(repo), [repo.id("HEAD")] * 5000)
        next(asked)
        asked.close()  # type: ignore[attr-defined]
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and thread.daemon:
            thread.join(2)
    assert len(os.listdir("/proc/self/fd")) <= before
    assert threading.active_count() <= threads


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_big_blob_needs_little_memory(repo: Repository) -> None:
    """120 MB, read in 4 MiB blocks; measured in a process of its own, without git's."""
    with (repo.path / "big").open("wb") as stream:
        block = b"0123456789abcdef" * (1 << 16)
        for _ in range(120):
            stream.write(block)
    repo.git("-c", "core.compression=1", "add", "big")
    program = (
        "import sys; from akpatrol.main import main; code = main(sys.argv[1:]); "
        "status = open('/proc/self/status').read(); print(code, status.split('VmHWM:')[1].split()[0])"
    )
    output = subprocess.run(
        [sys.executable, "-c", program, "history", "-q", "--no-progress", str(repo.path)],
        env=environment(repo.path.parent),
        capture_output=True,
        check=True,
    ).stdout
    code, kilobytes = output.split()
    assert code == b"0"
    assert int(kilobytes) < 100_000
