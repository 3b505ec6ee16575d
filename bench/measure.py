"""Times akpatrol against a floor that does less, alternately, and prints medians and ratios.

    python -m bench.measure history NAME=REPOSITORY...     floor: git cat-file printing every object
    python -m bench.measure scan NAME=DIRECTORY...         floor: grep reading every file
    python -m bench.measure unwrapping NAME=DIRECTORY...   floor: the same without encodings and containers
    python -m bench.measure staged                         floor: python -c pass + git diff --cached

``--save DIR`` keeps the raw seconds with date and machine. Nothing is downloaded.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench import process, record

_AKPATROL = [str(Path(sys.executable).with_name("akpatrol"))]
_IDENTITY = ["-c", "user.name=Bench", "-c", "user.email=bench@example.org", "-c", "commit.gpgsign=false"]

# Hooks have their patterns compiled in the second run.
_WARM_UPS = 2


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["history", "scan", "staged", "unwrapping"])
    parser.add_argument("targets", nargs="*", metavar="NAME=PATH")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--save", type=Path)
    options = parser.parse_args()
    if options.what == "staged":
        with tempfile.TemporaryDirectory() as directory:
            rows = [_staged(Path(directory), options.rounds)]
    else:
        rows = [_target(options.what, target, options.rounds) for target in options.targets]
    for row in rows:
        medians = {name: statistics.median(seconds) for name, seconds in row["seconds"].items()}
        ratio = medians["akpatrol"] / sum(value for name, value in medians.items() if name != "akpatrol")
        print(
            row["target"],
            *(f"{name} {value:.3f} s" for name, value in medians.items()),
            f"ratio {ratio:.2f}",
            sep="  ",
        )
    if options.save:
        record.save(options.save, options.what, rows)


def _target(what: str, named: str, rounds: int) -> dict[str, Any]:
    name, _, path = named.partition("=")
    floors = {
        "history": ["git", "-C", path, "cat-file", "--batch-all-objects", "--batch", "--unordered", "--buffer"],
        "scan": ["grep", "-r", "-c", "-a", "-F", "no such text", path],
        "unwrapping": [*_AKPATROL, "scan", "--no-progress", "--no-decode", "--no-containers", path],
    }
    command = "scan" if what == "unwrapping" else what
    commands = {"akpatrol": [*_AKPATROL, command, "--no-progress", path], "floor": floors[what]}
    return {"target": name, "seconds": _alternate(commands, rounds, None)}


def _staged(directory: Path, rounds: int) -> dict[str, Any]:
    """One changed file in a repository of one commit."""
    git = ["git", "-C", str(directory), *_IDENTITY]
    subprocess.run([*git, "init", "-q"], check=True)
    (directory / "file.py").write_text("print(1)\n")
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "first"], check=True)
    (directory / "file.py").write_text("print(2)\n")
    subprocess.run([*git, "add", "."], check=True)
    commands = {
        "akpatrol": [*_AKPATROL, "staged"],
        "python -c pass": [sys.executable, "-c", "pass"],
        "git diff --cached": ["git", "diff", "--cached"],
    }
    return {"target": "staged", "seconds": _alternate(commands, rounds, directory)}


def _alternate(commands: dict[str, list[str]], rounds: int, cwd: Path | None) -> dict[str, list[float]]:
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    with tempfile.TemporaryDirectory() as cache:
        for number in range(_WARM_UPS + rounds):
            for name, command in commands.items():
                run = process.run(command, cwd=cwd, cache=Path(cache))
                if number >= _WARM_UPS:
                    seconds[name].append(run.seconds)
    return seconds


if __name__ == "__main__":
    main()
