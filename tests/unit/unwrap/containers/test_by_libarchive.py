"""What libarchive opens, in a process that may stop, hang or lie."""

from __future__ import annotations

import os
import random
import shutil
import struct
import subprocess
import sys
import zlib
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

import akpatrol
from akpatrol.config.limits import Limits
from akpatrol.unwrap.budget import Budget
from akpatrol.unwrap.containers import by_libarchive, libarchive_worker, worker_process
from tests.corpus.foreign import cab_bytes, rar_bytes, seven_zip_bytes
from tests.unit.unwrap.opening import WAYS, as_content, gather, open_

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_FILES = {"a/one.txt": b"one", "b/larger": random.Random(1).randbytes(300_000) + bytes(300_000), "b/Ünï.txt": b"two"}


def _libarchive_is_there() -> bool:
    return find_spec("libarchive") is not None and any(map(libarchive_worker._is_there, libarchive_worker._LIBRARIES))


_needs_libarchive = pytest.mark.skipif(not _libarchive_is_there(), reason="needs akpatrol[archives] and libarchive")


@_needs_libarchive
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("kind", "make"), [("rar", rar_bytes), ("cab", cab_bytes), ("7z", seven_zip_bytes)])
def test_members(kind: str, make: Callable[[dict[str, bytes]], bytes], way: str) -> None:
    files = {"a/one.txt": b"one", "b/larger": _FILES["b/larger"]}
    opened = open_(make(files), way)
    assert opened.members == [(f"{kind}:{name}", data) for name, data in files.items()]
    assert (opened.names, opened.skips) == ([name.encode() for name in files], [])


def _written(directory: Path, *command: str) -> bytes:
    """Return what a program writes of the files to ``out``."""
    if not shutil.which(command[0]):
        pytest.skip(f"needs {command[0]}")
    for name, data in _FILES.items():
        (directory / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / "tree" / name).write_bytes(data)
    subprocess.run([*command, "a", "b"], cwd=directory / "tree", check=True, capture_output=True)
    return (directory / "out").read_bytes()


_SEVEN_ZIP = ("7z", "a", "-t7z")


@_needs_libarchive
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "command",
    [
        _SEVEN_ZIP,
        (*_SEVEN_ZIP, "-mx=9"),
        (*_SEVEN_ZIP, "-m0=ppmd"),
        (*_SEVEN_ZIP, "-m0=bzip2"),
        (*_SEVEN_ZIP, "-m0=copy"),
        ("bsdtar", "--format=xar", "-cf"),
    ],
    ids=" ".join,
)
def test_what_programs_write(tmp_path: Path, command: tuple[str, ...], way: str) -> None:
    data = _written(tmp_path, *command, str(tmp_path / "out")) if command[0] != "7z" else _seven_zip(tmp_path, *command)
    opened = open_(data, way)
    kind = "xar" if "--format=xar" in command else "7z"
    assert {name: data for name, data in opened.members if data} == {f"{kind}:{n}": data for n, data in _FILES.items()}
    assert opened.skips == []


def _seven_zip(directory: Path, *command: str) -> bytes:
    """7z adds an ending to a name without one, and not to one that ends in a dot."""
    data = _written(directory, *command, str(directory / "out."))
    assert data
    return data


@_needs_libarchive
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("kind", "command"), [("lz4", ("lz4", "-c")), ("lz4", ("lz4", "-lc")), ("compress", ("compress", "-c"))]
)
def test_streams(kind: str, command: tuple[str, ...], way: str) -> None:
    if not shutil.which(command[0]):
        pytest.skip(f"needs {command[0]}")
    text = b"some text of a log\n" * 90_000
    data = subprocess.run(command, input=text, check=True, capture_output=True).stdout
    opened = open_(data, way)
    assert (opened.members, opened.skips, opened.names) == ([(kind, text)], [], [])
    if kind == "lz4":
        assert "the data after its end is not lz4" in open_(data + b"something else", way).reasons
        assert "truncated" in open_(data[:-5], way).reasons


@_needs_libarchive
def test_what_is_encrypted_is_told(tmp_path: Path) -> None:
    data = _seven_zip(tmp_path, *_SEVEN_ZIP, "-psecret")
    assert "encrypted" in open_(data).reasons
    (tmp_path / "out").unlink()
    assert open_(_seven_zip(tmp_path, *_SEVEN_ZIP, "-psecret", "-mhe=on")).reasons == "7z archive: encrypted"


@_needs_libarchive
@pytest.mark.parametrize("data", [rar_bytes({"a": b"text"}, 1), cab_bytes({"a": b"text"}, 2)], ids=["rar", "cab"])
def test_a_volume_of_several_is_told(data: bytes) -> None:
    assert "it is one volume of several" in open_(data).reasons


@_needs_libarchive
def test_links_are_names(tmp_path: Path) -> None:
    (tmp_path / "tree" / "a").mkdir(parents=True)
    (tmp_path / "tree" / "a" / "link").symlink_to("/etc/passwd")
    opened = open_(_written(tmp_path, "bsdtar", "--format=7zip", "-cf", str(tmp_path / "out")))
    assert b"/etc/passwd" in opened.names
    assert {data for data in opened.contents if data} == {data for data in _FILES.values() if data}


@_needs_libarchive
def test_data_after_the_end_of_7z_is_told(tmp_path: Path) -> None:
    data = _seven_zip(tmp_path, *_SEVEN_ZIP)
    assert open_(data + b"more").reasons == f"the data after its end at byte {len(data)} is not 7z"


@_needs_libarchive
@pytest.mark.parametrize(("kind", "make"), [("rar", rar_bytes), ("cab", cab_bytes)])
def test_truncation_is_told(kind: str, make: Callable[[dict[str, bytes]], bytes]) -> None:
    data = make({"a": b"text" * 60, "b": random.Random(2).randbytes(200)})
    title = {"rar": "rar archive", "cab": "cabinet"}[kind]
    ends = struct.pack("<I", zlib.crc32(b"\3\5\0\0"))
    for size in range(64, data.index(ends) if ends in data else len(data), 64):
        assert title in open_(data[:size]).reasons or "truncated" in open_(data[:size]).reasons


@_needs_libarchive
def test_the_budget_bounds_it() -> None:
    data = cab_bytes({"zeros": bytes(16 << 20)})
    opened = open_(data, limits=Limits(expanded=4 << 20))
    assert opened.reasons == "expands to more than 4 MiB; --max-expanded SIZE"
    assert (
        "holds more than 3 members"
        in open_(rar_bytes({str(n): b"x" for n in range(9)}), limits=Limits(members=3)).reasons
    )


def _instead(monkeypatch: pytest.MonkeyPatch, directory: Path, code: str) -> None:
    (directory / "program.py").write_text(f"import os, struct, sys, time\n{code}")
    monkeypatch.setattr(worker_process, "command", lambda _program: [sys.executable, str(directory / "program.py")])
    monkeypatch.setattr(by_libarchive, "place", lambda _name: "/nowhere")


_MESSAGE = "def send(letter, body=b''):\n    os.write(1, letter + struct.pack('<I', len(body)) + body)\n"


@pytest.mark.parametrize(
    "code",
    [
        "os.abort()",
        "sys.exit(0)",
        "os.write(1, b'D' + b'\\xff' * 4)",
        "send(b'Q', b'nothing of that kind')",
        "send(b'M', b'')",
        "send(b'W', b'short')",
        "send(b'D', b'without a member')",
        "send(b'M', bytes(5)); send(b'D', b'x'); os.abort()",
        "send(b'M', bytes(5)); send(b'D', b'x'); send(b'W', b'short'); time.sleep(600)",
        "[send(b'W', bytes(12)) for _ in range(3)]; os.abort()",
    ],
)
def test_the_end_of_the_process_is_a_skip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    _instead(monkeypatch, tmp_path, _MESSAGE + code)
    opened = open_(rar_bytes({"a": b"text"}))
    assert "rar archive: libarchive stopped while reading it" in opened.reasons


def test_a_process_that_ended_before_it_was_asked_is_a_skip(monkeypatch: pytest.MonkeyPatch) -> None:
    started = worker_process._started

    def ended(program: worker_process.Program) -> subprocess.Popen[bytes]:
        child = started(program)
        child.kill()
        child.wait()
        return child

    monkeypatch.setattr(worker_process, "_started", ended)
    assert open_(rar_bytes({"a": b"text"})).reasons == "rar archive: libarchive stopped while reading it"


def test_silence_is_a_skip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _instead(monkeypatch, tmp_path, "time.sleep(600)")
    monkeypatch.setattr(by_libarchive, "PROGRAM", by_libarchive.PROGRAM._replace(silent_seconds=0.5))
    assert open_(rar_bytes({"a": b"text"})).reasons == "rar archive: libarchive stopped while reading it"
    opened = gather(as_content(rar_bytes({"a": b"text"})), Budget(Limits(seconds=0.2)))
    assert opened.reasons == "not done after 0.2 seconds; --max-seconds"


def test_nothing_of_the_process_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _instead(monkeypatch, tmp_path, f"open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid())); time.sleep(600)")
    monkeypatch.setattr(by_libarchive, "PROGRAM", by_libarchive.PROGRAM._replace(silent_seconds=0.5))
    open_(rar_bytes({"a": b"text"}))
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (rar_bytes({}), "rar archive: it is not opened: install akpatrol[archives]"),
        (b"\x04\x22\x4d\x18" + bytes(9), "lz4: it is not expanded: install akpatrol[archives]"),
        (b"\x1f\x9d\x90" + bytes(9), "compress (.Z): it is not expanded: install akpatrol[archives]"),
    ],
)
def test_without_the_extra_the_skip_names_it(monkeypatch: pytest.MonkeyPatch, data: bytes, reason: str) -> None:
    monkeypatch.setattr(by_libarchive, "place", lambda _name: None)
    assert open_(data).reasons == reason


def test_without_the_library_the_skip_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIBARCHIVE", "/nowhere/libarchive.so")
    assert open_(rar_bytes({})).reasons == "rar archive: it is not opened: install the library libarchive"


@pytest.mark.parametrize("data", [b"ISc(" + bytes(60), b"mozLz40\0" + bytes(60)])
def test_what_libarchive_does_not_know_is_told(data: bytes) -> None:
    assert open_(data).reasons.endswith(("are not opened", "are not expanded"))


@_needs_libarchive
@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
def test_the_process_can_open_no_file_and_start_no_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = f"""
sys.path.insert(0, {os.path.dirname(akpatrol.__file__)!r} + "/..")
from akpatrol.unwrap.containers import libarchive_worker, worker

def read(_request):
    try:
        open("/etc/hostname")
    except OSError as error:
        worker.send(libarchive_worker.MEMBER, libarchive_worker.FACTS.pack(False, 6) + b"closed")

worker.serve(read, libarchive_worker.BOUNDS)
"""
    _instead(monkeypatch, tmp_path, code)
    assert open_(rar_bytes({"a": b"text"})).names == [b"closed"]


def test_only_forms_that_start_no_program_are_asked_for() -> None:
    assert not {"lrzip", "lzop", "grzip", "program", "all"} & {
        name for names in libarchive_worker.READERS.values() for part in names for name in part
    }
