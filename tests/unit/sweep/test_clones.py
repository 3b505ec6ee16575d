"""Mirrors: cloned from a real daemon, fetched, shared by forks, killed in the middle, wanted by several at once."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from akpatrol.sweep import mirrors
from akpatrol.sweep.clones import CloneError, Clones
from akpatrol.sweep.urls import CloneWanted, checked
from tests.repositories import Repository
from tests.unit.sweep.cloning import fetch, objects, refs


def test_a_mirror_holds_every_ref(origin: Repository, url: str, cache: Path) -> None:
    origin.git("update-ref", "refs/pull/1/head", "HEAD~1")
    origin.git("tag", "-a", "-m", "x", "v1")
    told: list[tuple[str, float | None]] = []
    path = Clones(str(cache)).fetch(CloneWanted(url), lambda *words: told.append(words))
    mirror = Repository(Path(path))
    assert refs(mirror) == refs(origin)
    assert mirror.git("rev-parse", "--is-bare-repository") == "true"
    assert path.startswith(f"{cache}/127.0.0.1_")
    assert ("receiving objects", 1.0) in told
    assert {0o700} == {os.stat(directory).st_mode & 0o777 for directory in (cache, path)}


def test_later_only_what_is_new_is_fetched(origin: Repository, url: str, cache: Path) -> None:
    before = objects(fetch(cache, url))
    gone = origin.git("commit-tree", "-m", "Gone soon", "HEAD^{tree}")
    origin.git("update-ref", "refs/heads/gone", gone)
    fetch(cache, url)
    packs = set((cache).rglob("*.pack"))
    origin.git("update-ref", "-d", "refs/heads/gone")
    new = origin.commit_file("new", "new\n")
    mirror = fetch(cache, url)
    assert packs <= set((cache).rglob("*.pack"))
    assert objects(mirror) - before == {gone, new, origin.id("HEAD^{tree}"), origin.id("HEAD:new")}
    assert refs(mirror) == refs(origin)


def test_a_forced_push_loses_nothing(origin: Repository, url: str, cache: Path) -> None:
    old = origin.id("HEAD")
    fetch(cache, url)
    origin.git("reset", "-q", "--hard", "HEAD~2")
    origin.commit_file("other", "x\n")
    mirror = fetch(cache, url)
    assert refs(mirror) == refs(origin)
    assert mirror.git("cat-file", "-t", old) == "commit"


def test_forks_share_objects(origin: Repository, url: str, cache: Path) -> None:
    fork = origin.clone(origin.path.parent / "fork")
    only = fork.commit_file("own", "own\n")
    root = fetch(cache, url)
    mirror = fetch(cache, url.replace("repo", "fork"), url)
    assert objects(mirror) >= {only, fork.id("HEAD^{tree}"), fork.id("HEAD:own")}
    assert objects(mirror).isdisjoint(origin.git("rev-list", "--all").split())
    assert mirror.git("fsck", "--connectivity-only") == ""
    alternates = (mirror.path / "objects" / "info" / "alternates").read_text()
    assert (mirror.path / "objects" / alternates.strip()).resolve() == root.path / "objects"
    assert not alternates.startswith("/")
    next_one = fork.commit_file("next", "next\n")
    assert next_one in objects(fetch(cache, url.replace("repo", "fork"), url))


def test_forks_share_when_their_root_is_not_among_them(origin: Repository, url: str, cache: Path) -> None:
    root = "https://elsewhere.example/root.git"
    for name in ("one", "two"):
        origin.clone(origin.path.parent / name)
    assert objects(fetch(cache, url.replace("repo", "one"), root))
    assert not objects(fetch(cache, url.replace("repo", "two"), root))


def test_a_cache_that_moved_or_lost_a_part_heals(origin: Repository, url: str, cache: Path) -> None:
    origin.clone(origin.path.parent / "fork")
    root, fork = fetch(cache, url), url.replace("repo", "fork")
    assert not objects(fetch(cache, fork, url))
    moved = cache.rename(cache.parent / "moved")
    assert not objects(fetch(moved, fork, url))
    shutil.rmtree(moved / root.path.relative_to(cache))
    assert objects(fetch(moved, fork, url))
    assert fetch(moved, fork, url).git("fsck", "--connectivity-only") == ""


@pytest.mark.parametrize("form", ["sha1", "sha256"])
def test_an_empty_repository(origin: Repository, url: str, cache: Path, form: str) -> None:
    empty = Repository(origin.path.parent / "empty", f"--object-format={form}")
    mirror = fetch(cache, url.replace("repo", "empty"))
    assert refs(mirror) == ""
    if form == "sha1":  # git before 2.41 does not learn the form of what is empty
        empty.commit_file("first", "x\n")
        assert refs(fetch(cache, url.replace("repo", "empty"))) == refs(empty)


def test_a_fork_with_ids_of_another_kind(origin: Repository, url: str, cache: Path) -> None:
    other = Repository(origin.path.parent / "other", "--object-format=sha256")
    other.commit_file("file", "x\n")
    fetch(cache, url)
    assert refs(fetch(cache, url.replace("repo", "other"))) == refs(other)


def test_a_broken_repository_is_told_and_leaves_nothing(origin: Repository, url: str, cache: Path) -> None:
    origin.loose(origin.id("HEAD~1^{tree}")).unlink()
    with pytest.raises(CloneError):
        fetch(cache, url)
    with pytest.raises(CloneError, match="access denied or repository not exported"):
        fetch(cache, url.replace("repo", "missing"))
    assert not [file for file in cache.rglob("*") if file.is_file() and file.suffix != ".lock"]


def test_a_mirror_whose_origin_is_gone_stays(origin: Repository, url: str, cache: Path) -> None:
    mirror = fetch(cache, url)
    before = refs(mirror)
    origin.path.rename(origin.path.parent / "renamed")
    with pytest.raises(CloneError):
        fetch(cache, url)
    assert refs(mirror) == before


_KILLED = """
import os, signal, sys
from akpatrol.sweep.clones import Clones
from akpatrol.sweep.urls import CloneWanted
def progress(words, share):
    if words.startswith(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)
Clones(sys.argv[1]).fetch(CloneWanted(sys.argv[2]), progress)
"""


@pytest.mark.parametrize("moment", ["counting", "receiving", "resolving"])
def test_a_clone_that_is_killed_leaves_no_half_mirror(origin: Repository, url: str, cache: Path, moment: str) -> None:
    for number in range(60):
        origin.write(f"more/{number}", os.urandom(20_000).hex() if number % 2 else f"{number}\n" * 5000)
    origin.commit()
    for number in range(60):
        origin.write(f"more/{number}", f"changed\n{number}\n" + f"{number}\n" * 5000)
    origin.commit()
    done = subprocess.run(
        [sys.executable, "-c", _KILLED, str(cache), url, moment], capture_output=True, check=False, env=os.environ
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    # git may still be at work on what it leaves.
    assert not [name for _, names, _ in os.walk(cache) for name in names if name.endswith(".git")]
    mirror = fetch(cache, url)
    assert refs(mirror) == refs(origin)
    assert mirror.git("fsck", "--connectivity-only") == ""
    assert not list(cache.rglob("*.new"))


def test_a_fetch_that_was_killed_is_in_nobodys_way(origin: Repository, url: str, cache: Path) -> None:
    mirror = fetch(cache, url)
    left = [
        mirror.path / name
        for name in ("packed-refs.lock", "HEAD.lock", "refs/heads/main.lock", "objects/pack/tmp_pack_x")
    ]
    for file in left:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    origin.commit_file("new", "x\n")
    assert refs(fetch(cache, url)) == refs(origin)
    assert not [file for file in left if file.exists()]


def test_a_clone_is_made_once_by_many(origin: Repository, url: str, cache: Path) -> None:
    made = Clones(str(cache))
    paths: list[str] = []
    threads = [
        threading.Thread(target=lambda: paths.append(made.fetch(CloneWanted(url), lambda *_: None))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(paths) == 4
    assert len(set(paths)) == 1
    assert refs(Repository(Path(paths[0]))) == refs(origin)


def test_a_mirror_that_another_process_has(cache: Path) -> None:
    url = "git://127.0.0.1:1/x"
    place = mirrors.place(str(cache), url, checked(url))
    os.makedirs(os.path.dirname(place))
    code = (
        "import sys, time\nfrom akpatrol.sweep import mirrors\n"
        "with mirrors.locked(sys.argv[1], lambda: False):\n    print('mine', flush=True)\n    sys.stdin.read()"
    )
    told: list[str] = []
    with subprocess.Popen([sys.executable, "-c", code, place], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout
        assert other.stdout.readline() == b"mine\n"
        with pytest.raises(CloneError, match="another sweep"):
            Clones(str(cache), deadline=0.3).fetch(CloneWanted(url), lambda words, _: told.append(words))
    assert set(told) == {"waiting for another sweep"}


def test_places() -> None:
    urls = [
        "https://forge.example/org/repo",
        "https://forge.example/org/repo.git",
        "https://forge.example:8443/org/repo",
        "https://forge.example/Org/repo",
        "https://forge.example/../../etc/.git/x y/\u00e9",
        "https://forge.example/a.git/b",
        "https://forge.example/" + "long/" * 100 + "x" * 300,
        "git@[::1]:x",
    ]
    places = [mirrors.place("/cache", url, checked(url)) for url in urls]
    assert len(set(places)) == len(urls)
    for place in places:
        assert os.path.normpath(place) == place
        assert place.startswith("/cache/")
        assert len(place) < 1500
        assert not [part for part in place.split("/")[1:-1] if part.endswith(".git") or part.startswith((".", "-"))]
    assert places[0].startswith("/cache/forge.example/org/repo-")
