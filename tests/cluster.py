"""A Dask cluster of this machine, in processes of its own.

    python -m tests.cluster WORKERS SCHEME     prints the scheduler's address, and goes on until its input ends

A line of input ends all workers.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager, suppress
from logging import CRITICAL
from pathlib import Path
from typing import TYPE_CHECKING

from tests import wiretap

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROOT = Path(__file__).parents[1]
_SETTINGS = {
    "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0",
    "DASK_DISTRIBUTED__COMM__COMPRESSION": "False",
    # Importing takes seconds, and each worker would do it again.
    "DASK_DISTRIBUTED__WORKER__MULTIPROCESSING_METHOD": "forkserver",
    "DASK_DISTRIBUTED__WORKER__PRELOAD": f'["{wiretap.__name__}"]',
}


class RunningCluster:
    """A cluster; ``address`` is its scheduler's."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        assert process.stdout
        self.address = process.stdout.readline().strip()
        assert self.address, "no cluster came"

    def retire(self) -> None:
        """End all workers, for good."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        self._process.stdout.readline()

    def kill(self) -> None:
        """Kill the scheduler at once."""
        self._process.kill()

    def close(self) -> None:
        with self._process:  # closes its input, and waits
            pass
        with suppress(ProcessLookupError):  # workers whose scheduler was killed
            os.killpg(self._process.pid, signal.SIGKILL)


@contextmanager
def running(directory: Path, workers: int = 1, scheme: str = "tcp", **variables: str) -> Iterator[RunningCluster]:
    """Run a cluster with its caches in ``directory``; ``variables`` are those of ``tests.wiretap`` and of Dask."""
    own = {"PATH": os.environ["PATH"], "HOME": str(directory), "PYTHONPATH": str(_ROOT)}
    with (directory / "cluster.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.cluster", str(workers), scheme],
            env=own | _SETTINGS | variables,
            cwd=directory,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,
        )
    cluster = None
    try:
        cluster = RunningCluster(process)
        yield cluster
    finally:
        if cluster:
            cluster.close()
        else:
            process.kill()
            process.communicate()


def _main() -> None:
    from distributed import LocalCluster  # noqa: PLC0415 - the tests themselves do without

    cluster = LocalCluster(  # type: ignore[no-untyped-call]
        n_workers=int(sys.argv[1]),
        threads_per_worker=1,
        processes=True,
        dashboard_address="127.0.0.1:0",
        protocol=f"{sys.argv[2]}://",
        silence_logs=CRITICAL,
    )
    print(cluster.scheduler_address, flush=True)  # noqa: T201
    if sys.stdin.readline():
        cluster.scale(0)  # type: ignore[no-untyped-call]
        cluster.sync(cluster._correct_state)  # type: ignore[no-untyped-call]
        print(flush=True)  # noqa: T201
        sys.stdin.read()
    cluster.close()


if __name__ == "__main__":
    _main()
