"""One timed run of a program, with the memory of all its processes."""

from __future__ import annotations

import os
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.cache.scan_cache import FILE_NAME

if TYPE_CHECKING:
    from collections.abc import Sequence

_PERIOD = 0.05  # seconds between two looks at the memory
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Run(NamedTuple):
    """What a run took and said; memory in kB, summed over the processes alive at once, 0 where /proc is missing."""

    seconds: float
    resident: int
    private: int  # without pages of files, such as packs mapped into memory
    code: int
    errors: str


def run(
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    output: Path | None = None,
    cache: Path | None = None,
    remembers: bool = False,
) -> Run:
    """Run a command to its end; ``output`` takes its standard output, else nobody does.

    With ``cache`` as the user's cache directory a program finds there what it made of its rules in an earlier run, yet
    nothing of what akpatrol remembers to have read, unless it ``remembers``.
    """
    environment = dict(os.environ)
    if cache:
        environment["XDG_CACHE_HOME"] = str(cache)
        for remembered in () if remembers else (cache / "akpatrol").glob(f"{FILE_NAME}*"):
            remembered.unlink()
    peaks, ended = [0, 0], Event()
    with tempfile.TemporaryFile() as errors, Path(output or os.devnull).open("wb") as written:
        start = perf_counter()
        process = subprocess.Popen(
            command, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, stdout=written, stderr=errors
        )
        watcher = Thread(target=_watch, args=(process.pid, ended, peaks))
        watcher.start()
        code = process.wait()
        seconds = perf_counter() - start
        ended.set()
        watcher.join()
        errors.seek(0)
        return Run(round(seconds, 4), peaks[0], peaks[1], code, errors.read().decode(errors="replace"))


def _watch(process: int, ended: Event, peaks: list[int]) -> None:
    while True:
        sizes = [_size(each) for each in _tree(process)]
        peaks[:] = (max(peak, sum(size)) for peak, size in zip(peaks, zip(*sizes, strict=True), strict=False))
        if ended.wait(_PERIOD):
            return


def _tree(process: int) -> list[int]:
    """Return a process and all that descend from it."""
    found = [process]
    for each in found:
        with suppress(OSError):  # gone meanwhile
            for thread in os.listdir(f"/proc/{each}/task"):
                with suppress(OSError):
                    found += map(int, Path(f"/proc/{each}/task/{thread}/children").read_text().split())
    return found


def _size(process: int) -> tuple[int, int]:
    with suppress(OSError):
        _, resident, shared, *_ = map(int, Path(f"/proc/{process}/statm").read_text().split())
        return resident * _PAGE // 1000, (resident - shared) * _PAGE // 1000
    return 0, 0
