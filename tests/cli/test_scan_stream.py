"""Standard input: a stream of any length, in memory that does not grow with it."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from threading import Thread
from typing import IO, TYPE_CHECKING, Any

import pytest

from tests.program import execute, finish, start

if TYPE_CHECKING:
    from pathlib import Path

_MEGABYTES = 300
_PEAK = 200 << 10  # KiB


def _report(out: bytes) -> Any:
    return json.loads(out)


def _feed(pipe: IO[bytes], *parts: bytes) -> None:
    with pipe:
        for part in parts:
            pipe.write(part)


def test_long_stream_in_little_memory(key: str) -> None:
    block = b"all work and no play makes Jack\n" * 32768
    # Not ru_maxrss: it carries the parent's value over exec.
    patch = (
        "import atexit, sys\n"
        "peak = lambda: open('/proc/self/status').read().split('VmHWM:')[1].split()[0]\n"
        "atexit.register(lambda: sys.stderr.write(peak()))"
    )
    process = start("scan", "-", "-f", "json", patch=patch, stdin=subprocess.PIPE)
    assert process.stdin
    feeder = Thread(target=_feed, args=(process.stdin, *[block] * _MEGABYTES, key.encode()))
    feeder.start()
    process.stdin = None
    done = finish(process)
    feeder.join()
    report = _report(done.out)
    found = report["credentials"][0]["occurrences"][0]
    assert (done.code, found["path"], found["place"]) == (1, "<stdin>", "content")
    assert (found["line"], found["column"], found["offset"]) == (32768 * _MEGABYTES + 1, 1, len(block) * _MEGABYTES)
    assert report["coverage"]["bytes"] == len(block) * _MEGABYTES + len(key)
    assert report["coverage"]["counts"] == {"streams": 1}
    assert int(done.err) < _PEAK


def test_stream_in_drips(key: str) -> None:
    """A pipe gives what it has; a credential that arrives in pieces is whole."""
    process = start("scan", "-", "-f", "json", stdin=subprocess.PIPE)
    assert process.stdin
    for byte in b"KEY=" + key.encode():
        process.stdin.write(bytes([byte]))
        process.stdin.flush()
    done = finish(process)
    assert done.code == 1
    assert _report(done.out)["credentials"][0]["occurrences"][0]["column"] == 5


@pytest.mark.parametrize("content", [b"\n", b"\0" * 100])
def test_nothing_in_it(content: bytes) -> None:
    done = execute("scan", "-", stdin=content)
    assert done.code == 0
    assert done.out.startswith(b"No credentials found")


def test_stream_beside_paths(tmp_path: Path, key: str, token: str) -> None:
    (tmp_path / "f").write_text(key)
    done = execute("scan", "-", tmp_path, "-", "-f", "json", stdin=token.encode())
    report = _report(done.out)
    assert {target["kind"] for target in report["scan"]["targets"]} == {"directory", "stream"}
    assert len(report["credentials"]) == 2


def test_closed_standard_input() -> None:
    """Nothing was looked at, so it cannot be a clean scan."""
    command = [sys.executable, "-m", "akpatrol", "scan", "-"]
    done = subprocess.run(["sh", "-c", 'exec "$@" <&-', "sh", *command], capture_output=True, check=False)
    assert done.returncode == 3
    assert b"standard input is closed" in done.stdout


def test_file_named_dash(tmp_path: Path, key: str) -> None:
    (tmp_path / "-").write_text(key)
    assert execute("scan", "./-", cwd=tmp_path).code == 1
    assert execute("scan", "-", cwd=tmp_path, stdin=b"x").code == 0


def test_no_configuration_speaks_for_a_stream(tmp_path: Path, key: str) -> None:
    (tmp_path / ".akpatrol.toml").write_text('min_confidence = "loud"')
    assert execute("scan", "-", cwd=tmp_path, stdin=key.encode()).code == 1


def test_unreadable_standard_input(tmp_path: Path) -> None:
    handle = os.open(tmp_path / "write only", os.O_WRONLY | os.O_CREAT)
    process = start("scan", "-", stdin=handle)
    os.close(handle)
    done = finish(process)
    assert done.code == 3
    assert b"Bad file descriptor" in done.out or b"not readable" in done.out
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
