"""Repositories that are hard on memory, made on the spot with real git."""

from __future__ import annotations

import subprocess
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_VERSIONS, _VERSION = 20, 60_000_000
_OBJECTS, _FOLDER = 5_000_000, 5_000
_LARGE = 2_200_000_000
_CHUNK = 1 << 20
_COMMIT = "commit refs/heads/main\ncommitter Bench <bench@example.org> 1700000000 +0000\ndata 6\nChange\n"


def build(what: str, directory: Path) -> Path:
    """Make the bare repository ``versions``, ``objects`` or ``large`` in a new directory."""
    streams = {"versions": _versions, "objects": _objects, "large": _large}
    if what not in streams:
        raise SystemExit(f"{what}: give NAME=PATH or one of {', '.join(streams)}")
    subprocess.run(["git", "init", "--quiet", "--bare", directory], check=True)
    command = ["git", "-C", str(directory), "-c", "fastimport.unpackLimit=1", "fast-import", "--quiet"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        assert process.stdin  # noqa: S101
        for data in streams[what]():
            process.stdin.write(data)
    if process.returncode:
        raise SystemExit(f"git fast-import failed: {process.returncode}")
    if what == "versions":  # fast-import stores them whole
        subprocess.run(["git", "-C", directory, "repack", "-adfq", "--window=2"], check=True)
    return directory


def _versions() -> Iterator[bytes]:
    """One file of 60 MB, of random words in lines, a few thousand of which differ between two versions."""
    rng = Random(1)
    words = [rng.randbytes(rng.randrange(2, 6)).hex() for _ in range(50_000)]
    written = [" ".join(rng.choices(words, k=8)) + "\n" for _ in range(_VERSION // 65)]
    for _ in range(_VERSIONS):
        for _ in range(3_000):
            written[rng.randrange(len(written))] = " ".join(rng.choices(words, k=8)) + "\n"
        content = "".join(written).encode()
        yield f"{_COMMIT}M 100644 inline data.txt\ndata {len(content)}\n".encode()
        yield content


def _objects() -> Iterator[bytes]:
    """Files of a line each, in folders small enough for git not to choke on."""
    yield _COMMIT.encode()
    for start in range(0, _OBJECTS, _FOLDER):
        yield "".join(
            f"M 100644 inline {start}/{number}\ndata {len(str(number)) + 7}\nnumber {number}\n"
            for number in range(start, start + _FOLDER)
        ).encode()


def _large() -> Iterator[bytes]:
    """One file of more than 2 GB, which git neither deltifies nor holds in memory."""
    rng = Random(1)
    chunk = rng.randbytes(_CHUNK // 2).hex().encode()
    yield f"{_COMMIT}M 100644 inline data.txt\ndata {_LARGE // _CHUNK * _CHUNK}\n".encode()
    for _ in range(_LARGE // _CHUNK):
        yield chunk
