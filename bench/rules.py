"""Compares akpatrol under a rule file of gitleaks with gitleaks itself: the same findings, and at what cost.

    python -m bench.rules gitleaks.toml tree:NAME=DIRECTORY... history:NAME=REPOSITORY... --peers ENVIRONMENT
    python -m bench.rules gitleaks.toml again:NAME=REPOSITORY... staged:NAME=DIRECTORY...

``again`` is a history that akpatrol has read before, ``staged`` one changed file of a new repository with these files.
Of a history both read what its refs reach, in a clone: akpatrol would read all other objects too, as of pull requests.
Both scan the same files or history by the same rules, without decoding, and take turns. A finding is a rule, a file,
the line where its match begins and a secret; in a history there is one for each line that it had. What only one has
is counted by class with who is right: gitleaks is asked about the whole file. Recall is the share of gitleaks' findings
that akpatrol has, or that gitleaks itself does not have in the whole file. A ratio is gitleaks' time to akpatrol's.
--peers is an environment with gitleaks (default: the one on PATH). --save DIR keeps the raw runs. Exits 1 when akpatrol
lacks a finding. Nothing is downloaded.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

from bench import process, record, rule_differences, tools
from bench.rule_differences import Oracle, counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

GITLEAKS = [
    "--no-banner",
    "--log-level=error",
    "--exit-code=0",
    "--max-decode-depth=0",
    "--ignore-gitleaks-allow",
    "--report-format=json",
]
_PLAINLY = ["--no-decode", "--no-containers", "--no-progress", "--no-allow"]
AKPATROL = [*_PLAINLY, "--min-confidence", "low", "--format", "json"]
_READ = (0, 1, 3)
# The commands of gitleaks and of akpatrol, by kind of target.
_COMMANDS = {
    "tree": (["dir", "."], ["scan", "."]),
    "history": (["git", "."], ["history", "."]),
    "again": (["git", "."], ["history", "."]),
    "staged": (["git", "--pre-commit", "--staged", "."], ["staged"]),
}


class Target(NamedTuple):
    """A tree, a history, one that was read ``again``, or a tree of which a change is ``staged``."""

    kind: str
    name: str
    path: Path


def main() -> int:
    """Compare what the command line asks for; return the exit code."""
    options = _options()
    gitleaks = installed_gitleaks(options.peers)
    if not gitleaks:
        print("gitleaks is not installed", file=sys.stderr)
        return 2
    rows = [_compared(target, options, gitleaks) for target in options.targets]
    for row in rows:
        print(*_lines(row), sep="\n")
    if options.save:
        record.save(options.save, "rules", rows)
    return 1 if any(row["recall"] < 1 for row in rows) else 0


def installed_gitleaks(peers: Sequence[Path]) -> str | None:
    """Return the program in one of these environments, or on PATH."""
    known = tools.installed("scan", Path(sys.executable), peers)
    return next((there.program for tool, there in known if there and tool.name == "gitleaks"), None)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rules", type=Path)
    parser.add_argument("targets", nargs="+", type=_target, metavar="KIND:NAME=PATH")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peers", type=Path, action="append", default=[])
    parser.add_argument("--akpatrol", type=Path, default=Path(sys.executable).with_name("akpatrol"))
    parser.add_argument("--save", type=Path)
    return parser.parse_args()


def _target(text: str) -> Target:
    kind, _, named = text.partition(":")
    name, _, path = named.partition("=")
    if kind not in _COMMANDS or not Path(path).is_dir():
        raise argparse.ArgumentTypeError(f"must be KIND:NAME=DIRECTORY, with a kind of {', '.join(_COMMANDS)}")
    return Target(kind, name, Path(path).absolute())


def _compared(target: Target, options: argparse.Namespace, gitleaks: str) -> dict[str, Any]:
    """Run both in turns, after a round that warms the caches, and compare what they found last."""
    rules, is_tree = str(options.rules.absolute()), target.kind == "tree"
    seconds: dict[str, list[float]] = {"akpatrol": [], "gitleaks": []}
    processor: dict[str, list[float]] = {"akpatrol": [], "gitleaks": []}
    with tempfile.TemporaryDirectory(prefix="akpatrol-bench-") as directory:
        reports = {name: Path(directory, f"{name}.json") for name in seconds}
        theirs, ours = _COMMANDS[target.kind]
        commands = {
            "gitleaks": [gitleaks, *theirs, "--config", rules, *GITLEAKS],
            "akpatrol": [options.akpatrol, *ours, "--rules", rules, *AKPATROL],
        }
        make = _MAKERS.get(target.kind)
        cwd = make(target.path, Path(directory, "repository")) if make else target.path
        outputs = {"gitleaks": "--report-path", "akpatrol": "--output"}
        for number in range(options.rounds + 1):
            for name, command in commands.items():
                words = [*command, outputs[name], str(reports[name])]
                before = processor_seconds()
                cache, remembers = Path(directory, "cache"), target.kind == "again"
                run = process.run(words, cwd=cwd, cache=cache, remembers=remembers)
                if run.code not in _READ:
                    raise SystemExit(f"{name} failed on {target.name}: {run.errors}")
                if number:
                    seconds[name].append(run.seconds)
                    processor[name].append(round(processor_seconds() - before, 3))
        found = rule_differences.of_gitleaks(json.loads(reports["gitleaks"].read_text() or "[]"))
        known = rule_differences.of_akpatrol(json.loads(reports["akpatrol"].read_text()))
    oracle = Oracle([gitleaks, "--config", rules, *GITLEAKS], target.path, is_tree=is_tree)
    only_theirs, only_ours = oracle.classes(found, known)
    missing = only_theirs.get(rule_differences.WRONG, 0)
    return {
        "target": f"{target.kind} {target.name}",
        "findings": {"gitleaks": len(found), "akpatrol": len(known)},
        "recall": 1 - missing / len(found) if found else 1.0,
        "only_gitleaks": only_theirs,
        "only_akpatrol": only_ours,
        "seconds": seconds,
        "processor_seconds": processor,
    }


def _staged(files: Path, repository: Path) -> Path:
    """Make a repository with these files, and stage a line more in the first of them that is text."""
    shutil.copytree(files, repository, symlinks=True, ignore=shutil.ignore_patterns(".git"))
    git = ["git", "-C", str(repository), "-c", "user.name=bench", "-c", "user.email=bench@example.com"]
    for command in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message=all"]):
        subprocess.run([*git, *command], check=True)
    changed = next(path for path in sorted(repository.rglob("*.*")) if path.suffix in (".py", ".c", ".go", ".md"))
    changed.write_bytes(changed.read_bytes() + b"# one more line\n")
    subprocess.run([*git, "add", "--all"], check=True)
    return repository


def _reachable(repository: Path, clone: Path) -> Path:
    """Make a clone that has the objects that refs reach, and no others."""
    subprocess.run(["git", "clone", "--quiet", "--mirror", "--no-local", str(repository), str(clone)], check=True)
    return clone


_MAKERS = {"history": _reachable, "again": _reachable, "staged": _staged}


def processor_seconds() -> float:
    """Return what all processes that ended have used."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _lines(row: Mapping[str, Any]) -> Iterable[str]:
    yield f"{row['target']}: recall {row['recall']:.3f} of {row['findings']['gitleaks']:,} findings"
    for what, key in (("by the clock", "seconds"), ("of the processors", "processor_seconds")):
        ours, theirs = (median(row[key][name]) for name in ("akpatrol", "gitleaks"))
        yield f"  akpatrol {ours:.2f} s, gitleaks {theirs:.2f} s {what}, ratio {theirs / ours:.2f}"
    for name in ("only_gitleaks", "only_akpatrol"):
        for line in counted(row[name]):
            yield f"  {name.replace('_', ' ')}: {line}"


if __name__ == "__main__":
    sys.exit(main())
