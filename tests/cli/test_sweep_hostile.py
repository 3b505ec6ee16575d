"""A sweep in bad company: secrets in names, names that look alike, no home, no directory, no room, two Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

from akpatrol.sweep import signature
from tests import organization
from tests.program import command, execute, finish
from tests.repositories import Repository
from tests.sweeps import Sweeps, children, interrupted

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from tests.conftest import Run


def test_a_raw_secret_in_the_name_of_what_was_skipped_is_not_kept(run: Run, tmp_path: Path, key: str) -> None:
    """A broken .git below a directory that is called like a key."""
    (tmp_path / key / "sub").mkdir(parents=True)
    (tmp_path / key / "sub" / ".git").write_text("gitdir: /nowhere\n")
    run("sweep", tmp_path / key, "--store", tmp_path / "store", "--jobs", "1")
    assert key.partition(".")[2].encode() not in (tmp_path / "store").read_bytes()


def test_a_raw_secret_in_an_address_is_not_kept(run: Run, tmp_path: Path, key: str) -> None:
    run("sweep", f"git://127.0.0.1:9/{key}.git", "--store", tmp_path / "store", "--clones", tmp_path / "clones")
    assert key.partition(".")[2].encode() not in (tmp_path / "store").read_bytes()
    assert not [path for path in (tmp_path / "clones").rglob("*") if key.partition(".")[2] in path.name]


def test_targets_that_are_shown_alike_are_two(run: Run, tmp_path: Path, new_key: Callable[[], str]) -> None:
    r"""The byte ff and the four characters \xff."""
    keys = [new_key(), new_key()]
    for name, key in zip((os.fsdecode(b"\xff"), "\\xff"), keys, strict=True):
        repo = Repository(tmp_path / "org" / name, "--bare")
        (repo.path / "description").write_text(f"KEY={key}\n")
    result = run("sweep", tmp_path / "org", "--store", tmp_path / "store", "--jobs", "1")
    assert [len(result.found(key)) for key in keys] == [1, 1]


def test_targets_whose_names_are_masked_alike_are_two(run: Run, tmp_path: Path, new_key: Callable[[], str]) -> None:
    """Two directories called by keys that begin with the same four characters."""
    keys = [new_key(), new_key()]
    name = new_key()
    for other, key in zip("xy", keys, strict=True):
        repo = Repository(tmp_path / "org" / f"{name[:-1]}{other}", "--bare")
        (repo.path / "description").write_text(f"KEY={key}\n")
    result = run("sweep", tmp_path / "org", "--store", tmp_path / "store", "--jobs", "1")
    assert [len(result.found(key)) for key in keys] == [1, 1]


def test_a_target_with_a_masked_name_is_as_it_was(
    run: Run, tmp_path: Path, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signature, "SETTLED_NS", -1)
    (tmp_path / key).mkdir()
    sweep = ("sweep", tmp_path / key, "--store", tmp_path / "store", "--jobs", "1")
    run(*sweep)
    assert "0 read, 1 unchanged" in run(*sweep).err


def test_the_store_in_the_directory_that_is_swept(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the default store, which would read itself and never be as it was."""
    monkeypatch.setattr(signature, "SETTLED_NS", -1)
    (tmp_path / "a").write_text("nothing\n")
    first = run("sweep", ".", "--jobs", "1", cwd=tmp_path)
    assert first.json["coverage"]["counts"]["files"] == 1
    assert "0 read, 1 unchanged" in run("sweep", ".", "--jobs", "1", cwd=tmp_path).err


def test_a_deleted_current_directory(tmp_path: Path) -> None:
    """Processes cannot be started from there."""
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "f").touch()
    (tmp_path / "gone").mkdir()
    patch = f"import os; os.rmdir({str(tmp_path / 'gone')!r})"
    sweep = ("sweep", tmp_path / "tree", "--store", tmp_path / "store", "--jobs", "2")
    assert execute(*sweep, patch=patch, cwd=tmp_path / "gone").code == 0


def test_two_interrupts_after_a_worker_died(tmp_path: Path) -> None:
    """What it did is tried again in a process of its own, which has to end too."""
    acme = organization.make(tmp_path / "org", 12)
    sweeps = Sweeps(acme, tmp_path / "store", 2)
    process = sweeps.stuck(tmp_path, 2)
    os.kill(children(process)[0], signal.SIGKILL)
    while len([*tmp_path.glob("at-work-*")]) < 3:
        time.sleep(0.01)
    try:
        interrupted(process)
        os.killpg(process.pid, signal.SIGINT)
        assert finish(process, 20).code == 130
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            finish(process)


def test_a_list_of_nothing_is_not_green(run: Run, tmp_path: Path) -> None:
    (tmp_path / "list").write_text("# to do\n")
    assert run("sweep", f"@{tmp_path / 'list'}", "--store", tmp_path / "store").code == 2


def test_a_local_sweep_needs_no_home(tmp_path: Path) -> None:
    """A service of systemd has none."""
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "f").touch()
    nowhere = {"HOME": "", "XDG_CACHE_HOME": ""}
    assert execute("sweep", tmp_path / "tree", "--store", tmp_path / "store", variables=nowhere).code == 0


def test_the_table_counts_what_this_sweep_did_not_fully_read(run: Run, tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
        result = run("sweep", tmp_path / name, "--store", tmp_path / "store", "--jobs", "1")
    assert "1 read, 0 unchanged, 0 not fully read" in result.err


def test_a_full_standard_error_changes_no_exit_code(tmp_path: Path, key: str) -> None:
    (tmp_path / "a").write_text(f"KEY={key}\n")
    with Path("/dev/full").open("wb") as full:
        words = command("sweep", tmp_path / "a", "--store", tmp_path / "store", "--jobs", "1")
        assert subprocess.run(words, stderr=full, stdout=subprocess.DEVNULL, check=False).returncode == 1
