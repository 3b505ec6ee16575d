"""Measures how a sweep grows with its workers, and computes from that what a large organization costs.

    python -m bench.cluster [--rounds N] [--save DIR] [--repositories N]     measures, then computes
    python -m bench.cluster --of RUN                                         computes from an earlier run's file

An organization of generated repositories, each with its history, is swept alternately by one process, by two, and by
Dask clusters of one and two worker processes, always into a new store and without any cache. What the parent alone
does for each target (its signature, the store) is measured apart, with targets that are there already.
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
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from random import Random
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.credentials import organization_key

from bench import process, record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from akpatrol.scan.result import ScanResult
    from akpatrol.sources.base import Source

_AKPATROL = str(Path(sys.executable).with_name("akpatrol"))
_PROCESSOR = "1 process, processor"
_CONDUCTING = "parent, conducting"
_LARGE_COMMITS = 600
_SMALL_COMMITS = 6
_FILES, _WORDS = 4, 400
# The organization that is computed, an assumption: sizes as packed are log-normal.
_REPOSITORIES = 10_000
_MEDIAN, _PERCENTILE_99 = 2e6, 500e6
_Z_99 = 2.3263
_LARGEST_Z = 3.7190  # of ten thousand: the quantile 1 - 1/10000
_WORKERS = (1, 16, 256)
_GIGABIT = 125e6  # bytes a second of shared storage, for each Gbit/s
_STORAGE_GIGABITS = 10
# As in akpatrol.sweep.run: so many targets are ahead at a time, and one is read by all workers together when it is
# larger than this and than a worker's share of what is ahead.
_AHEAD, _LARGE_BYTES = 512, 48 << 20


def main() -> None:
    """Measure, keep and compute."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--repositories", type=int, default=40)
    parser.add_argument("--save", type=Path)
    parser.add_argument("--of", type=Path)
    options = parser.parse_args()
    if options.of:
        rows = json.loads(options.of.read_text())["rows"]
    else:
        with tempfile.TemporaryDirectory() as directory:
            rows = _measured(Path(directory), options.repositories, options.rounds)
        if options.save:
            record.save(options.save, "cluster", rows)
    _show_measured(rows)
    _show_computed(_costs(rows))


def _measured(directory: Path, repositories: int, rounds: int) -> list[dict[str, Any]]:
    """Sweep organizations of many small and of few larger repositories."""
    organizations = {
        "small": _organization(directory / "small", repositories * 5, _SMALL_COMMITS),
        "larger": _organization(directory / "larger", repositories, _LARGE_COMMITS),
    }
    with ExitStack() as stack:
        ways = {
            "1 process": ["--jobs", "1"],
            "2 processes": ["--jobs", "2"],
            "1 Dask worker": ["--dask", stack.enter_context(_cluster(1))],
            "2 Dask workers": ["--dask", stack.enter_context(_cluster(2))],
        }
        rows: list[dict[str, Any]] = []
        for name, root in organizations.items():
            seconds: dict[str, list[float]] = {way: [] for way in (*ways, _PROCESSOR)}
            for number in range(rounds + 1):
                for way, how in ways.items():
                    began = _children()
                    taken = _sweep(root, how, directory / "store")
                    if number:  # the first round warms the cache
                        seconds[way].append(taken)
                        seconds[_PROCESSOR] += [_children() - began] if way == "1 process" else []
            sizes = [_packed(one) for one in root.iterdir()]
            rows.append({"target": name, "targets": len(sizes), "packed": sum(sizes), "seconds": seconds})
    nothing = directory / "nothing"
    subprocess.run(["git", "init", "-q", "--bare", nothing / "one"], check=True)
    idle = []
    for _ in range(rounds):
        began = _children()
        _sweep(nothing, ["--jobs", "1"], directory / "store")
        idle.append(_children() - began)
    rows.append({"target": "start", "seconds": {_PROCESSOR: idle}})
    own = _parent(organizations["small"], directory / "store", rounds)
    rows.append({"target": "parent", "seconds": own})
    for row in rows[: len(organizations)]:
        row["seconds"][_CONDUCTING] = _conducting(organizations[row["target"]], rounds)
    return rows


def _children() -> float:
    """Return the processor seconds of all programs that have ended."""
    times = os.times()
    return times.children_user + times.children_system


def _sweep(root: Path, how: Sequence[str], store: Path) -> float:
    for file in store.parent.glob(f"{store.name}*"):
        file.unlink()
    done = process.run([_AKPATROL, "sweep", "--no-cache", "-q", "-o", os.devnull, "--store", store, *how, root])
    if done.code not in (0, 1):
        raise SystemExit(done.errors)
    return done.seconds


def _parent(root: Path, store: Path, rounds: int) -> dict[str, list[float]]:
    """Return the seconds a target that signatures and the store take, and those of the parent's processor in a sweep.

    ``listing`` is walking and signing, ``storing`` one transaction of a document.
    """
    from akpatrol.config.limits import Limits  # noqa: PLC0415
    from akpatrol.model.scan import Confidence, Target  # noqa: PLC0415
    from akpatrol.rules import rule_file  # noqa: PLC0415 - measured apart from the command
    from akpatrol.sweep import targets, work  # noqa: PLC0415
    from akpatrol.sweep.signature import look  # noqa: PLC0415
    from akpatrol.sweep.store.store import SweepStore  # noqa: PLC0415

    order = work.ScanSpec(rule_file.load(), Limits(), Confidence.MEDIUM, use_cache=False)
    found: dict[str, list[float]] = {"listing": [], "storing": []}
    for _ in range(rounds):
        began = perf_counter()
        met = [one for one in targets.resolve([str(root)]) if isinstance(one, Target)]
        signatures = [look(one) for one in met]
        found["listing"].append((perf_counter() - began) / len(met))
        documents = [work.scan_target(order, one).document for one in met]
        for file in store.parent.glob(f"{store.name}*"):
            file.unlink()
        with SweepStore(str(store), create=True) as opened:
            run = opened.begin("2024-01-01T00:00:00Z", order.rules.digest)
            began = perf_counter()
            for document, seen in zip(documents, signatures, strict=True):
                opened.put(run, document, seen.signature, "")
            found["storing"].append((perf_counter() - began) / len(met))
    found["submitting"] = [_submitting(rounds)]
    return found


def _conducting(root: Path, rounds: int) -> list[float]:
    """Return the processor seconds of the parent, and of git for it, for targets whose units workers read."""
    from akpatrol.config.limits import Limits  # noqa: PLC0415
    from akpatrol.model.scan import Confidence, Target  # noqa: PLC0415
    from akpatrol.rules import rule_file  # noqa: PLC0415 - measured apart from the command
    from akpatrol.scan.execute import read_elsewhere  # noqa: PLC0415
    from akpatrol.sweep import work  # noqa: PLC0415
    from akpatrol.sweep.worker_pool import open_pool  # noqa: PLC0415

    order = work.ScanSpec(rule_file.load(), Limits(), Confidence.MEDIUM, use_cache=False, nameless=True)
    found = []
    with _cluster(1) as address, open_pool(1, address) as pool:

        def read(source: Source, tally: ScanResult) -> None:
            complete = partial(work.completed, order)
            read_elsewhere(source, lambda unit: pool.submit(work.piece, order, unit), tally, 4, complete)

        for number in range(rounds + 1):
            began = sum(os.times()[:4])
            for one in root.iterdir():
                work.scan_with_reader(order, Target("0", "repository", str(one)), read)
            if number:  # the first round compiles the rules
                found.append(sum(os.times()[:4]) - began)
    return found


def _submitting(rounds: int) -> float:
    """Return the processor seconds of the parent, Dask's included, for a task that does nothing."""
    from akpatrol.sweep.worker_pool import open_pool  # noqa: PLC0415 - measured apart from the command

    number = 200 * rounds
    with _cluster(1) as address, open_pool(1, address) as pool:
        began = process_time()
        for future in [pool.submit(int) for _ in range(number)]:
            future.result()
        return (process_time() - began) / number


@contextmanager
def _cluster(workers: int) -> Iterator[str]:
    """Run a cluster and give its scheduler's address."""
    command = [sys.executable, "-m", "tests.cluster", str(workers), "tcp"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout  # noqa: S101
        yield running.stdout.readline().strip()


def _organization(root: Path, repositories: int, commits: int) -> Path:
    """Make bare repositories, each of so many commits to a few files of random words, packed by git."""
    rng = Random(commits)
    words = [rng.randbytes(rng.randrange(2, 6)).hex() for _ in range(5_000)]
    keys = [organization_key(rng) for _ in range(20)]
    for number in range(repositories):
        git = ["git", "-C", str(root / f"{number}")]
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", root / f"{number}"], check=True)
        stream = b"".join(_commit(rng, words, keys) for _ in range(commits))
        unpacked = ["-c", "fastimport.unpackLimit=1"]
        subprocess.run([*git, *unpacked, "fast-import", "--quiet"], input=stream, check=True)
        subprocess.run([*git, "repack", "-adq"], check=True)
    return root


def _commit(rng: Random, words: list[str], keys: list[str]) -> bytes:
    lines = ["commit refs/heads/main\ncommitter Bench <bench@example.org> 1700000000 +0000\ndata 7\nChange\n"]
    for file in range(_FILES):
        key = f"\nKEY={rng.choice(keys)}\n" if rng.random() < 1 / 500 else ""
        body = " ".join(rng.choices(words, k=_WORDS)) + key
        lines.append(f"M 644 inline src/{file}.txt\ndata {len(body)}\n{body}\n")
    return "".join(lines).encode()


def _packed(repository: Path) -> int:
    return sum(file.stat().st_size for file in (repository / "objects").rglob("*") if file.is_file())


class Costs(NamedTuple):
    """Seconds: a packed byte and a target for one worker; for the parent a target, one read by all and its bytes."""

    byte: float
    target: float
    parent: float
    conducted_target: float
    conducted_byte: float


def _costs(rows: Sequence[Mapping[str, Any]]) -> Costs:
    """Solve ``seconds = start + targets * target + packed * byte`` for the two organizations, swept by one process.

    Seconds are the processor's, which other programs that run disturb less.
    The parent's own share, of which that process did all, comes off the target's.
    """
    row = {one["target"]: one for one in rows}
    target, byte = _solved(row, _PROCESSOR, _median(row["start"], _PROCESSOR))
    local = sum(_median(row["parent"], name) for name in ("listing", "storing"))
    parent = local + _median(row["parent"], "submitting")
    return Costs(byte, max(0.0, target - local), parent, *_solved(row, _CONDUCTING, 0.0))


def _solved(row: Mapping[str, Mapping[str, Any]], way: str, start: float) -> tuple[float, float]:
    """Return the seconds of a target and of a byte."""
    small, larger = row["small"], row["larger"]
    a, b = (_median(one, way) - start for one in (small, larger))
    determinant = small["targets"] * larger["packed"] - larger["targets"] * small["packed"]
    target = (a * larger["packed"] - b * small["packed"]) / determinant
    byte = (b * small["targets"] - a * larger["targets"]) / determinant
    return target, byte


def _median(row: Mapping[str, Any], way: str) -> float:
    found: float = statistics.median(row["seconds"][way])
    return found


def _show_measured(rows: Sequence[Mapping[str, Any]]) -> None:
    for row in rows:
        for way in row["seconds"]:
            seconds = _median(row, way)
            if "packed" in row:
                rate, targets = row["packed"] / seconds / 1e6, row["targets"] / seconds
                told = f"{seconds:8.2f} s {rate:8.2f} MB/s {targets:8.1f} targets/s"
            else:
                told = f"{seconds * 1000:8.2f} ms"
            print(f"{row['target']:8} {way:20} {told}")


def _show_computed(costs: Costs) -> None:
    """Print the time for each worker count, by the slowest part.

    sigma = ln(p99 / median) / 2.3263; mean = median * exp(sigma^2 / 2); total = repositories * mean
    largest = median * exp(3.719 * sigma); large = max(48 MiB, 512 * mean / workers), beyond which all workers
    read a repository together, and the parent plans and places: shared = Phi(sigma - ln(large / median) / sigma) of all
    bytes, number = repositories * (1 - Phi(ln(large / median) / sigma))
    workers: (total * byte + repositories * target) / workers
    parent: repositories * parent + number * conducted_target + shared * total * conducted_byte
    storage: total / bandwidth
    longest: what one worker reads alone, large * byte, and what all read together, largest * byte / workers
    """
    sigma = math.log(_PERCENTILE_99 / _MEDIAN) / _Z_99
    total = _REPOSITORIES * _MEDIAN * math.exp(sigma**2 / 2)
    largest = _MEDIAN * math.exp(_LARGEST_Z * sigma)
    normal = statistics.NormalDist()
    print(
        f"\nassumed: {_REPOSITORIES} repositories, log-normal, median {_MEDIAN / 1e6:.0f} MB, 99th percentile "
        f"{_PERCENTILE_99 / 1e6:.0f} MB packed: sigma {sigma:.2f}, {total / 1e12:.2f} TB, "
        f"largest {largest / 1e9:.1f} GB"
    )
    print(
        f"measured: {costs.byte * 1e9:.1f} ns/byte ({1e-6 / costs.byte:.1f} MB/s a worker), "
        f"{costs.target * 1e3:.1f} ms/target, parent {costs.parent * 1e3:.2f} ms/target "
        f"and {costs.conducted_target * 1e3:.0f} ms/target, {costs.conducted_byte * 1e9:.2f} ns/byte of what all read"
    )
    for workers in _WORKERS:
        large = max(_LARGE_BYTES, _AHEAD * total / _REPOSITORIES / workers) if workers > 1 else math.inf
        way = math.log(large / _MEDIAN) / sigma
        number, shared = _REPOSITORIES * (1 - normal.cdf(way)), normal.cdf(sigma - way)
        limits = {
            "workers": (total * costs.byte + _REPOSITORIES * costs.target) / workers,
            "parent, each target": _REPOSITORIES * costs.parent,
            "parent, what all read": number * costs.conducted_target + shared * total * costs.conducted_byte,
            f"storage at {_STORAGE_GIGABITS} Gbit/s": total / (_STORAGE_GIGABITS * _GIGABIT),
            "largest, read by all": largest * costs.byte / workers,
            "largest, read by one": min(large, largest) * costs.byte,
        }
        bound = max(limits, key=limits.__getitem__)
        print(f"{workers:4} workers: {limits[bound] / 3600:6.2f} h, bound by {bound}; ", end="")
        print(f"{shared:.0%} of it, {number:,.0f} repositories, read by all; ", end="")
        print(", ".join(f"{name} {seconds:.0f} s" for name, seconds in limits.items()))


if __name__ == "__main__":
    main()
