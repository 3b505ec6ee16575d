"""Packs that are made to take forever: each ends in bounded memory, and says that it was not read in full."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pytest
from isal import isal_zlib

from tests.objects import header, number, ofs_delta, whole
from tests.program import execute

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_MEGABYTES = 220
# Not ru_maxrss: it carries the parent's value over exec.
_PEAK = (
    "import atexit, sys\n"
    "peak = lambda: open('/proc/self/status').read().split('VmHWM:')[1].split()[0]\n"
    "atexit.register(lambda: sys.stderr.write('\\npeak ' + peak()))"
)
_LARGE = bytes(31 << 20)
# A copy of a mebibyte, the largest part of the base that one instruction names here, for each of its mebibytes.
_AGAIN = number(len(_LARGE)) + number(len(_LARGE)) + b"".join(bytes((0x80 | 0x40, 16)) for _ in range(31))


def _pack(entries: list[bytes], declared: int | None = None) -> bytes:
    count = len(entries) if declared is None else declared
    pack = b"PACK\0\0\0\2" + count.to_bytes(4, "big") + b"".join(entries)
    return pack + hashlib.sha1(pack, usedforsecurity=False).digest()


def _chain() -> bytes:
    """As deep as git makes them, each of 31 MiB."""
    entries = [whole(3, _LARGE)]
    for _ in range(4095):
        entries.append(ofs_delta(len(entries[-1]), _AGAIN))
    return _pack(entries)


def _bushy() -> bytes:
    """Each base has two deltas, so that it has to wait, or to be made again."""
    entries, offsets = [whole(3, _LARGE)], [12]
    offset = 12 + len(entries[0])
    for index in range(1, 3000):
        entries.append(ofs_delta(offset - offsets[(index - 1) // 2], _AGAIN))
        offsets.append(offset)
        offset += len(entries[-1])
    return _pack(entries)


def _zeros() -> bytes:
    deflater = isal_zlib.compressobj(3)
    stream = b"".join(deflater.compress(bytes(1 << 20)) for _ in range(1 << 10)) + deflater.flush()
    return _pack([header(3, 1 << 30) + stream] * 20)


_BOMBS: dict[str, tuple[Callable[[], bytes], str]] = {
    "chain": (_chain, "--max-ratio"),
    "bushy": (_bushy, "--max-ratio"),
    "zeros": (_zeros, "--max-ratio"),
    "many": (lambda: _pack([whole(3, b"")] * 300_000), "--max-members"),
    "count": (lambda: _pack([whole(3, b"text")], (1 << 32) - 1), "4,294,967,294 objects are not read"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", _BOMBS)
def test_bombs_end(tmp_path: Path, name: str) -> None:
    build, reason = _BOMBS[name]
    (tmp_path / "f.pack").write_bytes(build())
    done = execute("scan", tmp_path, "--jobs", "1", "-f", "json", patch=_PEAK)
    report = json.loads(done.out)
    assert done.code == 3
    assert any(reason in skip["reason"] for skip in report["coverage"]["skipped"])
    assert int(done.err.rpartition(b"peak ")[2]) / 1000 < _MEGABYTES
