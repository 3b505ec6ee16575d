"""The rows of a large store, made up without scanning anything: each table in the order of its key."""

from __future__ import annotations

from hashlib import md5
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.reports import live, organization_key
from tests.unit.sweep.looks import CONDITIONS, DIGEST, found, look

from akpatrol.sweep.store import rows as store_rows
from akpatrol.sweep.store.target_rows import packed, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from akpatrol.sweep.store.target_rows import TargetRows

RUNS = 30
_PLACES = 100  # of one credential, on average
_TARGETS = 10_000
_CHANGED = 1_000
_HOT = 100_000


class Numbers(NamedTuple):
    """The size of a store."""

    credentials: int
    targets: int
    changed: int
    hot: int

    @classmethod
    def of(cls, occurrences: int) -> Numbers:
        """Return those of a store with so many occurrences."""
        share = occurrences / 10_000_000
        return cls(
            occurrences // _PLACES, max(10, int(_TARGETS * share)), max(5, int(_CHANGED * share)), int(_HOT * share)
        )


def secret(number: int) -> str:
    """Return the secret of a credential."""
    return organization_key(Random(number))


def rows_of_credential(number: int) -> TargetRows:
    """Return the rows of a target with one credential."""
    return rows_of(look("one", found(secret(number))))


def tables(numbers: Numbers) -> Iterator[tuple[str, tuple[Sequence[Any], Iterator[Sequence[Any]]]]]:
    """Yield each table with its first row and the others, in the order of its key."""
    one = rows_of_credential(0)
    (sighting,), (occurrence,) = one.sightings.values(), one.occurrences.values()
    known = sorted(
        ((rows_of_credential(number).credentials[0], number) for number in range(numbers.credentials)),
        key=lambda row: row[0],
    )
    days = [f"2026-01-{run:02}T02:00:00Z" for run in range(1, RUNS + 1)]
    tables: list[tuple[str, Iterator[Sequence[Any]]]] = [
        (
            "run",
            ((run, days[run - 1], days[run - 1].replace("T02", "T03"), DIGEST, "1.0") for run in range(1, RUNS + 1)),
        ),
        (
            "target",
            (
                (
                    number,
                    store_rows.place(one.kind, f"/org/{number}"),
                    one.kind,
                    f"/org/{number}",
                    f"https://git.example.org/{number}",
                    one.head,
                    None,
                )
                for number in range(1, numbers.targets + 1)
            ),
        ),
        (
            "coverage",
            (
                (number, first, last, 1, one.coverage)
                for number in range(1, numbers.targets + 1)
                for first, last in ((1, 10), (11, 20), (21, RUNS))
            ),
        ),
        ("signature", ((number, f"signature {number}", CONDITIONS) for number in range(1, numbers.targets + 1))),
        ("credential", ((*credential, _since(number, numbers), days[0]) for credential, number in known)),
        ("sighting", _sightings(known, numbers, sighting)),
        ("occurrence", _occurrences(known, numbers, occurrence)),
        ("verification", _answers(known, days)),
    ]
    for name, rows in tables:
        yield name, (next(rows), rows)


def _answers(known: Sequence[tuple[Any, int]], days: Sequence[str]) -> Iterator[Sequence[Any]]:
    """Yield what the API said of every tenth credential."""
    ((_, answer),) = rows_of(look("one", live(secret(0)))).verifications
    for number, (credential, _) in enumerate(known[::10], 1):
        yield number, credential.fingerprint, 1 + number % (RUNS - 1), days[0], answer["status"], packed(answer)


def _since(number: int, numbers: Numbers) -> int:
    return RUNS if 0 < number <= numbers.changed else 1 + number % (RUNS - 1)


def _until(number: int, numbers: Numbers) -> int | None:
    return RUNS if numbers.changed < number <= 2 * numbers.changed else None


def _targets(number: int, numbers: Numbers) -> list[int]:
    """Return the targets of a credential: three, for the first one a tenth of all."""
    if not number:
        return [*range(1, max(2, numbers.targets // 10))]
    return sorted({1 + (number * step) % numbers.targets for step in (1, 7, 13)})


def _sightings(known: Sequence[tuple[Any, int]], numbers: Numbers, body: str) -> Iterator[Sequence[Any]]:
    for credential, number in known:
        for where in _targets(number, numbers):
            since, until = _since(number, numbers), _until(number, numbers)
            yield credential.fingerprint, where, since if until is None else 1, until, body


def _occurrences(known: Sequence[tuple[Any, int]], numbers: Numbers, body: str) -> Iterator[Sequence[Any]]:
    before, after = body.split("src/0.py")
    for credential, number in known:
        targets = _targets(number, numbers)
        each = (_PLACES if number else max(_PLACES, numbers.hot)) // len(targets) + 1
        since, until = _since(number, numbers), _until(number, numbers)
        for where in targets:
            paths = [f"src/{number}/{where}/{place}.py" for place in range(each)]
            keyed = sorted((md5(path.encode(), usedforsecurity=False).digest(), path) for path in paths)
            for key, path in keyed:
                yield credential.fingerprint, where, key, since if until is None else 1, until, f"{before}{path}{after}"
