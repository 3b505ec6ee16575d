"""Times what any scan of a whole history with a rule file has to do, part by part, beside gitleaks.

    python -m bench.rules_floor gitleaks.toml NAME=GIT_DIRECTORY... --peers ENVIRONMENT

The parts are git's walk of all objects and that of all changes, inflating without applying a delta, hyperscan over all
blobs with the rules' patterns, and the start of one process with akpatrol's modules. They are processor seconds,
medians of --rounds. Give clones that have what refs reach alone, as ``bench.rules`` makes them. --peers is an
environment with gitleaks (default: the one on PATH). --save DIR keeps the raw runs.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import process_time
from typing import TYPE_CHECKING, Any

from akpatrol.detect.engine import Engine
from akpatrol.detect.hyperscan_database import loaded, read_numbers
from akpatrol.rules.rule_file import load
from akpatrol.sources.git import diff_tree, history_walk, revisions
from bench import record
from bench.rules import GITLEAKS, installed_gitleaks, processor_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_GIT = ("git", "-c", "core.commitGraph=false", "-c", "core.multiPackIndex=false")
_FLOOR = Path(__file__).with_name("floor.py")


def main() -> int:
    """Measure what the command line asks for; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rules", type=Path)
    parser.add_argument("targets", nargs="+", metavar="NAME=GIT_DIRECTORY")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peers", type=Path, action="append", default=[])
    parser.add_argument("--save", type=Path)
    options = parser.parse_args()
    gitleaks = installed_gitleaks(options.peers)
    if not gitleaks:
        print("gitleaks is not installed", file=sys.stderr)
        return 2
    search, rows = _search(options.rules), []
    for target in options.targets:
        name, _, path = target.partition("=")
        directory = Path(path).absolute()
        rows.append(
            {
                "target": f"history {name}",
                "processor_seconds": _measured(directory, options.rules.absolute(), gitleaks, search, options.rounds),
            }
        )
        print(*_lines(rows[-1]), sep="\n", flush=True)
    if options.save:
        record.save(options.save, "rules-floor", rows)
    return 0


def _search(rules: Path) -> Callable[[bytes], object]:
    """Return a function that searches data for all patterns at once, and does nothing with what it finds."""
    prefilter = Engine(load([str(rules)]), "hyperscan").prefilter
    prefilter.prepare()
    _, dumps = read_numbers(prefilter.compiled() or b"")
    patterns = next(iter(loaded(dumps)))
    return lambda data: patterns.scan(data, match_event_handler=lambda *_: False)


def _measured(
    directory: Path, rules: Path, gitleaks: str, search: Callable[[bytes], object], rounds: int
) -> dict[str, list[float]]:
    blobs = list(_blobs(directory))
    taken: dict[str, list[float]] = {}
    with TemporaryDirectory() as scratch:
        commands = {
            "gitleaks": [gitleaks, "git", ".", *GITLEAKS, f"--config={rules}", f"--report-path={scratch}/report"],
            "git: objects": [*_GIT, *history_walk.WALK],
            "git: changes": [*_GIT, *diff_tree.LOG, *revisions.EVERYTHING],
            "inflate": [sys.executable, str(_FLOOR), str(directory)],
            "start": [sys.executable, "-c", "import akpatrol.pipeline.history"],
        }
        for _ in range(rounds):
            for part, command in commands.items():
                before = processor_seconds()
                subprocess.run(command, cwd=directory, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
                taken.setdefault(part, []).append(round(processor_seconds() - before, 3))
            before = process_time()
            for blob in blobs:
                search(blob)
            taken.setdefault("hyperscan", []).append(round(process_time() - before, 3))
    return taken


def _blobs(directory: Path) -> Iterator[bytes]:
    listed = _git(directory, "cat-file", "--batch-all-objects", "--batch-check=%(objecttype) %(objectname)")
    ids = [line.split()[1] for line in listed.splitlines() if line.startswith(b"blob")]
    content = _git(directory, "cat-file", "--batch", "--buffer", stdin=b"\n".join(ids) + b"\n")
    at = 0
    while at < len(content):
        start = content.index(b"\n", at) + 1
        stop = start + int(content[at:start].split()[2])
        yield content[start:stop]
        at = stop + 1


def _git(directory: Path, *words: str, stdin: bytes = b"") -> bytes:
    return subprocess.run([*_GIT, *words], cwd=directory, input=stdin, stdout=subprocess.PIPE, check=True).stdout


def _lines(row: dict[str, Any]) -> Iterator[str]:
    parts = {part: median(seconds) for part, seconds in row["processor_seconds"].items()}
    gitleaks = parts.pop("gitleaks")
    yield f"{row['target']}: gitleaks {gitleaks:.2f} s, the parts together {sum(parts.values()):.2f} s"
    yield "  " + ", ".join(f"{part} {seconds:.2f} s" for part, seconds in parts.items())


if __name__ == "__main__":
    sys.exit(main())
