"""The extra behaviour of a cluster's workers, set by environment variables; Dask loads it into each worker.

``TAP``: a directory in which everything that leaves the process is kept. ``FRAIL``: a file; who makes it dies with its
first task done. ``STUCK``: a file made by whoever reads a target called ``stuck``, and goes no further. ``AKPATROL``:
the version that is installed here, "" for none.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from threading import Event
from typing import Any


def dask_setup(_worker: object) -> None:
    """Begin: https://docs.dask.org/en/stable/customize-initialization.html."""
    if directory := os.environ.get("TAP"):
        tap(directory)
    if (version := os.environ.get("AKPATROL")) is not None:
        _installed(version)
    if "FRAIL" in os.environ or "STUCK" in os.environ:
        _troubled()


def tap(directory: str) -> None:
    """Keep a copy of every message that this process sends."""
    from distributed.comm import tcp as comm  # noqa: PLC0415 - where it is used

    tcp: Any = comm

    send = tcp.to_frames
    file = Path(directory, str(os.getpid())).open("ab", buffering=0)  # noqa: SIM115 - as long as the process

    async def to_frames(*arguments: Any, **options: Any) -> list[bytes]:
        frames: list[bytes] = await send(*arguments, **options)
        file.writelines(frames)
        return frames

    tcp.to_frames = to_frames


def _installed(version: str) -> None:
    if version:
        import akpatrol  # noqa: PLC0415 - nobody else may have it yet

        akpatrol.__version__ = version
    else:
        modules: dict[str, Any] = sys.modules
        modules["akpatrol"] = None  # which is how an import fails


def _troubled() -> None:
    from akpatrol.sweep import work  # noqa: PLC0415 - workers without akpatrol come here too

    whole = work.scan_target

    def troubled(spec: work.ScanSpec, target: Any) -> work.TargetResult:
        if "STUCK" in os.environ and target.root.endswith("stuck"):
            Path(os.environ["STUCK"]).touch()
            Event().wait()
        outcome = whole(spec, target)
        if "FRAIL" in os.environ and _is_first(os.environ["FRAIL"]):
            os.kill(os.getpid(), signal.SIGKILL)
        return outcome

    # What is pickled by name is found under it.
    troubled.__module__, troubled.__qualname__ = whole.__module__, whole.__qualname__
    work.scan_target = troubled


def _is_first(file: str) -> bool:
    try:
        os.close(os.open(file, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    return True
