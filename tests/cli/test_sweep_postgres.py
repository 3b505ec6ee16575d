"""A sweep whose store is in PostgreSQL: killed, cut off, beside another one, and told by every command."""

from __future__ import annotations

import json
import signal
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests import organization
from tests.organization import same
from tests.program import finish, inside
from tests.sweeps import Sweeps, end

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

    from tests.conftest import Run
    from tests.organization import Organization
    from tests.postgres_server import PostgresServer

_REPOSITORIES = 24
_KILLS = 6


@pytest.fixture(scope="module")
def acme(tmp_path_factory: pytest.TempPathFactory) -> Organization:
    """An organization that tests only read."""
    return organization.make(tmp_path_factory.mktemp("acme") / "org", _REPOSITORIES)


@pytest.fixture(scope="module")
def unbroken(acme: Organization, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The report of a sweep into a file that nothing happened to."""
    directory = tmp_path_factory.mktemp("unbroken")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(directory / "caches"))
        return Sweeps(acme, directory / "store").whole()


@pytest.fixture
def sweeps(acme: Organization, tmp_path: Path, postgres_server: PostgresServer) -> Sweeps:
    return Sweeps(acme, postgres_server.store(), report=tmp_path / "report.json")


@pytest.mark.slow
def test_killed_at_random_moments(sweeps: Sweeps, unbroken: dict[str, Any], rng: Random) -> None:
    """The whole group, again and again; each time it goes on, and at the end all is as in a file, unbroken."""
    for _ in range(_KILLS):
        runs = sweeps.count("SELECT count(*) FROM run")
        process = sweeps.start()
        sweeps.wait(process, runs + rng.randint(0, 1), rng.randint(0, 2))
        time.sleep(rng.random() / 20)
        assert end(process).code == -signal.SIGKILL
        sweeps.check()
    complete = sweeps.count("SELECT count(*) FROM signature")
    done = finish(sweeps.start())
    assert done.code == 1, done.err.decode()
    told = same(sweeps.report())
    assert told["targets"] == same(unbroken)["targets"], done.err.decode()
    assert told == same(unbroken)
    assert f"{_REPOSITORIES + 1 - complete} read, {complete} unchanged" in done.err.decode()


@pytest.mark.slow
def test_an_interrupt_ends_politely(sweeps: Sweeps, unbroken: dict[str, Any]) -> None:
    process = sweeps.start()
    sweeps.wait(process, 1, 1)
    done = end(process, signal.SIGINT)
    assert done.code == 130
    assert b"Traceback" not in done.err
    sweeps.check()
    assert same(sweeps.whole()) == same(unbroken)


@pytest.mark.slow
def test_two_sweeps_of_the_same_targets_at_once(
    acme: Organization, tmp_path: Path, postgres_server: PostgresServer, unbroken: dict[str, Any]
) -> None:
    store = postgres_server.store()
    both = [Sweeps(acme, store, report=tmp_path / f"{number}.json") for number in range(2)]
    for process in [one.start() for one in both]:
        done = finish(process)
        assert done.code == 1, done.err.decode()
    for one in both:
        assert acme.found(one.report()) == acme.expected
    both[0].check()
    assert same(both[0].whole()) == same(unbroken)


@pytest.mark.slow
def test_a_connection_that_is_lost_ends_the_sweep_and_the_next_goes_on(
    sweeps: Sweeps, unbroken: dict[str, Any], postgres_server: PostgresServer
) -> None:
    process = sweeps.start()
    sweeps.wait(process, 1, 1)
    postgres_server.disconnect()
    done = finish(process)
    assert done.code == 2
    assert b"the connection was lost" in done.err
    assert b"Traceback" not in done.err
    sweeps.check()
    assert same(sweeps.whole()) == same(unbroken)


@pytest.fixture
def store(run: Run, tmp_path: Path, key: str, postgres_server: PostgresServer) -> str:
    """A store after two sweeps; the second one found one more."""
    address = postgres_server.store()
    target = tmp_path / "logs"
    target.mkdir()
    for name in ("a", "b"):
        (target / f"{name}.env").write_text(f"ANYREACH_API_KEY={key}\n")
        assert run("sweep", target, "--store", address).code == 1
    return address


@pytest.mark.slow
def test_every_command_reads_it(run: Run, store: str, key: str) -> None:
    assert len(run("report", store).found(key)) == 2
    (change,) = run("report", store, "--since", "previous").json["changes"]["credentials"]
    assert (change["change"], change["detail"]) == ("changed", "1 more place")
    assert [one["id"] for one in json.loads(inside("report", store, "--runs", "-f", "json").out)] == [2, 1]
    assert b"Every target was fully scanned" in inside("report", store, "--coverage").out
    assert b"1 changed" in inside("report", store, "--since", "1", "--notify-dry-run").out
    traced = inside("trace", store, stdin=key.encode())
    assert traced.code == 1
    assert b"found in 2 places" in traced.out
    for done in (run("report", store), run("report", store, "--since", "previous")):
        assert key not in done.out + done.err + json.dumps(done.json)


_REFUSED = "postgresql://somebody:hunter2@localhost/store"


@pytest.mark.parametrize(
    "words",
    [
        ("sweep", ".", "--store", _REFUSED),
        ("report", _REFUSED),
        ("report", _REFUSED, "--runs"),
        ("report", _REFUSED, "--since", "previous", "--notify-dry-run"),
        ("trace", _REFUSED),
        ("sweep", _REFUSED),
    ],
)
def test_a_password_on_the_command_line_is_refused_before_anything_is_done(words: tuple[str, ...]) -> None:
    done = inside(*words, stdin=b"akp1:" + b"0" * 64)
    assert done.code == 2
    assert b"password" in done.err
    assert b"hunter2" not in done.written
