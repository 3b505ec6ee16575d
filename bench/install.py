"""Times what a first use waits for, from nothing and again: pip, a wheelhouse, pre-commit and the action.

    python -m bench.install [--rounds N] [--save bench/runs]

Each round has new directories, and pip's cache is empty. Packages come from the index that pip is set up for, so the
seconds of a first run hold that index's speed and the machine's other work; the processors' seconds do not. The
action's steps are run by bash as a runner runs them. Its cache is a tar archive on the same disk, compressed by zstd
where that is installed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from time import perf_counter
from typing import Any

import yaml

from bench import record

_ROOT = Path(__file__).parents[1]
_GIT = ["git", "-c", "user.name=Bench", "-c", "user.email=bench@example.org", "-c", "commit.gpgsign=false"]
_ACTION = yaml.safe_load((_ROOT / "action.yml").read_text())["runs"]["steps"]
_STEPS = {step["id"]: step["run"] for step in _ACTION if "id" in step and "run" in step}
_HOOK = "repos:\n  - repo: {source}\n    rev: {commit}\n    hooks:\n      - id: akpatrol\n"


class Round:
    """One round's directories; seconds and megabytes are what it came to, by name."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.seconds: dict[str, float] = {}
        self.processor_seconds: dict[str, float] = {}
        self.megabytes: dict[str, float] = {}
        self.work = home / "work"
        self.work.mkdir()
        (self.work / "file.py").write_text("print(1)\n")
        self.run([*_GIT, "init", "-q"])
        self.run([*_GIT, "add", "."])
        self.run([*_GIT, "commit", "-q", "-m", "first"])

    def run(self, command: list[str | Path], name: str = "", **variables: str) -> None:
        """Run a command in the work tree; with a name its seconds count. Raises CalledProcessError."""
        environment = os.environ | {"PIP_CACHE_DIR": str(self.home / "pip"), "HOME": str(self.home)} | variables
        start, before = perf_counter(), os.times()
        subprocess.run(command, cwd=self.work, env=environment, check=True, stdout=subprocess.DEVNULL)
        if name:
            after = os.times()
            self.seconds[name] = round(perf_counter() - start, 3)
            spent = sum(after[2:4]) - sum(before[2:4])  # of children that ended
            self.processor_seconds[name] = round(spent, 2)

    def size(self, name: str, path: Path) -> None:
        """Keep the size of a file or of a directory's files."""
        files = [path] if path.is_file() else [file for file in path.rglob("*") if not file.is_symlink()]
        self.megabytes[name] = round(sum(file.stat().st_size for file in files if file.is_file()) / 1e6, 1)


def pip(now: Round) -> None:
    """Install by ``pip install``, and scan."""
    venv = now.home / "venv"
    now.run([sys.executable, "-m", "venv", venv], "venv")
    now.run([venv / "bin/pip", "install", "--quiet", _ROOT], "install")
    now.run([venv / "bin/akpatrol", "history"], "first scan")
    now.run([venv / "bin/akpatrol", "history"], "second scan")
    now.size("environment", venv)


def wheelhouse(now: Round) -> None:
    """Make a wheelhouse, and install from it alone."""
    wheels, venv = now.home / "wheelhouse", now.home / "venv"
    now.run([sys.executable, "-m", "venv", venv])
    now.run([venv / "bin/pip", "wheel", "--quiet", "--wheel-dir", wheels, _ROOT], "wheel")
    now.run([venv / "bin/pip", "install", "--quiet", "--no-index", "--find-links", wheels, "akpatrol"], "install")
    now.run([venv / "bin/akpatrol", "history"], "first scan")
    now.size("wheelhouse", wheels)


def pre_commit(now: Round) -> None:
    """Commit with pre-commit's hook, which is installed first, and once more."""
    source, program = now.home / "source", Path(sys.executable).with_name("pre-commit")
    now.run(["git", "clone", "-q", _ROOT, source])
    commit = subprocess.check_output(["git", "-C", source, "rev-parse", "HEAD"], text=True).strip()
    (now.work / ".pre-commit-config.yaml").write_text(_HOOK.format(source=source, commit=commit))
    kept = {"PRE_COMMIT_HOME": str(now.home / "pre-commit")}
    now.run([program, "install"], **kept)
    now.run([*_GIT, "add", "."], **kept)
    now.run([*_GIT, "commit", "-q", "-m", "hook"], "first commit", **kept)
    (now.work / "file.py").write_text("print(2)\n")
    now.run([*_GIT, "commit", "-q", "-a", "-m", "again"], "second commit", **kept)
    now.size("environment", now.home / "pre-commit")


def action(now: Round) -> None:
    """Run the action's steps from nothing, and once more from the cache."""
    temporary, archive = now.home / "temp", now.home / "cache.tar"
    temporary.mkdir()
    compress = ["--zstd"] if shutil.which("zstd") else []
    _steps(now, temporary, restored=False)
    now.size("environment", temporary / "akpatrol")
    now.run(["tar", *compress, "-C", temporary, "-cf", archive, "akpatrol"], "cold: keep")
    now.size("cache", archive)
    shutil.rmtree(temporary / "akpatrol")
    now.run(["tar", *compress, "-C", temporary, "-xf", archive], "warm: restore")
    _steps(now, temporary, restored=True)


def _steps(now: Round, temporary: Path, *, restored: bool) -> None:
    variables = {
        "RUNNER_TEMP": str(temporary),
        "GITHUB_ACTION_PATH": str(_ROOT),
        "GITHUB_OUTPUT": str(now.home / "outputs"),
        "PYTHON": sys.executable,
        "RESTORED": str(restored).lower(),
        "COMMAND": "history",
        "ARGUMENTS": "",
        "DIRECTORY": ".",
        "FAIL_ON": "any",
    }
    for step in ("environment", "install", "scan"):
        command = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", _STEPS[step]]
        now.run([*command], f"{'warm' if restored else 'cold'}: {step}", **variables)


_TARGETS = {"pip": pip, "wheelhouse": wheelhouse, "pre-commit": pre_commit, "action": action}


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="*", choices=[[], *_TARGETS], metavar="TARGET", help=", ".join(_TARGETS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--save", type=Path)
    options = parser.parse_args()
    rows = [_row(target, options.rounds) for target in options.targets or _TARGETS]
    for row in rows:
        medians = (f"{name} {statistics.median(values):.2f} s" for name, values in row["seconds"].items())
        print(row["target"], *medians, *(f"{name} {size} MB" for name, size in row["megabytes"].items()), sep="  ")
    if options.save:
        record.save(options.save, "install", rows)


def _row(target: str, rounds: int) -> dict[str, Any]:
    seconds: dict[str, list[float]] = defaultdict(list)
    processor_seconds: dict[str, list[float]] = defaultdict(list)
    megabytes: dict[str, float] = {}
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as home:
            now = Round(Path(home))
            _TARGETS[target](now)
            megabytes = now.megabytes
            for name, value in now.seconds.items():
                seconds[name].append(value)
                processor_seconds[name].append(now.processor_seconds[name])
    return {
        "target": target,
        "seconds": dict(seconds),
        "processor_seconds": dict(processor_seconds),
        "megabytes": megabytes,
    }


if __name__ == "__main__":
    main()
