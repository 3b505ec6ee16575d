"""A clean commit is reported as the ordinary run reports it; whatever is not certainly clean is left to that run."""

from __future__ import annotations

import os
import re
import sys
from random import Random
from typing import TYPE_CHECKING

import pytest

from akpatrol.cli import plain_staged
from akpatrol.config.options import OPTIONS
from akpatrol.main import main
from akpatrol.pipeline import clean_commit
from tests.corpus import packing
from tests.corpus.artifact import raw
from tests.corpus.text import prose
from tests.credentials import organization_key
from tests.repositories import damage_end

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.repositories import Repository

pytest.importorskip("hyperscan")
_SECONDS = re.compile(r"in [0-9.]+ s")
_KEY = organization_key(Random(8))


@pytest.fixture(scope="module")
def caches(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory in which the patterns stay: compiling them takes half a second."""
    return tmp_path_factory.mktemp("caches")


@pytest.fixture
def commit(repo: Repository, caches: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A repository with a commit, a change in the index and the patterns of an earlier run."""
    repo.write("a.txt", prose(Random(1)))
    repo.commit("first")
    repo.write("a.txt", prose(Random(2)))
    repo.git("add", "a.txt")
    monkeypatch.chdir(repo.path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(caches))
    while clean_commit.scan(()).lacks_patterns:
        clean_commit.prepare()
    assert clean_commit.scan(()).words
    return repo


def _printed(capsys: pytest.CaptureFixture[str], *files: str) -> str:
    assert main(["staged", *files]) == 0
    captured = capsys.readouterr()
    assert not captured.err
    return _SECONDS.sub("in SECONDS", captured.out)


def _in_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clean_commit, "scan", lambda _files: clean_commit.CleanCommit())


def _nothing_staged(repo: Repository) -> None:
    repo.git("reset", "-q", "--hard")


def _new_and_deleted(repo: Repository) -> None:
    repo.write("sub/b c.py", "print(1)\n" * 40)
    repo.git("add", "-A")
    repo.git("rm", "-q", "--cached", "a.txt")


def _link(repo: Repository) -> None:
    os.symlink("a.txt", repo.path / "link")
    repo.git("add", "-A")


def _before_the_first_commit(repo: Repository) -> None:
    repo.git("update-ref", "-d", "HEAD")


def _other_project(repo: Repository) -> None:
    repo.write("pyproject.toml", "[tool.other]\n")


@pytest.mark.parametrize("colour", ["", "1"])
@pytest.mark.parametrize(
    "change",
    [_nothing_staged, _new_and_deleted, _link, _before_the_first_commit, _other_project],
    ids=lambda change: change.__name__,
)
def test_printed_as_in_full(
    commit: Repository,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[Repository], None],
    colour: str,
) -> None:
    monkeypatch.setenv("FORCE_COLOR", colour)
    change(commit)
    assert clean_commit.scan(()).words
    printed = _printed(capsys)
    _in_full(monkeypatch)
    assert printed == _printed(capsys)


def test_named_files_are_scanned_too(
    commit: Repository, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    commit.write("b.txt", "b\n")
    commit.commit("second")
    printed = _printed(capsys, "b.txt")
    assert "1 blob" in printed
    _in_full(monkeypatch)
    assert printed == _printed(capsys, "b.txt")


def _stage(repo: Repository, content: str | bytes) -> None:
    repo.write("b", content)
    repo.git("add", "b")


def _configuration(repo: Repository) -> None:
    repo.write(".akpatrol.toml", "")


def _shared_configuration(repo: Repository) -> None:
    repo.write("pyproject.toml", "[tool.akpatrol]\n")


def _baseline(repo: Repository) -> None:
    repo.write(".akpatrol-baseline.json", "{}")


def _credential(repo: Repository) -> None:
    _stage(repo, f"key = '{_KEY}'\n")


def _credential_in_a_name(repo: Repository) -> None:
    repo.write(_KEY, "clean\n")
    repo.git("add", "-A")


def _container(repo: Repository) -> None:
    _stage(repo, packing.gzipped(raw("clean")).data)


def _large(repo: Repository) -> None:
    _stage(repo, prose(Random(4), 300_000))


def _many(repo: Repository) -> None:
    for number in range(201):
        repo.write(f"many/{number}", "clean\n")
    repo.git("add", "-A")


def _lfs_pointer(repo: Repository) -> None:
    _stage(repo, f"version https://git-lfs.github.com/spec/v1\noid sha256:{'1' * 64}\nsize 1\n")


def _fifo(repo: Repository) -> None:
    os.mkfifo(repo.path / ".git" / "refs" / "heads" / "fifo")


def _damaged_index(repo: Repository) -> None:
    index = repo.path / ".git" / "index"
    damage_end(index)


def _missing_blob(repo: Repository) -> None:
    id_ = repo.git("rev-parse", ":a.txt").strip()
    (repo.path / ".git" / "objects" / id_[:2] / id_[2:]).unlink()


@pytest.mark.parametrize(
    "change",
    [
        _configuration,
        _shared_configuration,
        _baseline,
        _credential,
        _credential_in_a_name,
        _container,
        _large,
        _many,
        _lfs_pointer,
        _fifo,
        _damaged_index,
        _missing_blob,
    ],
    ids=lambda change: change.__name__,
)
def test_left_to_the_ordinary_run(commit: Repository, change: Callable[[Repository], None]) -> None:
    change(commit)
    assert clean_commit.scan(()) == clean_commit.CleanCommit()


@pytest.mark.usefixtures("commit")
def test_a_file_that_is_nowhere_is_left_to_the_ordinary_run() -> None:
    assert clean_commit.scan(("nowhere",)) == clean_commit.CleanCommit()


@pytest.mark.usefixtures("commit")
@pytest.mark.parametrize("variable", sorted(entry.variable for entry in OPTIONS.values() if entry.variable))
def test_options_of_the_environment_are_left_to_the_ordinary_run(
    monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "x")
    assert clean_commit.scan(()) == clean_commit.CleanCommit()


@pytest.mark.usefixtures("commit")
def test_patterns_are_compiled_in_the_second_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "other"))
    states = []
    for _ in range(3):
        states.append(clean_commit.scan(()).lacks_patterns)
        assert plain_staged.run(()) == 0
    assert states == [True, True, False]
    texts = capsys.readouterr().out
    assert texts.count("No credentials found") == 3


@pytest.mark.usefixtures("commit")
def test_without_hyperscan_every_commit_is_the_ordinary_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "other"))
    monkeypatch.setitem(sys.modules, "hyperscan", None)
    for name in ("patterns", "database"):
        monkeypatch.delitem(sys.modules, f"akpatrol.detect.hyperscan_{name}", raising=False)
    assert [plain_staged.run(()) for _ in range(3)] == [0, 0, 0]
    assert capsys.readouterr().out.count("No credentials found") == 3
