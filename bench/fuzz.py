"""Mutation fuzzing of everything that is read: no crash, no hang, under 200 MB in each process.

``python -m bench.fuzz --minutes 10 --save bench/runs`` fuzzes every target for ten minutes, ``--target NAME`` one of
them. Each case runs in a child process that is killed after 20 seconds of processor time or 60 of the clock. What
fails is kept in ``--keep``, and ``--replay FILE`` runs it again. The same seed makes the same cases.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import tempfile
import time
import traceback
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import click

from bench import record
from bench.fuzz_targets import TARGETS
from bench.mutate import mutated

if TYPE_CHECKING:
    from collections.abc import Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

_PROCESSOR_SECONDS = 20
_CLOCK_SECONDS = 60
_MEMORY_BYTES = 200 << 20
_ROUND = 2000  # cases a child runs, so that its memory is that of few
_KIB = 1024


@click.command()
@click.option("--target", "names", multiple=True, type=click.Choice([*TARGETS]), help="What to fuzz.  [default: all]")
@click.option("--minutes", default=10.0, show_default=True, help="How long each target is fuzzed.")
@click.option("--seed", default=0, show_default=True, help="Of all mutations.")
@click.option("--keep", type=click.Path(file_okay=False, path_type=Path), help="Keep the files that fail there.")
@click.option("--replay", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Run this file alone.")
@click.option("--save", type=click.Path(file_okay=False, path_type=Path), help="Keep the raw runs there.")
def main(  # noqa: PLR0913, PLR0917 - click gives each option its own
    names: tuple[str, ...], minutes: float, seed: int, keep: Path | None, replay: Path | None, save: Path | None
) -> None:
    """Fuzz and print a table."""
    os.environ["HOME"] = tempfile.gettempdir()
    if replay:
        with tempfile.TemporaryDirectory() as scratch:
            TARGETS[names[0]](Path(scratch)).run(replay.read_bytes(), 0)
        return
    rows = []
    for name in names or TARGETS:
        row = Campaign(name, seed, keep).fuzz(60 * minutes)
        rows.append(row)
        print(
            f"{name:14} {row['seconds']:7.0f} s {row['cases']:9,} cases  slowest {row['slowest_seconds']:6.2f} s"
            f"  {row['memory_mb']:4} MB  {len(row['violations'])} violations",
            flush=True,
        )
        for violation in row["violations"]:
            print(f"  {violation}")
    if save:
        record.save(save, "fuzz", rows)
    sys.exit(any(row["violations"] for row in rows))


class Campaign:
    """The fuzzing of one target, in one child process after the other."""

    def __init__(self, name: str, seed: int, keep: Path | None) -> None:
        self._name = name
        self._seed = seed
        self._keep = keep
        self._next = 0  # case
        self._violations: list[str] = []
        self._slowest, self._memory = 0.0, 0

    def fuzz(self, seconds: float) -> dict[str, Any]:
        """Fuzz for so many seconds and return the row of the table."""
        with tempfile.TemporaryDirectory() as scratch:
            TARGETS[self._name](Path(scratch))  # writers run here, since the memory of a child's programs is measured
        begun = time.monotonic()
        while (left := seconds - (time.monotonic() - begun)) > 0:
            ours, theirs = get_context("fork").Pipe(duplex=False)
            child = get_context("fork").Process(target=_run, args=(self._name, self._seed, self._next, left, theirs))
            with tempfile.TemporaryDirectory() as scratch:
                # What a killed child leaves behind goes with the directory.
                os.environ["TMPDIR"] = tempfile.tempdir = scratch
                child.start()
                theirs.close()
                self._follow(child, ours)
                child.join()
            tempfile.tempdir = None
            del os.environ["TMPDIR"]
        return {
            "target": self._name,
            "seed": self._seed,
            "seconds": round(time.monotonic() - begun, 1),
            "cases": self._next,
            "slowest_seconds": round(self._slowest, 2),
            "memory_mb": self._memory >> 20,
            "violations": self._violations,
        }

    def _follow(self, child: BaseProcess, pipe: Connection) -> None:
        """Take in what a child says of its cases until it ends."""
        while True:
            try:
                if not pipe.poll(2 * _CLOCK_SECONDS):
                    child.kill()
                    self._violated(self._next, "hangs")
                    return
                number, seconds, memory, wrong = pipe.recv()
            except EOFError:
                child.join()
                if child.exitcode:
                    self._violated(self._next, f"ended by {_ending(child.exitcode)}")
                return
            self._slowest, self._memory = max(self._slowest, seconds), max(self._memory, memory)
            if memory > _MEMORY_BYTES:
                child.kill()
                wrong = wrong or f"{memory >> 20} MB"
            if wrong:
                self._violated(number, wrong)
            self._next = number + 1

    def _violated(self, number: int, what: str) -> None:
        self._violations.append(f"case {number}: {what}")
        self._next = number + 1
        if self._keep:
            self._keep.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory() as scratch:
                data, _ = _case(TARGETS[self._name](Path(scratch)).seeds, self._name, self._seed, number)
            (self._keep / f"{self._name}-{self._seed}-{number}").write_bytes(data)


def _ending(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"exit {code}"


def _case(seeds: Sequence[bytes], name: str, seed: int, number: int) -> tuple[bytes, int]:
    """Return a case's file, and the number of the seed file that it was made of."""
    rng = Random(f"{name} {seed} {number}")
    chosen = rng.randrange(len(seeds))
    return mutated(rng, seeds[chosen], rng.choice(seeds)), chosen


def _run(name: str, seed: int, first: int, seconds: float, pipe: Connection) -> None:
    """Run cases in a child, and say of each how long it took, the peak of memory, and what went wrong."""
    os.setsid()
    end = time.monotonic() + seconds
    with tempfile.TemporaryDirectory() as scratch:
        target = TARGETS[name](Path(scratch))
        for number in range(first, first + _ROUND):
            data, chosen = _case(target.seeds, name, seed, number)
            signal.setitimer(signal.ITIMER_PROF, _PROCESSOR_SECONDS)
            signal.setitimer(signal.ITIMER_REAL, _CLOCK_SECONDS)
            begun, wrong = time.process_time(), ""
            try:
                target.run(data, chosen)
            except Exception as error:  # noqa: BLE001 - what fuzzing is for
                where = traceback.extract_tb(error.__traceback__)[-1]
                wrong = f"{type(error).__name__} at {Path(where.filename).name}:{where.lineno}: {str(error)[:200]}"
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.setitimer(signal.ITIMER_REAL, 0)
            peak = _peak()
            pipe.send((number, time.process_time() - begun, peak, wrong))
            if time.monotonic() > end:
                break
    pipe.close()


def _peak() -> int:
    """Return the most bytes of memory that this process or one of its own has had, those that ended among them."""
    peaks = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    with suppress(OSError):
        for child in Path("/proc/thread-self/children").read_text().split():
            lines = Path(f"/proc/{child}/status").read_text().splitlines()
            peaks += [int(line.split()[1]) for line in lines if line.startswith("VmHWM")]
    return max(peaks) * _KIB


if __name__ == "__main__":
    main()
