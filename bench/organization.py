"""A sweep over an organization of generated repositories: how long it takes, and that it can be killed at any moment.

``python -m bench.organization --save bench/runs`` sweeps them for the first time, again, and after one commit in one of
them. Then a sweep into another store is killed at random moments, with all its processes, and continued until it
is complete: it must report the same as the first one, and both must report all planted credentials.
"""

from __future__ import annotations

import os
import re
import signal
import tempfile
import time
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import click
from tests import organization
from tests.credentials import organization_key
from tests.organization import same
from tests.program import finish
from tests.sweeps import Sweeps, end

from bench import record

if TYPE_CHECKING:
    from tests.organization import Organization

_SETTLED_SECONDS = 2.5  # a file is believed to be as it was when it is older than two


@click.command()
@click.option("--repositories", default=220, show_default=True, help="How many.")
@click.option("--kills", default=20, show_default=True, help="How often the sweep is killed.")
@click.option("--huge", default=60, show_default=True, help="Megabytes of the largest repository.")
@click.option("--jobs", default=2, show_default=True, help="Processes.")
@click.option("--seed", default="organization", show_default=True, help="Of everything that is random.")
@click.option("--save", type=click.Path(file_okay=False, path_type=Path), help="Keep the raw runs there.")
def main(  # noqa: PLR0913, PLR0917 - click gives each option its own
    repositories: int, kills: int, huge: int, jobs: int, seed: str, save: Path | None
) -> None:
    """Measure, check and print a table."""
    with tempfile.TemporaryDirectory() as scratch:
        place, rng = Path(scratch), Random(seed)
        acme = organization.make(place / "acme", repositories, seed, huge * 1_000_000)
        time.sleep(_SETTLED_SECONDS)
        rows = [*_timed(acme, place / "timed", jobs, rng), _killed(acme, place / "killed", jobs, kills, rng)]
    for row in rows:
        row["repositories"], row["jobs"] = repositories, jobs
        told = ", ".join(f"{value} {key}" for key, value in row.items() if key not in {"target", "seconds"})
        print(f"{row['target']:12} {row['seconds']:8.2f} s  {told}")
    if save:
        record.save(save, "sweep", rows)


def _timed(acme: Organization, place: Path, jobs: int, rng: Random) -> list[dict[str, Any]]:
    """Return how long the first sweep takes, the second, and one after a commit."""
    sweeps = _sweeps(acme, place, jobs)
    rows = [_sweep("first", sweeps, acme), _sweep("unchanged", sweeps, acme)]
    secret = organization_key(rng)
    name = "odd/sha256"  # bare, small, and no fork borrows from it
    grown = acme._replace(places=acme.places | {organization.grow(acme, name, secret)})
    time.sleep(_SETTLED_SECONDS)
    rows.append(_sweep("one commit", sweeps, grown))
    # For the sweeps that are to come the organization is as it was.
    organization.shrink(acme, name)
    time.sleep(_SETTLED_SECONDS)
    return rows


def _sweep(what: str, sweeps: Sweeps, acme: Organization) -> dict[str, Any]:
    begun = time.perf_counter()
    done = finish(sweeps.start(), 3600)
    seconds = time.perf_counter() - begun
    found = acme.found(sweeps.report())
    if found != acme.expected:
        raise SystemExit(f"{what}: {len(acme.expected - found)} places are missing, {len(found - acme.expected)} wrong")
    counted = re.search(r"([\d,]+) read, ([\d,]+) unchanged", done.err.decode())
    read, unchanged = counted.groups() if counted else ("?", "?")
    return {"target": what, "seconds": round(seconds, 3), "read": read, "unchanged": unchanged}


def _killed(acme: Organization, place: Path, jobs: int, kills: int, rng: Random) -> dict[str, Any]:
    """Kill sweeps at moments spread over the whole work, go on to the end, and compare with an unbroken one."""
    sweeps, begun = _sweeps(acme, place, jobs), time.perf_counter()
    room = len(acme.repositories) // kills
    struck = 0
    for _ in range(kills):
        runs = sweeps.count("SELECT count(*) FROM run")
        process = sweeps.start()
        sweeps.wait(process, runs + rng.randint(0, 1), rng.randint(0, room))
        time.sleep(rng.random() / 10)
        struck += end(process).code == -signal.SIGKILL
        sweeps.check()
    last = sweeps.whole()
    seconds = time.perf_counter() - begun
    unbroken = _sweeps(acme, place.with_name("unbroken"), jobs).whole()
    if same(last) != same(unbroken) or acme.found(last) != acme.expected:
        raise SystemExit("killed: the report is not that of an unbroken sweep")
    return {"target": "killed", "seconds": round(seconds, 3), "kills": struck, "equal to an unbroken one": True}


def _sweeps(acme: Organization, place: Path, jobs: int) -> Sweeps:
    place.mkdir()
    os.environ["XDG_CACHE_HOME"] = str(place / "cache")
    return Sweeps(acme, place / "store", jobs)


if __name__ == "__main__":
    main()
