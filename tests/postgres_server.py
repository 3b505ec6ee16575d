"""Debian's PostgreSQL, for stores: one server on a socket in a directory of its own."""

from __future__ import annotations

import glob
import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

_USER = "akpatrol"
LOCKED_USER = "locked"
PASSWORD = "a password for tests"
_SETTINGS = {
    "listen_addresses": "''",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "max_connections": "40",
    "shared_buffers": "32MB",
    "log_destination": "stderr",
}


class PostgresServer(NamedTuple):
    """A running server; ``directory`` has its socket."""

    directory: Path
    process: subprocess.Popen[bytes]
    numbers: Iterator[int]

    def address(self, schema: str = "", user: str = _USER, **settings: str) -> str:
        """Return the address of a schema, which is a store of its own."""
        settings = {"host": str(self.directory), "user": user} | settings
        if schema:
            settings["options"] = f"-csearch_path={schema}"
        return "postgresql:///postgres?" + "&".join(f"{name}={quote(value)}" for name, value in settings.items())

    def store(self) -> str:
        """Return the address of an empty schema."""
        name = f"store_{next(self.numbers)}"
        self.run(f"CREATE SCHEMA {name}")
        return self.address(name)

    def run(self, statement: str, store: str = "") -> list[Any]:
        """Run a statement as the owner, and return its rows."""
        with self.connect(store) as connection:
            cursor = connection.execute(statement)
            rows: list[Any] = cursor.fetchall() if cursor.description else []
            return rows

    def connect(self, store: str = "") -> Any:
        """Return a connection of psycopg."""
        from psycopg import connect  # noqa: PLC0415 - an extra

        return connect(store or self.address(), autocommit=True)

    def disconnect(self) -> None:
        """End all connections of stores, as an administrator does."""
        query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'akpatrol'"
        self.run(query)


@contextmanager
def postgres(settings: dict[str, str] | None = None) -> Iterator[PostgresServer]:
    """Run a server; tests are skipped where PostgreSQL or psycopg is not installed."""
    pytest.importorskip("psycopg", reason="pip install 'akpatrol[postgres]'", exc_type=ImportError)
    # The socket's path may have 107 bytes, and root cannot be the server.
    directory = Path(tempfile.mkdtemp(prefix="akp-pg-", dir="/tmp"))
    data = directory / "data"
    try:
        if not os.geteuid():
            shutil.chown(directory, "nobody")
        _as_user("initdb", "--no-sync", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-U", _USER, "-D", str(data))
        rules = data / "pg_hba.conf"
        rules.write_text(f"local all {LOCKED_USER} scram-sha-256\n{rules.read_text()}")
        given = [f"-c{name}={value.strip(chr(39))}" for name, value in (_SETTINGS | (settings or {})).items()]
        process = _start("postgres", "-D", str(data), "-k", str(directory), *given, log=directory / "log")
        server = PostgresServer(directory, process, count())
        try:
            _wait(server)
            yield server
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _program(name: str) -> str:
    found = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"))
    path = found[-1] if found else shutil.which(name)
    if not path:
        pytest.skip(f"{name} is not installed; apt-get install postgresql")
    return path


def _command(name: str, *arguments: str) -> list[str]:
    as_nobody = ["--reuid=nobody", "--regid=nogroup", "--clear-groups"] if not os.geteuid() else []
    # It ends with the tests, even if they are killed.
    return ["setpriv", "--pdeathsig=QUIT", *as_nobody, _program(name), *arguments]


def _as_user(name: str, *arguments: str) -> None:
    subprocess.run(_command(name, *arguments), check=True, cwd="/", stdout=subprocess.DEVNULL)


def _start(name: str, *arguments: str, log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as stream:
        return subprocess.Popen(_command(name, *arguments), cwd="/", stdout=stream, stderr=stream)


def _wait(server: PostgresServer) -> None:
    from psycopg import OperationalError  # noqa: PLC0415 - an extra

    while True:
        try:
            server.connect().close()
        except OperationalError:
            if server.process.poll() is not None:
                raise
            time.sleep(0.02)
        else:
            return
