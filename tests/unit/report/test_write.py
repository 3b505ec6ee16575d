from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from akpatrol.errors import UsageError
from akpatrol.report.write import check_writable, write

if TYPE_CHECKING:
    from collections.abc import Iterator


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def _umask() -> Iterator[None]:
    old = os.umask(0o027)
    yield
    os.umask(old)


@pytest.mark.usefixtures("_umask")
def test_a_new_file_honours_the_umask(tmp_path: Path) -> None:
    write("caf\u00e9\n", tmp_path / "r.json")
    assert (tmp_path / "r.json").read_bytes() == "caf\u00e9\n".encode()
    assert mode(tmp_path / "r.json") == 0o640
    assert [item.name for item in tmp_path.iterdir()] == ["r.json"]


def test_an_existing_file_keeps_its_mode_and_old_readers_keep_the_old_text(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_text("old")
    path.chmod(0o604)
    with path.open() as reader:
        write("new", path)
        assert reader.read() == "old"
    assert path.read_text() == "new"
    assert mode(path) == 0o604


@pytest.mark.parametrize("failing", ["fsync", "replace"])
@pytest.mark.parametrize("existing", [True, False])
def test_a_failure_leaves_everything_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str, existing: bool
) -> None:
    path = tmp_path / "r.json"
    if existing:
        path.write_text("old")

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os if failing == "fsync" else Path, failing, fail)
    with pytest.raises(UsageError, match="No space left on device") as caught:
        write("new", path)
    assert str(path) in str(caught.value)
    assert caught.value.hint
    monkeypatch.undo()
    assert [item.read_text() for item in tmp_path.iterdir()] == (["old"] if existing else [])


def test_an_interruption_leaves_no_temporary_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write("new", tmp_path / "r.json")
    assert list(tmp_path.iterdir()) == []


def test_a_symbolic_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real/r.json")
    write("text", tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "r.json").read_text() == "text"


def test_a_fifo_is_written_straight_to(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    got: list[str] = []
    reader = threading.Thread(target=lambda: got.append(fifo.read_text()))
    reader.start()
    check_writable(fifo)
    write("text", fifo)
    reader.join(10)
    assert got == ["text"]
    assert stat.S_ISFIFO(fifo.stat().st_mode)


@pytest.mark.parametrize("name", ["/dev/stdout", "/proc/self/fd/1", "/dev/fd/1"])
def test_standard_output_that_is_a_file_is_appended_to(tmp_path: Path, name: str) -> None:
    code = f"from pathlib import Path; from akpatrol.report import write as w; w.write('report', Path({name!r}))"
    log = tmp_path / "log"
    with log.open("w") as stream:
        stream.write("before ")
        stream.flush()
        inode = log.stat().st_ino
        subprocess.run([sys.executable, "-c", code], stdout=stream, check=True)
    assert log.read_text() == "before report"
    assert log.stat().st_ino == inode


def test_the_null_device_stays_one() -> None:
    check_writable(Path(os.devnull))
    write("text", Path(os.devnull))
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)


def test_a_writable_destination_is_not_touched(tmp_path: Path) -> None:
    check_writable(tmp_path / "r.json")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (".", "it is a directory"),
        ("missing/r.json", "its directory does not exist"),
        ("file/r.json", "its directory does not exist|Not a directory"),
        ("n" * 300, "File name too long"),
        ("a\0b", "null"),
    ],
)
def test_what_cannot_be_written_is_said_before(tmp_path: Path, name: str, reason: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match=reason) as caught:
        check_writable(tmp_path / name)
    assert caught.value.hint
    with pytest.raises(UsageError):
        write("text", tmp_path / name)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_permissions_are_checked(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text("")
    (tmp_path / "r.json").chmod(0o400)
    with pytest.raises(UsageError, match="permission denied"):
        check_writable(tmp_path / "r.json")


def test_a_denied_access_is_said_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(UsageError, match="its directory is not writable"):
        check_writable(tmp_path / "r.json")
    (tmp_path / "r.json").write_text("")
    with pytest.raises(UsageError, match="permission denied"):
        check_writable(tmp_path / "r.json")
