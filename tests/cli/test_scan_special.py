"""What is not a regular file, cannot be read, or changes while it is looked at."""

from __future__ import annotations

import os
import socket
import stat
from typing import TYPE_CHECKING, Any

import pytest

from akpatrol.model.batch import ContentBatch
from akpatrol.model.scan import Content, Skipped
from akpatrol.sources.files import FilesUnit
from tests.program import execute
from tests.repositories import Repository

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from akpatrol.sources.base import Item
    from tests.conftest import Run

# Modules and rules are loaded first, because nobody may perhaps not read them.
_AS_NOBODY = """
import os, tempfile
from akpatrol.rules import rule_file
from akpatrol.sources.git import worktree
from akpatrol.main import main
loaded = rule_file.load()
rule_file.load = lambda *_, **__: loaded
with tempfile.TemporaryDirectory() as directory:
    os.mkfifo(directory + "/skipped")
    main(["scan", "-o", "/dev/null", "--exclude", "none", directory])
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
"""


def test_links_are_left_out(run: Run, tmp_path: Path, key: str) -> None:
    tree, outside = tmp_path / "tree", tmp_path / "outside"
    tree.mkdir()
    outside.mkdir()
    (outside / "f").write_text(key)
    targets = {"file": f"{outside}/f", "dir": str(outside), "loop": "loop", "dangling": "no", "up": ".."}
    for name, target in targets.items():
        (tree / name).symlink_to(target)
    (tree / "real").touch()
    result = run("scan", tree)
    assert (result.code, result.excluded) == (0, {"symlink": 5})
    assert result.complete


def test_special_files_are_never_opened(run: Run, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "file").touch()
    with socket.socket(socket.AF_UNIX) as listener:
        os.chdir(tmp_path)  # a socket's path is short
        listener.bind("socket")
        result = run("scan", tmp_path)
    assert (result.code, result.excluded) == (0, {"special_file": 2})


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes devices")
def test_devices_are_never_opened(run: Run, tmp_path: Path) -> None:
    try:
        os.mknod(tmp_path / "zero", stat.S_IFCHR | 0o666, os.makedev(1, 5))
    except PermissionError:
        pytest.skip("no devices here")
    (tmp_path / "file").touch()
    result = run("scan", tmp_path)
    assert (result.code, result.excluded) == (0, {"special_file": 1})


def test_named_link_is_followed(run: Run, tmp_path: Path, key: str) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "f").write_text(key)
    (tmp_path / "link").symlink_to("real")
    assert run("scan", "link", cwd=tmp_path).one(key)["path"] == "f"


def test_missing_path(run: Run, tmp_path: Path, key: str) -> None:
    (tmp_path / "f").write_text(key)
    result = run("scan", "f", "no such\nfile", cwd=tmp_path)
    assert (result.code, result.json) == (2, {})
    assert "no such\\nfile: No such file or directory" in result.err


@pytest.mark.parametrize("name", ["", "loop"])
def test_unusable_path(run: Run, tmp_path: Path, name: str) -> None:
    """An empty word is mostly an unset variable of a script: it must not scan something else."""
    (tmp_path / "loop").symlink_to("loop")
    assert run("scan", name, cwd=tmp_path).code == 2


def test_named_fifo(run: Run, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    result = run("scan", tmp_path / "fifo")
    assert result.code == 2
    assert "is a FIFO" in result.err
    assert "akpatrol scan -" in result.err


@pytest.mark.skipif(os.geteuid() != 0, reason="root gives its rights away")
def test_unreadable(tmp_path_factory: pytest.TempPathFactory, key: str) -> None:
    """Read as somebody who may not, whoever runs the tests."""
    tree = tmp_path_factory.mktemp("tree")
    _open(tree)
    (tree / "file").write_text(key)
    (tree / "file").chmod(0)
    (tree / "directory").mkdir(mode=0)
    (tree / "open").write_text("clean\n")
    done = execute("scan", tree, "--jobs", "1", patch=_AS_NOBODY, cwd=tree)
    assert done.code == 3, done.err
    assert done.out.startswith(b"INCOMPLETE")
    assert b"Permission denied" in done.out


@pytest.mark.skipif(os.geteuid() != 0, reason="root gives its rights away")
def test_what_git_cannot_list(tmp_path_factory: pytest.TempPathFactory) -> None:
    """git warns of a directory that it cannot open, and ends with 0; what it tracks there it lists without looking."""
    repo = Repository(tmp_path_factory.mktemp("repository"))
    _open(repo.path)
    repo.write("tracked/a", "x")
    repo.write(".gitignore", "/ignored\n")
    repo.commit()
    repo.write("sub/private/b", "x")
    repo.write("ignored/c", "x")
    for name in ("tracked", "sub/private", "ignored"):
        (repo.path / name).chmod(0)

    def told(*words: str | Path) -> tuple[int, list[str]]:
        done = execute("scan", "--tracked", "--jobs", "1", *words, patch=_AS_NOBODY, cwd=repo.path)
        listed = done.out.decode().partition("Not scanned")[2].partition("\n\n")[0]
        return done.code, sorted(line.strip() for line in listed.splitlines() if line.startswith("    "))

    assert told(".") == (3, ["sub/private", "tracked", "tracked/a"])
    assert told("sub") == (3, ["private"])
    assert told("--exclude", "tracked/", "--exclude", "private/", ".") == (0, [])


def _open(tree: Path) -> None:
    """Let everybody into a directory of pytest's."""
    for directory in (tree, *tree.parents):
        if directory.stat().st_uid == os.geteuid() and directory != directory.parent and "pytest" in str(directory):
            directory.chmod(0o755)


@pytest.fixture
def unit(tmp_path: Path) -> Callable[..., FilesUnit]:
    return lambda *names: FilesUnit("0", os.fsencode(tmp_path), tuple(name.encode() for name in names))


def _reasons(items: Iterable[Item | ContentBatch]) -> list[tuple[str, str]]:
    return [(item.item, item.reason) for item in items if isinstance(item, Skipped)]


def test_file_vanished(unit: Callable[..., FilesUnit]) -> None:
    assert _reasons(unit("gone", "sub/gone").read()) == [
        ("gone", "No such file or directory"),
        ("sub/gone", "No such file or directory"),
    ]


def test_file_became_something_else(unit: Callable[..., FilesUnit], tmp_path: Path) -> None:
    """Between the walk and the reading; neither may block or lead away."""
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "link").symlink_to("/etc/passwd")
    (tmp_path / "directory").mkdir()
    reasons = dict(_reasons(unit("fifo", "link", "directory").read()))
    assert reasons["fifo"] == "became a FIFO"
    assert reasons["link"] == "became a symbolic link"
    assert "directory" in reasons


def test_directory_became_a_link(unit: Callable[..., FilesUnit], tmp_path: Path, key: str) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "f").write_text(key)
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "dir").symlink_to(tmp_path / "outside")
    items = list(unit("tree/dir/f").read())
    assert not any(isinstance(item, Content | ContentBatch) for item in items), "nothing was read"
    assert len(_reasons(items)) == 1


def test_directory_vanished(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    original = os.scandir

    def scandir(path: bytes) -> Any:
        if path.endswith(b"/b"):
            raise FileNotFoundError(2, "No such file or directory")
        return original(path)

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", scandir)
        result = run("scan", tmp_path)
    assert (result.code, result.skipped) == (
        3,
        [{"item": "b", "reason": "directory: No such file or directory", "accepted": None}],
    )


def test_failing_disk(run: Run, tmp_path: Path, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was read before the error is still found; the file counts as skipped."""
    (tmp_path / "f").write_bytes(key.encode() + b"\n" * (9 << 20))
    original, calls = os.read, iter(range(1000))

    def read(handle: int, number: int) -> bytes:
        if number > 1 << 20 and next(calls) == 2:
            raise OSError(5, "Input/output error")
        return original(handle, number)

    monkeypatch.setattr(os, "read", read)
    result = run("scan", tmp_path, "--jobs", "1")
    assert result.code == 1
    assert not result.complete
    assert result.skipped[0]["reason"] == "Input/output error"
    assert result.one(key)["offset"] == 0


def test_short_reads_are_not_the_end(run: Run, tmp_path: Path, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some file systems give less than was asked for."""
    (tmp_path / "f").write_bytes(b"x" * 10_000 + b"\n" + key.encode())
    original = os.read
    monkeypatch.setattr(os, "read", lambda handle, number: original(handle, min(number, 1000)))
    result = run("scan", tmp_path, "--jobs", "1")
    assert result.one(key)["line"] == 2
    assert result.json["coverage"]["bytes"] == 10_001 + len(key)


def test_file_that_grows(run: Run, tmp_path: Path, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was added since it was opened is read as well; a file of unknown length (/proc) is read to its end."""
    (tmp_path / "f").write_bytes(b"x" * 5_000_000 + b"\n" + key.encode())
    real = os.fstat

    def fstat(handle: int) -> os.stat_result:
        status = list(real(handle))
        status[stat.ST_SIZE] = 0
        return os.stat_result(status)

    monkeypatch.setattr(os, "fstat", fstat)
    assert run("scan", tmp_path, "--jobs", "1").one(key)["line"] == 2
