"""Hermetic runs of the program, in this process."""

from __future__ import annotations

import gc
import hashlib
import json
import os
import signal
import sys
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from random import Random
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any, Protocol

import bench
import pytest
import trustme
from hypothesis import HealthCheck, settings

import akpatrol
from akpatrol.main import main
from tests.api_server import ApiServer
from tests.credentials import organization_key, personal_access_token
from tests.postgres_server import PostgresServer, postgres
from tests.repositories import Repository

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# On two cores the tests that are not slow take under five minutes; properties that need more examples ask for them.
# Nothing looks at a clock, and what fails once fails again.
settings.register_profile(
    "suite", max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("suite")

_KEPT = {"PATH", "LANG", "TMPDIR"}

# Who starts the tests in a shell's background has Ctrl-C ignored, in whatever they start too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection(session: pytest.Session) -> None:
    """Have a worker of a whole run import the tests, each beginning elsewhere: what one compiled the others need not.

    That is the larger part of what it takes to collect them, and each worker collects all.
    """
    if worker := getattr(session.config, "workerinput", None):
        sys.dont_write_bytecode = False
        is_whole = session.config.args == session.config.getini("testpaths")
        modules = sorted(_tests(session.config.rootpath)) if is_whole else []
        begin = len(modules) * int(worker["workerid"].removeprefix("gw")) // worker["workercount"]
        for module in modules[begin:] + modules[:begin]:
            with suppress(pytest.skip.Exception):  # collection reports what a missing package skips
                import_module(module)


def _tests(root: Path) -> Iterator[str]:
    for file in root.glob("tests/**/test_*.py"):
        yield ".".join(file.relative_to(root).with_suffix("").parts)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Load every module if there are properties: of those that are loaded, Hypothesis also draws the constants.

    So a property draws the same whichever tests run before it, or beside it.
    """
    if any(hasattr(getattr(item, "obj", None), "hypothesis") for item in session.items):
        for package in (akpatrol, bench):
            for module in walk_packages(package.__path__, f"{package.__name__}."):
                import_module(module.name)
    # Ten thousand tests and all modules stay to the end: no look for garbage need pass over them again.
    gc.collect()
    gc.freeze()


@dataclass(frozen=True)
class Result:
    """The result of a run; ``json`` is its report, empty when it wrote none."""

    code: int
    out: str
    err: str
    json: dict[str, Any]

    def found(self, secret: str) -> list[dict[str, Any]]:
        """Return the occurrences of a secret, none when it was not found."""
        digest = hashlib.sha256(secret.encode()).hexdigest()
        for credential in self.json["credentials"]:
            if credential["secret_sha256"] == digest:
                occurrences: list[dict[str, Any]] = credential["occurrences"]
                return occurrences
        return []

    def one(self, secret: str, place: str | None = None) -> dict[str, Any]:
        """Return the only occurrence of a secret, in that kind of place when one is given."""
        (occurrence,) = (found for found in self.found(secret) if place in (None, found["place"]))
        return occurrence

    @property
    def digests(self) -> set[str]:
        """The digests of all secrets found."""
        return {credential["secret_sha256"] for credential in self.json["credentials"]}

    @property
    def skipped(self) -> list[dict[str, Any]]:
        """What could not be looked at."""
        found: list[dict[str, Any]] = self.json.get("coverage", {}).get("skipped", [])
        return found

    @property
    def excluded(self) -> dict[str, int]:
        """What was left out by design."""
        return {entry["reason"]: entry["count"] for entry in self.json["coverage"]["excluded"]}

    @property
    def complete(self) -> bool:
        """Whether everything was looked at."""
        return bool(self.json["coverage"]["complete"])


class Run(Protocol):
    """Runs the program in ``cwd`` with ``variables`` in its environment."""

    def __call__(self, *arguments: str | Path, cwd: Path | None = None, **variables: str) -> Result: ...


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where each test has its home: pytest lists a directory for every new one in it, thousands of times."""
    return tmp_path_factory.mktemp("homes")


@pytest.fixture(autouse=True)
def _hermetic(monkeypatch: pytest.MonkeyPatch, homes: Path) -> None:
    """Give each test an empty environment, a home of its own, and the directory back."""
    for name in set(os.environ) - _KEPT:
        if not name.startswith(("PYTEST", "COV")):
            monkeypatch.delenv(name)
    home = Path(mkdtemp(prefix="home-", dir=homes))
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "caches"))
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(home.parent))
    monkeypatch.chdir(home)
    # Nothing here reads a report after a power failure, and each run would wait for the disk.
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture
def run(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    homes: Path,
) -> Run:
    """Run the program with a JSON report."""

    def run_(*arguments: str | Path, cwd: Path | None = None, **variables: str) -> Result:
        file = Path(mkdtemp(prefix="report-", dir=homes)) / "report.json"
        command, *rest = (str(argument) for argument in arguments)
        capsys.readouterr()
        with monkeypatch.context() as patch:
            if cwd:
                patch.chdir(cwd)
            for name, value in variables.items():
                patch.setenv(name, value)
            code = main([command, "-f", "json", "-o", str(file), *rest])
        captured = capsys.readouterr()
        report = json.loads(file.read_bytes()) if file.exists() else {}
        return Result(int(code), captured.out, captured.err, report)

    return run_


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """Run PostgreSQL for all tests of a process; each store is a schema of its own."""
    with postgres() as server:
        yield server


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> Random:
    """Return randomness that is the same in each run of a test."""
    return Random(request.node.nodeid)


@pytest.fixture
def new_key(rng: Random) -> Callable[[], str]:
    """Make organization keys."""
    return lambda: organization_key(rng)


@pytest.fixture
def key(rng: Random) -> str:
    """Return one organization key."""
    return organization_key(rng)


@pytest.fixture
def token(rng: Random) -> str:
    """Return one personal access token."""
    return personal_access_token(rng)


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """Return an empty repository with a work tree."""
    return Repository(tmp_path / "repo")


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def certificate(authority: trustme.CA) -> trustme.LeafCert:
    return authority.issue_cert("localhost", "127.0.0.1")


@pytest.fixture(scope="session")
def bundle(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> str:
    file: Path = tmp_path_factory.mktemp("authority") / "bundle.pem"
    authority.cert_pem.write_to_path(str(file))
    return str(file)


@pytest.fixture
def serve(certificate: trustme.LeafCert) -> Iterator[Callable[..., ApiServer]]:
    """Start servers that end with the test."""
    with ExitStack() as stack:
        yield lambda *args, **options: stack.enter_context(ApiServer(*args, **options).running(certificate))
