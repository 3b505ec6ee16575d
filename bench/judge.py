"""Measures what is found and what is reported wrongly, and prints one table.

    python -m bench.judge [--samples N] [--code ROOT]... [--scan NAME=PATH]... [--history NAME=PATH]... [--save DIR]

Recall: for each shape, random credentials bare in ``key = "..."``, through the engine with the shipped rules; found
means found whole. No digit or letter is forced in. Hard negatives: the identifiers under the ``--code`` roots (default:
the standard library and site-packages) in the half of the files that did not train the table, see
``bench.train_likelihood``, each behind ``pat_`` and as ``ak_<part>.<part>``. False findings: what the program itself
reports in directories and histories that hold no Anyreach credential; each is listed, masked. Exits 1 when a bound is
missed. Nothing is downloaded.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from functools import cache
from operator import attrgetter
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

from akpatrol.detect.engine import Engine
from akpatrol.model.scan import Confidence
from akpatrol.rules.rule_file import load
from bench.shapes import SHAPES
from bench.train_likelihood import default_roots, read

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from concurrent.futures import Executor

_LEAST_RECALL, _MOST_HARD, _MOST_FALSE = 99.95, 0.5, 1.0  # percent, percent, findings in 10 GB
_HARD_LENGTH, _SECRET_LENGTH, _ID_LENGTH = 20, 16, 64  # characters
_TASK = 5_000  # texts that a process takes at a time
_LOADING = """
import akpatrol.detect
from time import perf_counter
start = perf_counter()
import akpatrol.detect._bigrams
print(1000 * (perf_counter() - start))
"""


class Row(NamedTuple):
    """How many of a number of texts were found at the default confidence, and at the highest."""

    what: str
    number: int
    found: int
    surely: int

    @property
    def percent(self) -> float:
        """What is found at the default confidence."""
        return 100 * self.found / max(self.number, 1)


class Reading(NamedTuple):
    """What the program made of one directory or history; ``size`` in bytes read."""

    what: str
    size: int
    skipped: int
    findings: list[dict[str, Any]]


def main() -> int:
    """Measure what the command line asks for; return the exit code."""
    options = _options()
    print(*(f"{name} {value}" for name, value in _machine().items()), sep=", ")
    with ProcessPoolExecutor(options.jobs) as pool:
        recall = _table("recall, percent", _recall(pool, options.samples))
        hard = _table("hard negatives reported, percent", _hard(pool, options.code or default_roots()))
    costs = _costs()
    readings = _readings(options)
    failures = list(_failures(recall, hard, readings))
    if options.save:
        _save(options.save, {"recall": recall, "hard_negatives": hard, "false_findings": readings}, costs)
    print(*failures, sep="\n")
    return int(bool(failures))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=100_000, help="credentials a shape")
    parser.add_argument("--code", type=Path, action="append", metavar="ROOT", help="where identifiers are read")
    parser.add_argument("--scan", action="append", default=[], metavar="NAME=PATH")
    parser.add_argument("--history", action="append", default=[], metavar="NAME=PATH")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--save", type=Path, metavar="DIR", help="keep the numbers there")
    return parser.parse_args()


def _recall(pool: Executor, samples: int) -> Iterator[Row]:
    sizes = [min(_TASK, samples - start) for start in range(0, samples, _TASK)]
    tasks = {name: [pool.submit(_sample, name, part, size) for part, size in enumerate(sizes)] for name in SHAPES}
    for name, parts in tasks.items():
        yield _sum(name, (part.result() for part in parts))


def _hard(pool: Executor, roots: Sequence[Path]) -> Iterator[Row]:
    training, testing = read(roots, pool.map)
    words = sorted(word.decode() for word in testing)
    hard = [word for word in words if len(word) >= _HARD_LENGTH]
    unseen = [word for word in hard if word.encode() not in training]
    secrets = [word for word in words if len(word) >= _SECRET_LENGTH]
    ids = [word for word in words if len(word) <= _ID_LENGTH]
    rng = random.Random(0)
    kinds = {
        "pat_<20+>": [f"pat_{word}" for word in hard],
        "pat_<20+>, not in the training half": [f"pat_{word}" for word in unseen],
        "ak_<20+>.<20+>": [f"ak_{rng.choice(hard)[:_ID_LENGTH]}.{word}" for word in hard],
        "ak_<4+>.<16+>": [f"ak_{rng.choice(ids)}.{word}" for word in secrets],
        "pat_<4+>.<16+>": [f"pat_{rng.choice(ids)}.{word}" for word in secrets],
    }
    for name, texts in kinds.items():
        parts = [texts[start : start + _TASK] for start in range(0, len(texts), _TASK)]
        yield _sum(name, pool.map(_count, parts))


def _sample(name: str, part: int, number: int) -> Row:
    make, rng = SHAPES[name], random.Random(f"{name} {part}")
    return _count([make(rng) for _ in range(number)], whole=True)


@cache
def _engine() -> Engine:
    return Engine(load())


def _count(texts: Sequence[str], *, whole: bool = False) -> Row:
    """Look at each text alone in a neutral assignment; ``whole`` counts only a finding that is all of it."""
    found = surely = 0
    for text in texts:
        matches = _engine().scan(f'key = "{text}"\n'.encode())
        kept = (match.confidence for match in matches if not whole or match.secret.reveal() == text.encode())
        level = max(kept, default=Confidence.LOW)
        found += level >= Confidence.MEDIUM
        surely += level is Confidence.HIGH
    return Row("", len(texts), found, surely)


def _sum(name: str, parts: Iterable[Row]) -> Row:
    _, *numbers = zip(*parts, strict=True)
    return Row(name, *map(sum, numbers))


def _table(title: str, rows: Iterable[Row]) -> list[Row]:
    """Print each row as soon as it is there."""
    print(f"\n{title:38}{'number':>10}{'default':>10}{'high':>10}")
    shown = []
    for row in rows:
        surely = 100 * row.surely / max(row.number, 1)
        print(f"{row.what:38}{row.number:>10,}{row.percent:>10.3f}{surely:>10.3f}", flush=True)
        shown.append(row)
    return shown


def _readings(options: argparse.Namespace) -> list[Reading]:
    if not options.scan and not options.history:
        return []
    print(f"\n{'false findings':38}{'GB':>10}{'findings':>10}{'skipped':>10}")
    shown = []
    for command, named in [*(("scan", one) for one in options.scan), *(("history", one) for one in options.history)]:
        reading = _read(command, named)
        _print_reading(reading)
        shown.append(reading)
    size, found = sum(reading.size for reading in shown), sum(len(reading.findings) for reading in shown)
    print(f"{'all':38}{size / 1e9:>10.2f}{found:>10}   {_in_10_gb(shown):.2f} in 10 GB")
    return shown


def _read(command: str, named: str) -> Reading:
    name, _, path = named.partition("=")
    fresh = ["--no-cache"] if command == "history" else []
    run = [sys.executable, "-m", "akpatrol", command, "--no-progress", *fresh, "-f", "json", path]
    done = subprocess.run(run, capture_output=True, check=False)
    if done.returncode not in {0, 1, 3}:
        raise SystemExit(f"{command} {name}: exit code {done.returncode}\n{done.stderr.decode('utf-8', 'replace')}")
    report = json.loads(done.stdout)
    findings = [_finding(one) for one in report["credentials"]]
    return Reading(f"{command} {name}", report["coverage"]["bytes"], len(report["coverage"]["skipped"]), findings)


def _finding(credential: dict[str, Any]) -> dict[str, Any]:
    first = credential["occurrences"][0]
    places = {name: first[name] for name in ("path", "line", "object", "containers", "encodings", "context")}
    words = {name: credential[name] for name in ("redacted", "confidence", "attribution")}
    return words | places | {"places": len(credential["occurrences"])}


def _print_reading(reading: Reading) -> None:
    print(f"{reading.what:38}{reading.size / 1e9:>10.2f}{len(reading.findings):>10}{reading.skipped:>10}", flush=True)
    for one in reading.findings:
        inside = [*one["containers"], *one["encodings"]]
        print(f"  {one['confidence']} {one['redacted']} {one['path']}:{one['line']}", *inside)
        print(f"    {one['context']}")


def _in_10_gb(readings: Sequence[Reading]) -> float:
    return 1e10 * sum(len(reading.findings) for reading in readings) / max(sum(one.size for one in readings), 1)


def _failures(recall: Sequence[Row], hard: Sequence[Row], readings: Sequence[Reading]) -> Iterator[str]:
    """Print the worst of each kind, and yield each that is out of bounds."""
    worst, noisiest = min(recall, key=attrgetter("percent")), max(hard, key=attrgetter("percent"))
    print(f"\nworst recall {worst.percent:.3f} % ({worst.what}); hard negatives at most {noisiest.percent:.3f} %")
    if worst.percent < _LEAST_RECALL:
        yield f"recall is below {_LEAST_RECALL} %"
    if noisiest.percent > _MOST_HARD:
        yield f"more than {_MOST_HARD} % of the hard negatives are reported"
    if _in_10_gb(readings) > _MOST_FALSE:
        yield f"more than {_MOST_FALSE:g} false finding in 10 GB"


def _machine() -> dict[str, Any]:
    return {
        "processor": platform.machine(),
        "processors": os.cpu_count(),
        "python": platform.python_version(),
    }


def _costs() -> dict[str, float]:
    """Measure what a person waits for: the table's loading, in a fresh process, and the engine on one line."""
    rng = random.Random(0)
    lines = {
        "a line with a credential, us": [SHAPES["pat_ base62 32"](rng) for _ in range(_TASK)],
        "a line with an identifier, us": ["pat_get_default_configuration"] * _TASK,
        "a line inside a word, us": ["com" + SHAPES["pat_ base62 32"](rng) for _ in range(_TASK)],
    }
    costs = {"loading the table, ms": min(_loading() for _ in range(9))}
    for _ in range(5):  # the gate switches to hyperscan only after the first megabyte
        _count(next(iter(lines.values())))
    for name, texts in lines.items():
        start = perf_counter()
        _count(texts)
        costs[name] = (perf_counter() - start) / len(texts) * 1e6
    print(f"\n{'costs':38}")
    for name, cost in costs.items():
        print(f"{name:38}{cost:>10.2f}")
    return costs


def _loading() -> float:
    done = subprocess.run([sys.executable, "-c", _LOADING], capture_output=True, check=True)
    return float(done.stdout)


def _save(directory: Path, tables: dict[str, Sequence[Row] | Sequence[Reading]], costs: dict[str, float]) -> None:
    now = datetime.now(UTC)
    rows = {name: [row._asdict() for row in table] for name, table in tables.items()}
    run = {"date": now.isoformat(timespec="seconds"), "machine": _machine(), **rows, "costs": costs}
    directory.mkdir(parents=True, exist_ok=True)
    (directory / f"{now:%Y-%m-%d}-judge.json").write_text(json.dumps(run, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
