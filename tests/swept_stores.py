"""A store of an organization that was swept several times, made from a seed without any repository."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.model.credential import VerificationStatus
from akpatrol.model.report import Coverage
from akpatrol.model.scan import Confidence, Severity, Skipped, State, Target
from akpatrol.report import document
from akpatrol.sweep.store.store import ScannedRows, SweepStore
from akpatrol.sweep.store.target_rows import rows_of
from tests import reports

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from random import Random

    from akpatrol.model.credential import Credential, Occurrence

_CONDITIONS = "rules and limits"
_DIGEST = 64 * "a"
_REASONS = ("larger than 2 GB", "lz4 is not supported", "a delta is too long")
_FAILURES = ("the repository cannot be cloned: access denied", "the connection timed out")
_PATHS = (b"src/config.py", b"deploy/values.yaml", b".env", b"web/src/api.ts", b"docs/setup.md")


class _Held(NamedTuple):
    key: str
    days: int  # since the leak
    removed: int | None  # days since the removal
    status: VerificationStatus | None


def fill(file: Path, random: Random, repositories: int, runs: int = 12) -> None:
    """Make a store in which each kind of coverage, answer and change occurs, when it is not too small."""
    targets = [_target(number) for number in range(repositories)]
    held = {one.root: _held(random) for one in targets}
    with SweepStore(str(file), create=True) as store:
        for number in range(1, runs + 1):
            days = 7 * (runs - number)
            run = store.begin(_moment(days), _DIGEST)
            changed = [one for one in targets if number == 1 or _changes(held, one, random)]
            known = set(changed)
            rest = [one for one in targets if one not in known]
            if number == runs:
                kept = [one for one in rest if random.random() > 0.03]
                rest = [one for one in kept if random.random() > 0.01]
                for one in sorted(set(kept) - set(rest), key=lambda one: one.root):
                    store.skip(run, one.remote or one.root, random.choice(_FAILURES))
                for lost in range(repositories // 200):
                    store.skip(run, f"https://github.com/acme-lost/gone-{lost}.git", _FAILURES[0])
            store.put_all(run, (_scanned(one, held[one.root], random, days) for one in changed), _CONDITIONS)
            store.unchanged(run, *rest)
            store.finish(run, _moment(days, hours=1))


def _target(number: int) -> Target:
    team = number % 41 * (number % 7 + 1) % 43
    remote = (
        f"https://gitlab.com/acme/team-{team}/service-{number}.git"
        if number % 3
        else f"git@github.com:acme-{team % 9}/service-{number}.git"
    )
    return Target(
        "0", "repository", f"/srv/mirrors/service-{number}", remote, reports.seeded(number).randbytes(20).hex()
    )


def _moment(days: int, hours: int = 0) -> str:
    return f"{reports.NOW - timedelta(days=days) + timedelta(hours=hours):%Y-%m-%dT%H:%M:%SZ}"


def _held(random: Random) -> list[_Held]:
    return [_new(random) for _ in range(random.randint(1, 6))] if random.random() < 0.25 else []


def _new(random: Random) -> _Held:
    make = reports.organization_key if random.random() < 0.7 else reports.personal_access_token
    days = random.randint(100, 1500)
    removed = random.randint(80, days - 1) if random.random() < 0.4 else None
    statuses = [VerificationStatus.ACTIVE, VerificationStatus.INACTIVE, VerificationStatus.UNKNOWN, None]
    return _Held(make(random), days, removed, random.choices(statuses, (4, 30, 6, 60))[0])


def _changes(held: dict[str, list[_Held]], target: Target, random: Random) -> bool:
    """Change what few of the targets hold: something is added, removed or revoked."""
    if random.random() > 0.015:
        return False
    known = held[target.root]
    choice = random.random()
    if not known or choice < 0.45:
        known.append(_new(random))
    elif choice < 0.75:
        known.pop(random.randrange(len(known)))
    else:
        known[0] = known[0]._replace(status=VerificationStatus.INACTIVE)
    return True


def _scanned(target: Target, held: Iterable[_Held], random: Random, days: int) -> ScannedRows:
    gaps = random.random() < 0.03
    report = reports.report(
        *(_credential(one, random, days) for one in held),
        command="sweep",
        targets=(target,),
        coverage=Coverage(
            random.randrange(100_000_000),
            {"blobs": random.randrange(5000), "commits": random.randrange(900)},
            skipped=(Skipped("vendor/library.bin", random.choice(_REASONS)),) if gaps else (),
        ),
    )
    return ScannedRows(rows_of(document.build(report, reports.options())), "signature")


def _credential(held: _Held, random: Random, days: int) -> Credential:
    places = [_place(held, random) for _ in range(random.choice((1, 1, 2, 4)))]
    if held.status is VerificationStatus.ACTIVE:
        return reports.live(held.key, *places)
    if held.status is None:
        return reports.credential(held.key, *places, confidence=random.choice((Confidence.HIGH, Confidence.MEDIUM)))
    severity = Severity.LOW if held.status is VerificationStatus.INACTIVE else Severity.HIGH
    answer = reports.verification(held.status, checked_at=_moment(days))
    return reports.credential(held.key, *places, verification=answer, severity=severity)


def _place(held: _Held, random: Random) -> Occurrence:
    path = random.choice(_PATHS)
    return reports.occurrence(
        held.key,
        path=path,
        paths=(path,),
        line=random.randint(1, 300),
        object=random.randbytes(20).hex(),
        state=State.PRESENT if held.removed is None else State.REMOVED,
        introduced=reports.commit(random, _moment(held.days)),
        removed=None if held.removed is None else reports.commit(random, _moment(held.removed)),
        refs=("refs/heads/main",),
    )
