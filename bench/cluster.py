"""Measures what each stage of a sweep costs, and simulates from that how a large organization is swept.

    python -m bench.cluster [--save DIR] [--repositories N] REPOSITORY...     measures, then simulates
    python -m bench.cluster --of RUN                                          simulates from an earlier run's file

Real repositories are read whole and in parts, and generated small ones by 1, 2, 4 and 8 processes, of which the
parent's own processor time is measured. All times are the processor's, which other programs disturb less.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from tests import organization

from bench import record
from bench.simulation import Costs, Outcome, simulated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from akpatrol.model.scan import Target
    from akpatrol.sweep.work import ScanSpec

_T = TypeVar("_T")
_JOBS = (1, 2, 4, 8)
_WORKERS = (1, 16, 64, 256, 1024)
_LARGER = 4  # times as many repositories, to tell what a sweep costs from what a repository does
# The organization that is simulated, an assumption: sizes as packed are log-normal.
_REPOSITORIES = 10_000
_MEDIAN, _PERCENTILE_99 = 2e6, 500e6
_Z_99 = 2.3263
_GIGABIT = 125e6  # bytes a second
_STORAGE_GIGABITS = 40
_OWN = """
import json, os, sys
from akpatrol import main
from akpatrol.sweep import run
run._LITTLE_BYTES = 0  # so few repositories are read without processes
if __name__ == "__main__":
    code = main.outermost(sys.argv[1:])
    times = os.times()
    children = times.children_user + times.children_system
    print(json.dumps({"code": code, "own": times.user + times.system, "children": children}))
"""


class Sizes(NamedTuple):
    """The sizes of an organization's repositories in bytes as packed."""

    values: Sequence[float]

    @property
    def total(self) -> float:
        """The sum."""
        return sum(self.values)


def main() -> None:
    """Measure, keep and simulate."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repository", type=Path, nargs="*")
    parser.add_argument("--repositories", type=int, default=100)
    parser.add_argument("--save", type=Path)
    parser.add_argument("--of", type=Path)
    options = parser.parse_args()
    if options.of:
        rows = json.loads(options.of.read_text())["rows"]
    else:
        with tempfile.TemporaryDirectory() as directory:
            rows = [*map(_stages, options.repository), *_parents(Path(directory), options.repositories), _submitting()]
        if options.save:
            record.save(options.save, "cluster", rows)
    for row in rows:
        print(json.dumps(row))
    costs = _costs(rows)
    print(costs)
    for workers in _WORKERS:
        _show(workers, simulated(_sizes().values, workers, costs))


def _stages(path: Path) -> dict[str, Any]:
    """Return the processor seconds of each stage of a real repository, git's included."""
    from akpatrol.config.limits import Limits  # noqa: PLC0415
    from akpatrol.model.scan import Confidence, Target  # noqa: PLC0415
    from akpatrol.rules import rule_file  # noqa: PLC0415
    from akpatrol.sweep import tasks, work  # noqa: PLC0415 - measured apart from the command

    spec = work.ScanSpec(rule_file.load(), Limits(), Confidence.MEDIUM, use_cache=False, part_bytes=1 << 20)
    target = Target("0", "repository", str(path.resolve()))
    work.scan_target(spec, Target("0", "directory", str(path / "no such")))  # compiles the rules
    seconds: dict[str, float] = {}
    (seen,) = _timed(seconds, "check", lambda: tasks.check(spec, [target]))
    _timed(seconds, "whole", lambda: tasks.read(spec, [target], [False]))
    _in_parts(spec, target, seconds)
    return {"target": path.name, "packed": seen.size, "seconds": seconds}


def _in_parts(spec: ScanSpec, target: Target, seconds: dict[str, float]) -> None:
    from akpatrol.sweep import division, tasks  # noqa: PLC0415

    divided = _timed(seconds, "divide", lambda: division.divided(spec, target))
    if divided:
        results = _timed(seconds, "parts", lambda: [tasks.read_part(spec, part) for part in divided.parts])
        _timed(seconds, "unite", lambda: tasks.unite(spec, target, results))
        seconds["sent"] = float(sum(map(len, (*divided.parts, *results))))


def _timed(seconds: dict[str, float], name: str, stage: Callable[[], _T]) -> _T:
    began = sum(os.times()[:4])
    result = stage()
    seconds[name] = round(sum(os.times()[:4]) - began, 4)
    return result


def _parents(directory: Path, repositories: int) -> Iterator[dict[str, Any]]:
    """Yield what the parent and its workers cost, for two numbers of small repositories and of processes."""
    for number in (repositories, repositories * _LARGER):
        root = directory / f"{number}"
        organization.make(root, number)
        for jobs in _JOBS:
            for file in directory.glob("store*"):
                file.unlink()
            words = ("--no-cache", "-q", "-o", os.devnull, "--store", directory / "store", "--jobs", jobs, root)
            done = subprocess.run(
                [sys.executable, "-c", _OWN, "sweep", *map(str, words)], check=True, capture_output=True, text=True
            )
            yield {"target": f"{number} small, {jobs} processes", "targets": number, "jobs": jobs} | json.loads(
                done.stdout
            )


def _submitting(number: int = 500) -> dict[str, Any]:
    """Return the processor seconds of the parent, Dask's included, for a task of a cluster."""
    from akpatrol.sweep.worker_pool import open_pool  # noqa: PLC0415 - measured apart from the command

    with _cluster(1) as address, open_pool(1, address) as pool:
        began = process_time()
        for future in [pool.submit(int) for _ in range(number)]:
            future.result()
        return {"target": "task of a cluster", "seconds": (process_time() - began) / number}


@contextmanager
def _cluster(workers: int) -> Iterator[str]:
    """Run a cluster and give its scheduler's address."""
    command = [sys.executable, "-m", "tests.cluster", str(workers), "tcp"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout  # noqa: S101
        yield running.stdout.readline().strip()


def _costs(rows: Sequence[Mapping[str, Any]]) -> Costs:
    """Return the costs of each stage: those of bytes from real repositories, those of targets from small ones."""
    real = [row for row in rows if "packed" in row]
    divided = [row for row in real if "unite" in row["seconds"]]
    small = [row for row in rows if "jobs" in row]
    fewest, most = min(row["targets"] for row in small), max(row["targets"] for row in small)

    def slope(name: str) -> float:
        """Return the median over the numbers of processes of what one more repository costs."""
        at = {(row["targets"], row["jobs"]): row[name] for row in small}
        jobs = [number for number in _JOBS if number > 1]
        return float(statistics.median((at[most, number] - at[fewest, number]) / (most - fewest) for number in jobs))

    def a_byte(name: str, of: Sequence[Mapping[str, Any]]) -> float:
        return math.fsum(row["seconds"][name] for row in of) / math.fsum(row["packed"] for row in of)

    return Costs(
        read_byte=a_byte("whole", real),
        divide_byte=a_byte("divide", divided),
        unite_byte=a_byte("unite", divided),
        target=slope("children"),
        parent_target=slope("own"),
        parent_task=next(row["seconds"] for row in rows if row["target"] == "task of a cluster"),
        storage=_STORAGE_GIGABITS * _GIGABIT,
    )


def _sizes() -> Sizes:
    """Return the sizes of the assumed organization: the quantiles of the distribution."""
    sigma = math.log(_PERCENTILE_99 / _MEDIAN) / _Z_99
    normal = statistics.NormalDist(math.log(_MEDIAN), sigma)
    return Sizes([math.exp(normal.inv_cdf((number + 0.5) / _REPOSITORIES)) for number in range(_REPOSITORIES)])


def _show(workers: int, outcome: Outcome) -> None:
    sizes = _sizes()
    print(
        f"{workers:5} workers: {outcome.seconds:8.0f} s, ideal {outcome.ideal:8.0f} s, "
        f"{outcome.seconds / outcome.ideal:.2f} times; parent busy {outcome.parent:.0f} s "
        f"({outcome.parent / (outcome.seconds * workers):.2%} of all processors); {outcome.divided} divided into "
        f"{outcome.parts} parts; largest {max(sizes.values) / 1e9:.1f} GB of {sizes.total / 1e12:.2f} TB"
    )


if __name__ == "__main__":
    main()
