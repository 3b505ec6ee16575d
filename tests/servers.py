"""A git server for tests: a bare repository with the hook, and real pushes to it."""

from __future__ import annotations

import shlex
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from tests.repositories import Repository, environment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_RUN = "from akpatrol.__main__ import entry; entry()"


class Pushed(NamedTuple):
    """The result of a push; ``said`` has the server's lines."""

    accepted: bool
    said: str
    written: str

    @property
    def told(self) -> str:
        """The server's words, however their lines are wrapped."""
        return " ".join(self.said.split())


class Server(Repository):
    """A bare repository; without ``guard`` it accepts everything."""

    def __init__(self, path: Path, *init: str) -> None:
        super().__init__(path, "--bare", *init)

    def guard(self, *arguments: str | Path, patch: str = "") -> None:
        """Install the hook; ``patch`` is Python that runs first."""
        code = f"{patch}\n{_RUN}" if patch else _RUN
        words = [sys.executable, "-c", code, "pre-receive", *map(str, arguments)]
        hook = self.path / "hooks" / "pre-receive"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\nexec {shlex.join(words)}\n")
        hook.chmod(0o755)

    def refs(self) -> dict[str, str]:
        """Return every ref and its id."""
        lines = self.git("for-each-ref", "--format=%(refname) %(objectname)").splitlines()
        return {name: id_ for name, _, id_ in (line.partition(" ") for line in lines)}


def push(
    work: Repository,
    to: Repository | str,
    *refs: str,
    variables: Mapping[str, str] = MappingProxyType({}),
) -> Pushed:
    """Push, with every line that the server says."""
    address = to if isinstance(to, str) else str(to.path)
    done = subprocess.run(
        ["git", "push", "-q", address, *refs],
        cwd=work.path,
        env={**environment(work.path.parent), **variables},
        capture_output=True,
        check=False,
        text=True,
    )
    lines = [line.rstrip() for line in done.stderr.splitlines() if line.startswith("remote:")]
    said = "".join(line.removeprefix("remote:").removeprefix(" ") + "\n" for line in lines)
    return Pushed(done.returncode == 0, said, done.stdout + done.stderr)


@contextmanager
def daemon(directory: Path) -> Iterator[str]:
    """Serve the repositories of a directory with ``git daemon``, pushes too; yields the address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["daemon", "--export-all", "--enable=receive-pack", "--listen=127.0.0.1", f"--port={port}", "--reuseaddr"]
    process = subprocess.Popen(
        ["git", *words, f"--base-path={directory}", str(directory)], env=environment(directory), stderr=subprocess.PIPE
    )
    try:
        _wait(port)
        yield f"git://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.communicate()


def _wait(port: int) -> None:
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.01)
        else:
            return


def send(work: Repository, server: Repository, new: str, ref: str, *objects: str) -> str:
    """Push a pack of exactly these objects, as only a program that speaks the protocol itself can.

    https://git-scm.com/docs/gitprotocol-pack#_pushing_data_to_a_server
    """
    pack = work.raw("pack-objects", "-q", "--stdout", stdin="".join(f"{id_}\n" for id_ in objects))
    command = f"{'0' * len(new)} {new} {ref}\0 report-status"
    if len(new) > 40:
        command += " object-format=sha256"
    line = command.encode()
    done = subprocess.run(
        ["git", "receive-pack", str(server.path)],
        input=b"%04x%s0000%s" % (len(line) + 4, line, pack),
        env=environment(work.path.parent),
        capture_output=True,
        check=False,
    )
    return (done.stdout + done.stderr).decode("utf-8", "replace")
