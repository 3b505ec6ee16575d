"""Memory and time of the report of a large store: ``python -m bench.report_size --save bench/runs``.

A store of 100,000 targets gets a million locations in each of three shapes: 100,000 credentials in ten places, 1,000 in
a thousand, and one in a million. Then ``akpatrol report`` writes every format, and a sweep that finds nothing more
ends with the report of the whole store. What counts is the largest resident memory of the process.
"""

from __future__ import annotations

import itertools
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from hashlib import md5
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

import click
from tests import reports
from tests.unit.sweep.looks import CONDITIONS, DIGEST, day, look

from akpatrol.model.scan import State
from akpatrol.report import FORMATS
from akpatrol.sweep.store import rows as store_rows
from akpatrol.sweep.store.store import SweepStore
from akpatrol.sweep.store.target_rows import rows_of
from bench import record
from bench.store_rows import rows_of_credential, secret

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_PATH, _OBJECT, _COMMIT, _YEAR = "<path>", "<object>", "<commit>", "2024-"
_A_TARGET = 10
"""Places of a credential in one target."""


class Shape(NamedTuple):
    """How many credentials, and how many places of each."""

    credentials: int
    places: int

    @property
    def name(self) -> str:
        """What the rows of results call it."""
        return f"{self.credentials:,} credentials in {self.places:,} places"


@click.command()
@click.option("--locations", default=1_000_000, show_default=True, help="How many in each store.")
@click.option("--targets", default=100_000, show_default=True, help="How many in each store.")
@click.option("--format", "formats", multiple=True, default=tuple(FORMATS), help="Which formats.")
@click.option("--shape", "chosen", multiple=True, type=int, help="Only these numbers of credentials.")
@click.option("--scratch", type=click.Path(path_type=Path), help="Where the stores are made, and kept.")
@click.option("--save", type=click.Path(file_okay=False, path_type=Path), help="Keep the raw runs there.")
def main(  # noqa: PLR0913 - one for each option
    locations: int,
    targets: int,
    formats: Sequence[str],
    *,
    chosen: Sequence[int],
    scratch: Path | None,
    save: Path | None,
) -> None:
    """Fill the stores, write the reports and print a line for each."""
    shapes = [Shape(number, locations // number) for number in (locations // 10, 1000, 1)]
    with tempfile.TemporaryDirectory(dir=scratch) as directory:
        empty = Path(directory) / "an empty directory"
        empty.mkdir()
        for shape in shapes:
            if chosen and shape.credentials not in chosen:
                continue
            store = (scratch or Path(directory)) / f"{shape.credentials}x{shape.places}x{targets}.sqlite3"
            if not store.exists():
                fill(store, shape, targets)
            rows = [*_formats(store, formats), _sweep(store, empty)]
            for row in rows:
                row |= {"target": f"{shape.name}: {row['target']}", "locations": locations, "targets": targets}
            if save:
                record.save(save, "report-size", rows)


def fill(file: Path, shape: Shape, targets: int) -> None:
    """Make a store of one run."""
    SweepStore(str(file), create=True).close()
    one = rows_of_credential(0)
    (sighting,), occurrence = one.sightings.values(), _occurrence()
    known = sorted(
        ((rows_of_credential(number).credentials[0], number) for number in range(shape.credentials)),
        key=lambda row: row[0],
    )
    tables: dict[str, Iterator[Sequence[Any]]] = {
        "run": iter([(1, day(1), day(1).replace("T02", "T03"), DIGEST, "1.0")]),
        "target": (
            (number, store_rows.place(one.kind, f"/org/{number}"), one.kind, f"/org/{number}", None, one.head, None)
            for number in range(1, targets + 1)
        ),
        "coverage": ((number, 1, 1, 1, one.coverage) for number in range(1, targets + 1)),
        "signature": ((number, f"signature {number}", CONDITIONS) for number in range(1, targets + 1)),
        "credential": ((*credential, 1, day(1)) for credential, _ in known),
        "sighting": (
            (credential.fingerprint, where, 1, None, sighting)
            for credential, number in known
            for where in _targets(shape, number, targets)
        ),
        "occurrence": _occurrences(known, shape, targets, occurrence),
    }
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        for table, rows in tables.items():
            first = next(rows)
            query = f"INSERT INTO {table} VALUES ({', '.join('?' * len(first))})"  # noqa: S608 - of this module
            connection.executemany(query, itertools.chain([first], rows))
        connection.commit()


def _targets(shape: Shape, number: int, targets: int) -> list[int]:
    """Return the targets of a credential, each with ten of its places."""
    each = max(1, shape.places // _A_TARGET)
    return sorted({1 + (number * each + one) % targets for one in range(each)})


def _occurrences(known: Sequence[tuple[Any, int]], shape: Shape, targets: int, body: str) -> Iterator[Sequence[Any]]:
    for credential, number in known:
        where = _targets(shape, number, targets)
        for target in where:
            paths = [f"src/{number}/{target}/{place}.py" for place in range(shape.places // len(where))]
            keyed = sorted((md5(path.encode(), usedforsecurity=False).digest(), path) for path in paths)
            for key, path in keyed:
                names = {_PATH: path, _OBJECT: f"{key.hex()}{target:08x}", _COMMIT: f"{target:08x}{key.hex()}"}
                names[_YEAR] = f"{2000 + target % 26}-"
                yield credential.fingerprint, target, key, 1, None, _replaced(body, names)


def _occurrence() -> str:
    """Return the body of an occurrence, with what differs from place to place in it."""
    key = secret(0)
    commit = reports.commit(Random(0), id=_COMMIT)
    refs = ("refs/heads/main", "refs/remotes/origin/main")
    place = reports.occurrence(
        key, path=_PATH.encode(), object=_OBJECT, state=State.PRESENT, introduced=commit, refs=refs
    )
    (body,) = rows_of(look("one", reports.credential(key, place))).occurrences.values()
    return body


def _replaced(text: str, names: Mapping[str, str]) -> str:
    for name, value in names.items():
        text = text.replace(name, value)
    return text


def _formats(store: Path, formats: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield what it takes to read the store, and to write each format."""
    command = [sys.executable, "-m", "bench.report_formats", str(store), *formats]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            yield json.loads(line)


def _sweep(store: Path, empty: Path) -> dict[str, Any]:
    """Return what a sweep takes that finds nothing more, and reports the store as JSON."""
    words = ["sweep", "--store", str(store), "--allow-empty", "--no-progress", "--report", f"json:{os.devnull}"]
    began = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "akpatrol", *words, "-o", os.devnull, str(empty)])
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    row = {
        "target": "a sweep and its reports, text and json",
        "seconds": round(time.perf_counter() - began, 1),
        "processor": round(used.ru_utime + used.ru_stime, 1),
        "memory_mb": round(used.ru_maxrss * 1024 / 1e6),
        "code": process.returncode,
    }
    print(json.dumps(row), flush=True)
    return row


if __name__ == "__main__":
    main()
