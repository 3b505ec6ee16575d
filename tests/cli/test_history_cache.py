"""The cache of ``akpatrol history``: what it saves, what it must not cost, and what it never holds."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import akpatrol
from akpatrol.cache import scan_cache
from akpatrol.detect.engine import Engine
from akpatrol.errors import ExitCode
from akpatrol.model.batch import ContentBatch
from akpatrol.model.scan import Content
from akpatrol.sources.git.history_walk import HistoryWalk
from akpatrol.sources.git.units import SliceUnit
from tests.repositories import Repository, damage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from akpatrol.detect.medium import Medium
    from akpatrol.model.scan import Match
    from akpatrol.sources.base import Item
    from tests.conftest import Run

_RULE = '[[rules]]\nid = "x"\ndescription = "d"\nregex = "x{20}"\nkeywords = ["xxxx"]\n'


@pytest.fixture
def examined(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the ids of the objects that are examined from now on."""
    ids: list[str] = []
    original = SliceUnit.read

    def read(self: SliceUnit) -> Iterator[Item | ContentBatch]:
        for item in original(self):
            if isinstance(item, ContentBatch):
                ids.extend(item.content(number).origin.object or "" for number in range(len(item.data)))
            elif isinstance(item, Content):
                ids.append(item.origin.object or "")
            yield item

    monkeypatch.setattr(SliceUnit, "read", read)
    return ids


@pytest.fixture
def walks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list that grows with every walk of the whole history."""
    begun: list[int] = []
    original = HistoryWalk.__init__

    def init(self: HistoryWalk, git: Any) -> None:
        begun.append(1)
        original(self, git)

    monkeypatch.setattr(HistoryWalk, "__init__", init)
    return begun


@pytest.fixture
def filled(repo: Repository) -> Repository:
    """Return a repository with some packed history."""
    for number in range(5):
        repo.commit_file(f"f{number}", f"{number}\n" * 100)
    repo.pack()
    return repo


def _file() -> Path:
    return Path(os.environ["XDG_CACHE_HOME"]) / "akpatrol" / scan_cache.FILE_NAME


def _new(repo: Repository, change: Callable[[], object]) -> set[str]:
    """Return the ids of the objects that a change makes."""

    def ids() -> set[str]:
        return {*repo.git("cat-file", "--batch-all-objects", "--batch-check=%(objectname)").split()}

    before = ids()
    change()
    return ids() - before


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    keys = ("coverage", "credentials", "summary")
    return [one[key] for key in keys] == [other[key] for key in keys]


def test_nothing_is_read_again(run: Run, filled: Repository, examined: list[str], walks: list[int]) -> None:
    first = run("history", filled.path)
    assert (len(examined), len(walks), first.code) == (15, 1, ExitCode.CLEAN)
    again = run("history", filled.path)
    assert (len(examined), len(walks)) == (15, 1)
    assert _same(first.json, again.json)
    run("history", filled.path, "--no-cache")
    assert (len(examined), len(walks)) == (30, 2)


def test_what_other_processes_read_is_known(
    run: Run, filled: Repository, key: str, monkeypatch: pytest.MonkeyPatch, examined: list[str]
) -> None:
    filled.commit_file("held", key)
    for number in range(3):
        filled.git("repack", "-q", "-d")
        filled.commit_file("more", f"{number}")
    monkeypatch.setattr("akpatrol.scan.execute._LITTLE_WORK_SECONDS", 0)
    assert run("history", filled.path, "--jobs", "2").found(key)
    examined.clear()
    assert run("history", filled.path, "--jobs", "1").found(key)
    assert examined == [filled.id("HEAD:held")]


def test_a_commit_costs_what_it_brought(run: Run, filled: Repository, examined: list[str], walks: list[int]) -> None:
    for number in range(3):
        filled.commit_file("new", f"{number}")
        run("history", filled.path)
    examined.clear()
    new = _new(filled, lambda: filled.commit_file("new", "more"))
    run("history", filled.path)
    # Loose objects are known by directory: a neighbour may be read again.
    assert new <= {*examined}
    assert {id_[:2] for id_ in examined} == {id_[:2] for id_ in new}
    assert len(walks) == 1


@pytest.mark.parametrize("limit", [1, 1000])
def test_a_fetch_costs_what_it_brought(
    run: Run, filled: Repository, tmp_path: Path, examined: list[str], walks: list[int], limit: int
) -> None:
    other = filled.clone(tmp_path / "other")
    for _ in range(3):
        filled.commit_file("f0", "0\n" * 99 + f"{_}\n")
        new = _new(other, lambda: other.git("-c", f"fetch.unpackLimit={limit}", "fetch", "-q"))
        examined.clear()
        found = run("history", other.path)
    assert new <= {*examined}
    assert {id_[:2] for id_ in examined} == {id_[:2] for id_ in new}
    assert len(walks) == 1
    assert _same(found.json, run("history", other.path, "--no-cache").json)


def test_a_hit_is_read_again_and_only_it(run: Run, filled: Repository, key: str, examined: list[str]) -> None:
    held = []
    for number in range(3):
        filled.commit_file("held", f"{number}\n" * 50 + f"k = '{key}'\n")
        held.append(filled.id("HEAD:held"))
    filled.commit(f"Leak {key}")
    filled.pack()
    first = run("history", filled.path)
    examined.clear()
    again = run("history", filled.path)
    assert again.code == ExitCode.FINDINGS
    assert _same(first.json, again.json)
    assert {*examined} == {*held, filled.id("HEAD")}


def test_what_the_pack_of_another_name_holds_is_known(
    run: Run, filled: Repository, tmp_path: Path, examined: list[str]
) -> None:
    run("history", filled.path)
    filled.git("clone", "-q", "--mirror", "--no-hardlinks", str(filled.path), str(tmp_path / "copy"))
    examined.clear()
    assert run("history", tmp_path / "copy").code == ExitCode.CLEAN
    assert not examined


@pytest.mark.parametrize("change", ["rules", "limits", "decode", "version"])
def test_other_conditions_read_everything(
    run: Run,
    filled: Repository,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    examined: list[str],
    change: str,
) -> None:
    run("history", filled.path)
    examined.clear()
    (tmp_path / "r.toml").write_text(_RULE)
    monkeypatch.setattr(scan_cache, "__version__", akpatrol.__version__ + ("1" if change == "version" else ""))
    options = {
        "rules": ("--rules", str(tmp_path / "r.toml")),
        "limits": ("--max-depth", "2"),
        "decode": ("--no-decode",),
    }
    run("history", filled.path, *options.get(change, ()))
    assert len(examined) == 15


def test_a_pack_with_the_ends_of_a_known_one_is_read(run: Run, filled: Repository, examined: list[str]) -> None:
    """Checksum, size, name and index are those of the clean pack, and its times too."""
    run("history", filled.path)
    (pack,) = (filled.git_dir / "objects/pack").glob("*.pack")
    whole, times = bytearray(pack.read_bytes()), pack.stat()
    whole[len(whole) // 2] ^= 1
    damage(pack, bytes(whole))
    os.utime(pack, ns=(times.st_atime_ns, times.st_mtime_ns))
    examined.clear()
    damaged = run("history", filled.path)
    assert damaged.code == ExitCode.INCOMPLETE
    assert examined
    assert _same(damaged.json, run("history", filled.path).json)


def test_an_object_that_goes_is_missed(run: Run, filled: Repository) -> None:
    filled.commit_file("new", "content")
    assert run("history", filled.path).code == ExitCode.CLEAN
    filled.loose(filled.id("HEAD:new")).unlink()
    gone = run("history", filled.path)
    assert gone.code == ExitCode.INCOMPLETE
    assert _same(gone.json, run("history", filled.path, "--no-cache").json)


def test_an_object_that_a_new_commit_lacks_is_missed(run: Run, filled: Repository, walks: list[int]) -> None:
    run("history", filled.path)
    filled.commit_file("new", "content")
    filled.loose(filled.id("HEAD:new")).unlink()
    assert run("history", filled.path).code == ExitCode.INCOMPLETE
    assert run("history", filled.path).code == ExitCode.INCOMPLETE
    assert len(walks) == 3


def test_a_second_copy_that_goes_unveils_the_broken_first(run: Run, filled: Repository, tmp_path: Path) -> None:
    """An object that git had from another place is not remembered as read."""
    id_ = filled.blob("precious" * 100)
    filled.git("repack", "-q", "-a", "-d", "-k")
    (pack,) = (filled.git_dir / "objects/pack").glob("*.pack")
    listed = filled.git("verify-pack", "-v", str(pack.with_suffix(".idx"))).splitlines()
    offset = next(int(line.split()[4]) for line in listed if line.startswith(id_))
    filled.git("-c", "core.compression=0", "unpack-objects", "-q", stdin=b"", code=None)
    whole = bytearray(pack.read_bytes())
    whole[offset + 6] ^= 255
    damage(pack, bytes(whole))
    copy = Repository(tmp_path / "copy")
    copy.blob("precious" * 100)
    (filled.git_dir / "objects" / id_[:2]).mkdir(exist_ok=True)
    copy.loose(id_).rename(filled.loose(id_))
    assert run("history", filled.path).code == ExitCode.CLEAN
    filled.loose(id_).unlink()
    gone = run("history", filled.path)
    assert gone.code == ExitCode.INCOMPLETE
    assert _same(gone.json, run("history", filled.path, "--no-cache").json)


def test_a_range_neither_uses_nor_makes_it(run: Run, filled: Repository) -> None:
    assert run("history", filled.path, "--range", "HEAD~1..HEAD").code == ExitCode.CLEAN
    assert run("history", filled.path, "--no-cache").code == ExitCode.CLEAN
    assert not _file().parent.exists()


def test_no_secret_is_in_it(run: Run, filled: Repository, key: str, token: str) -> None:
    filled.commit_file(f"{token}.txt", f"password = '{key}'\n")
    filled.commit(f"Use {token}")
    assert run("history", filled.path).code == ExitCode.FINDINGS
    filled.pack()
    run("history", filled.path)
    files = list(_file().parent.iterdir())
    assert files
    for file in files:
        whole = file.read_bytes()
        for secret in (key, token):
            for length in (len(secret), 12):
                for start in range(0, len(secret) - length + 1, 4):
                    assert secret[start : start + length].encode() not in whole
        assert file.stat().st_mode & 0o077 == 0
    assert _file().parent.stat().st_mode & 0o077 == 0


def test_a_run_that_is_broken_off_leaves_nothing(
    run: Run, filled: Repository, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled.commit_file("held", key)
    filled.pack()
    original = SliceUnit.read

    def read(self: SliceUnit) -> Iterator[Item | ContentBatch]:
        yield next(original(self))
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(SliceUnit, "read", read)
        assert run("history", filled.path).code == ExitCode.INTERRUPTED
    assert run("history", filled.path).found(key)


@pytest.mark.slow
def test_two_at_once(filled: Repository, key: str) -> None:
    filled.commit_file("held", key)
    command = [sys.executable, "-m", "akpatrol", "history", str(filled.path), "--jobs", "1"]
    for _ in range(3):
        filled.commit_file("more", f"{_}")
        at_once = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(3)]
        for one in at_once:
            out, err = one.communicate()
            assert (one.returncode, err) == (ExitCode.FINDINGS, b""), out
        _file().write_bytes(b"no database") if _ == 1 else None


@pytest.mark.parametrize(
    "home",
    [
        {"HOME": "/dev/null", "XDG_CACHE_HOME": ""},
        {"HOME": "", "XDG_CACHE_HOME": ""},
        {"XDG_CACHE_HOME": "/proc"},
        {"XDG_CACHE_HOME": "/dev/full/x"},
    ],
)
def test_without_a_usable_home(
    run: Run, filled: Repository, monkeypatch: pytest.MonkeyPatch, home: dict[str, str]
) -> None:
    for name, value in home.items():
        monkeypatch.setenv(name, value)
    found = run("history", filled.path)
    assert (found.code, found.err) == (ExitCode.CLEAN, "")
    assert "akpatrol: cache: " in run("history", filled.path, "-v").err


def test_findings_of_users_rules_are_found_again_without_a_search(
    run: Run, filled: Repository, key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text("[[rules]]\nid = 'vendor'\nregex = 'vnd-([a-z0-9]{8})'\nkeywords = ['vnd-']\n")
    for number in range(3):
        filled.commit_file("held", f"{key}\nvnd-12ab34c{number} and vnd-98zy76x{number}\n")
    first = run("history", filled.path, "--rules", rules)
    assert len(first.json["credentials"]) == 7
    searched: list[bytes] = []
    confirm = Engine.confirm

    def recorded(engine: Engine, medium: Medium, *words: Any) -> list[Match]:
        searched.append(medium.data)
        return confirm(engine, medium, *words)

    monkeypatch.setattr(Engine, "confirm", recorded)
    again = run("history", filled.path, "--rules", rules)
    assert _same(first.json, again.json)
    assert not any(b"vnd-12ab34c" in data for data in searched)  # reports mask what is around findings
    filled.commit_file("held", f"{key}\nvnd-00000000\n")
    assert len(run("history", filled.path, "--rules", rules).json["credentials"]) == 8
    assert any(b"vnd-00000000" in data for data in searched)
