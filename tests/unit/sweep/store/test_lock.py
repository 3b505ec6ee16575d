"""Who may write to a store, directly."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from akpatrol.errors import UsageError
from akpatrol.sweep.store.lock import Lock, check_own

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def store(tmp_path: Path) -> Iterator[str]:
    before = os.umask(0)
    yield str(tmp_path / "s.db")
    os.umask(before)


def test_one_at_a_time_until_it_is_closed(store: str) -> None:
    first = Lock(store)
    with pytest.raises(UsageError, match=f"s.db: another sweep is writing to it: process {os.getpid()} on ") as caught:
        Lock(store)
    assert caught.value.hint == "wait until it finishes, or use another store"
    first.close()
    Lock(store).close()


def test_its_file_stays_is_the_owner_s_and_names_the_last_holder(store: str) -> None:
    file = Path(f"{store}-lock")
    file.touch(0o600)
    file.write_text("process 1 on a machine with a long name\n" * 3)
    Lock(store).close()
    assert file.read_text().splitlines()[0].startswith(f"process {os.getpid()} on ")
    assert len(file.read_text().splitlines()) == 1
    file.unlink()
    Lock(store).close()
    assert file.stat().st_mode & 0o777 == 0o600


def test_who_holds_it_without_a_word_has_just_started(store: str) -> None:
    first = Lock(store)
    os.truncate(f"{store}-lock", 0)
    with pytest.raises(UsageError, match="it has just started"):
        Lock(store)
    first.close()


def test_a_link_and_a_missing_directory_are_refused(store: str) -> None:
    Path(f"{store}-lock").symlink_to("elsewhere")
    with pytest.raises(UsageError, match=r"s\.db-lock: "):
        Lock(store)
    assert not (Path(store).parent / "elsewhere").exists()
    with pytest.raises(UsageError, match="No such file or directory"):
        Lock(f"{store}/deep")


@pytest.mark.parametrize("suffix", ["", "-wal", "-shm", "-lock"])
@pytest.mark.parametrize(
    ("mode", "own"), [(0o600, True), (0o644, True), (0o755, True), (0o620, False), (0o602, False), (0o666, False)]
)
def test_each_of_its_files_is_written_by_its_owner_alone(store: str, suffix: str, mode: int, own: bool) -> None:
    Path(store + suffix).touch()
    Path(store + suffix).chmod(mode)
    if own:
        check_own(store)
    else:
        with pytest.raises(UsageError) as caught:
            check_own(store)
        assert str(caught.value) == f"{store}{suffix}: not a file that you own and only you can write"


@pytest.mark.parametrize("suffix", ["", "-wal", "-shm", "-lock"])
@pytest.mark.parametrize("kind", ["directory", "fifo", "link", "dangling link"])
def test_each_of_its_files_is_a_regular_one(store: str, suffix: str, kind: str) -> None:
    file = Path(store + suffix)
    match kind:
        case "directory":
            file.mkdir(0o700)
        case "fifo":
            os.mkfifo(file, 0o600)
        case _:
            file.symlink_to(__file__ if kind == "link" else "nowhere")
    with pytest.raises(UsageError, match="not a file that you own"):
        check_own(store)


def test_a_file_of_another_user_is_not_its_own(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    Path(store).touch(0o600)
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(UsageError, match="not a file that you own"):
        check_own(store)


def test_its_directory_must_be_there_and_may_be_anyone_s(store: str) -> None:
    Path(store).parent.chmod(0o777)
    check_own(store)
    with pytest.raises(UsageError, match="its directory does not exist") as caught:
        check_own(f"{store}.d/s")
    assert caught.value.hint == f"create it: mkdir -p {store}.d"
    with pytest.raises(UsageError, match="null"):
        check_own("a\0b")
