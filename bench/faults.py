"""Does a fault to every byte and every file of a repository, runs ``history`` on each, and prints one table.

    python -m bench.faults [--jobs N] [--sample N [--part I/N]] [--save DIR]

What was planted has to be found within 20 seconds, or unreadable content reported by name; see ``bench.fault_cases``.
Each case is the program in a process of its own, forked from one that has loaded everything. Of five flips four are run
without that, and without asking who introduced what, which takes a third of the time. Exits 1 on a violation.
"""

from __future__ import annotations

import argparse
import json
import os
import select
import shutil
import signal
import sys
import tempfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, NoReturn

from akpatrol.main import main as akpatrol
from akpatrol.pipeline import run as pipeline_run
from akpatrol.rules.rule_file import load
from akpatrol.scan.examine import Examiner
from bench import fault_run, record
from bench.fault_cases import Case, Done, Outcome, cases, flaw, sampled
from bench.fault_repository import NAME, Built, build

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

_SECONDS = 20
_SHOWN = 40
_WHOLE = 5


def main() -> int:
    """Run what the command line asks for; return the exit code."""
    options = _options()
    started = perf_counter()
    with tempfile.TemporaryDirectory(prefix="faults-") as directory:
        top = Path(directory)
        (top / "built").mkdir()
        built = build(top / "built")
        all_cases = list(cases(top / "built", built))
        chosen = sampled(all_cases, options.sample) if options.sample else all_cases
        number, parts = (int(word) for word in options.part.split("/"))
        chosen = chosen[number - 1 :: parts]
        print(f"{len(built.files)} files, {len(all_cases):,} cases, {len(chosen):,} of them now")
        found = _run(top, built, chosen, options.jobs)
    seconds = perf_counter() - started
    rows = _table(chosen, found, seconds)
    if options.save:
        _save(options.save, rows, seconds, complete=len(chosen) == len(all_cases))
    return 1 if found else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--sample", type=int, default=0, help="only so many cases, the same each time")
    parser.add_argument("--part", default="1/1", help="only each N-th of them, beginning with the I-th")
    parser.add_argument("--save", type=Path, help="keep the table in this directory")
    return parser.parse_args()


def _run(top: Path, built: Built, chosen: Sequence[Case], jobs: int) -> dict[Case, str]:
    """Return the violations. Each of ``jobs`` processes works on a copy of its own."""
    examiner = Examiner(load())
    examiner.engine.prefiltered(b"x" * 100)
    setattr(pipeline_run, "Examiner", lambda *_: examiner)  # noqa: B010 - compiled once for all
    children = []
    for job in range(jobs):
        copy = top / f"copy-{job}"
        shutil.copytree(top / "built", copy)
        kept = top / f"violations-{job}"
        sys.stdout.flush()
        if not (pid := os.fork()):
            signal.signal(signal.SIGALRM, _ring)
            _shard(copy, built, chosen[job::jobs], kept, examiner)
            os._exit(0)
        children.append((pid, kept))
    found: dict[Case, str] = {}
    for pid, kept in children:
        if os.waitpid(pid, 0)[1]:
            raise SystemExit("a shard died")
        for line in kept.read_text().splitlines():
            file, fault, at, what = json.loads(line)
            found[Case(file, fault, at)] = what
    return found


def _shard(copy: Path, built: Built, chosen: Sequence[Case], kept: Path, examiner: Examiner) -> None:
    with kept.open("w") as violations:
        for case in chosen:
            is_whole = case.fault != "flip" or case.at % _WHOLE == 0
            with Done(case, copy, built):
                outcome = _outcome(copy) if is_whole else _here(copy, examiner)
            if what := flaw(case, built, outcome):
                violations.write(json.dumps([*case, what]) + "\n")
                violations.flush()


class _OutOfTimeError(BaseException):
    """Derives from BaseException so that nothing takes it for a bad file."""


def _ring(_number: int, _frame: FrameType | None) -> NoReturn:
    raise _OutOfTimeError


def _here(copy: Path, examiner: Examiner) -> Outcome:
    """Do what ``history`` does in this process."""
    signal.alarm(_SECONDS)
    try:
        return fault_run.run(copy, examiner)
    except _OutOfTimeError:
        return Outcome(None)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a bug
        return Outcome(4, said=repr(error))
    finally:
        signal.alarm(0)


def _outcome(copy: Path) -> Outcome:
    """Run the program in a child."""
    report, said = copy / "report.json", copy / "said"
    report.unlink(missing_ok=True)
    if not (pid := os.fork()):
        _child(copy / NAME, report, said)
    handle = os.pidfd_open(pid)
    ended, _, _ = select.select([handle], [], [], _SECONDS)
    os.close(handle)
    if not ended:
        os.killpg(pid, signal.SIGKILL)
    status = os.waitpid(pid, 0)[1]
    code = os.waitstatus_to_exitcode(status) if ended else None
    complaint = said.read_text(errors="replace")
    if not report.exists():
        return Outcome(code, said=complaint)
    document = json.loads(report.read_bytes())
    coverage = document["coverage"]
    return Outcome(
        code,
        frozenset(credential["secret_sha256"] for credential in document["credentials"]),
        tuple(f"{skip['item']} {skip['reason']}" for skip in coverage["skipped"]),
        sum(one["count"] for one in coverage["excluded"] if one["reason"] == "symlink"),
        complaint,
    )


def _child(repository: Path, report: Path, said: Path) -> None:
    code = 99
    try:
        os.setsid()
        handle = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for stream in (1, 2):
            os.dup2(handle, stream)
        sys.stdout = sys.stderr = open(handle, "w", closefd=False)  # noqa: SIM115 - until the child's end
        words = ["history", "--no-cache", "--jobs", "1", "-f", "json", "-o", str(report), str(repository)]
        code = int(akpatrol(words))
        sys.stdout.flush()
    finally:
        os._exit(code)


def _table(chosen: Sequence[Case], found: dict[Case, str], seconds: float) -> list[dict[str, object]]:
    numbers, violated = (
        Counter((case.kind, case.fault) for case in chosen),
        Counter((case.kind, case.fault) for case in found),
    )
    rows: list[dict[str, object]] = [
        {"file": kind, "fault": fault, "cases": number, "violations": violated[kind, fault]}
        for (kind, fault), number in sorted(numbers.items())
    ]
    print(f"{'file':<28} {'fault':<14} {'cases':>7} {'violations':>10}")
    for row in rows:
        print(f"{row['file']:<28} {row['fault']:<14} {row['cases']:>7} {row['violations']:>10}")
    print(f"{'all':<43} {len(chosen):>7} {len(found):>10}   {seconds:.0f} s")
    for case, what in list(found.items())[:_SHOWN]:
        print(f"{case}: {what}")
    return rows


def _save(directory: Path, rows: list[dict[str, object]], seconds: float, *, complete: bool) -> None:
    now = datetime.now(UTC)
    run = {
        "date": now.isoformat(timespec="seconds"),
        "machine": record.machine(),
        "what": "faults" if complete else "some faults",
        "seconds": round(seconds),
        "rows": rows,
    }
    directory.mkdir(parents=True, exist_ok=True)
    (directory / f"{now:%Y-%m-%d}-faults.json").write_text(json.dumps(run, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
