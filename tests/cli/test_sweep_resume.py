"""A sweep that is cut short, politely or not, at any moment: what was kept is whole, and the next one goes on."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from tests import organization
from tests.organization import same
from tests.program import finish
from tests.sweeps import Sweeps, children, end, interrupted, wait_for_group

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

    from tests.organization import Organization

_REPOSITORIES = 80
_KILLS = 20


@pytest.fixture(scope="module")
def acme(tmp_path_factory: pytest.TempPathFactory) -> Organization:
    """An organization that tests only read."""
    return organization.make(tmp_path_factory.mktemp("acme") / "org", _REPOSITORIES)


@pytest.fixture(scope="module")
def unbroken(acme: Organization, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The report of a sweep that nothing happened to."""
    directory = tmp_path_factory.mktemp("unbroken")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(directory / "caches"))
        return Sweeps(acme, directory / "store").whole()


@pytest.fixture
def sweeps(acme: Organization, tmp_path: Path) -> Sweeps:
    return Sweeps(acme, tmp_path / "store")


@pytest.mark.slow
def test_killed_at_random_moments(sweeps: Sweeps, unbroken: dict[str, Any], rng: Random) -> None:
    """The whole group, again and again; each time it goes on, and at the end all is as if it had never been killed."""
    for _ in range(_KILLS):
        runs = sweeps.count("SELECT count(*) FROM run")
        process = sweeps.start()
        sweeps.wait(process, runs + rng.randint(0, 1), rng.randint(0, 2))
        time.sleep(rng.random() / 20)
        assert end(process).code == -signal.SIGKILL
        sweeps.check()
    complete = sweeps.count("SELECT count(*) FROM signature")
    assert 0 < complete < _REPOSITORIES
    done = finish(sweeps.start())
    assert same(sweeps.report()) == same(unbroken)
    assert f"{_REPOSITORIES + 1 - complete} read, {complete} unchanged" in done.err.decode()


@pytest.mark.slow
def test_an_interrupt_ends_politely(sweeps: Sweeps, unbroken: dict[str, Any]) -> None:
    """What is being read is finished and kept, the report says that it is not all, and the next sweep goes on."""
    process = sweeps.start()
    sweeps.wait(process, 1, 3)
    done = end(process, signal.SIGINT)
    assert done.code == 130
    assert b"stopping" in done.err
    assert b"Traceback" not in done.err
    sweeps.check()
    assert 3 <= len(sweeps.told()) < _REPOSITORIES
    stopped = sweeps.report()
    assert sweeps.acme.found(stopped) == set().union(*sweeps.told().values())
    assert stopped["coverage"]["skipped"][0]["reason"] == "did not finish: some targets may be missing"
    assert same(sweeps.whole()) == same(unbroken)


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_second_interrupt_ends_at_once(acme: Organization, tmp_path: Path, jobs: int) -> None:
    """Whatever is being read; nobody is left behind, and the store is one."""
    sweeps = Sweeps(acme, tmp_path / "store", jobs)
    process = sweeps.stuck(tmp_path, jobs)
    said = interrupted(process)
    done = end(process, signal.SIGINT)
    assert done.code == 130
    assert b"Traceback" not in said + done.err
    wait_for_group(process.pid)
    assert sweeps.told() == {}


@pytest.mark.slow
def test_workers_that_are_killed_lose_nothing(sweeps: Sweeps, unbroken: dict[str, Any]) -> None:
    """Nor is anything there twice."""
    process = sweeps.start()
    for targets in (1, 12):
        sweeps.wait(process, 1, targets)
        if found := children(process):
            with suppress(ProcessLookupError):
                os.kill(found[-1], signal.SIGKILL)
    done = finish(process)
    assert done.code == 1
    assert b"died" not in done.err
    assert same(sweeps.report()) == same(unbroken)


def test_workers_end_with_the_sweep(sweeps: Sweeps, tmp_path: Path) -> None:
    """When that alone is killed, too."""
    process = sweeps.stuck(tmp_path, 2)
    process.kill()
    finish(process)
    wait_for_group(process.pid)
