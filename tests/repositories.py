"""Real repositories for tests, built with git in an environment of their own."""

from __future__ import annotations

import os
import re
import subprocess
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

AUTHOR = "Ada Author <ada@example.org>"
# Fetching from a path; no look after each commit whether it is time to collect garbage, which is two processes more;
# and no waiting for the disk.
_SETTINGS = ("-c", "protocol.file.allow=always", "-c", "maintenance.auto=false", "-c", "core.fsync=none")
# 2024-01-01T00:00:00Z; every commit is one hour later than the one before.
_EPOCH = 1_704_067_200
# What git wrote for the first empty repository: a process for each of the others costs more than to write it again.
_EMPTY: dict[str, bytes | None] = {}
_COMMITTED = re.compile(rb"^\[.*? ([0-9a-f]{40,64})\] ", re.MULTILINE)


def environment(home: Path) -> dict[str, str]:
    """Return the environment of the git that builds: nothing of the machine's or the person's configuration."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        # No samples of hooks: they would be written for each repository, and scanned with each history.
        "GIT_TEMPLATE_DIR": "",
        "GIT_AUTHOR_NAME": "Ada Author",
        "GIT_AUTHOR_EMAIL": "ada@example.org",
        "GIT_COMMITTER_NAME": "Carl Committer",
        "GIT_COMMITTER_EMAIL": "carl@example.org",
        "LC_ALL": "C",
        "TZ": "UTC",
    }


def _contents(directory: Path) -> dict[str, bytes | None]:
    """Return what each file below a directory contains, and None for each directory, which stands before its files."""
    found = {"": None} | {str(path.relative_to(directory)): path for path in sorted(directory.rglob("*"))}
    return {name: path.read_bytes() if path and path.is_file() else None for name, path in found.items()}


class Repository:
    """A repository and the git that builds it; times advance by an hour with every commit or tag."""

    def __init__(self, path: Path, *init: str) -> None:
        self.path = path
        self._time = _EPOCH
        path.mkdir(parents=True, exist_ok=True)
        if not self.git_dir.exists():
            self._init(init)
            if self.git_dir.is_dir():  # elsewhere where --separate-git-dir says so
                for name in ("hooks", "info"):
                    (self.git_dir / name).mkdir(exist_ok=True)

    def _init(self, options: tuple[str, ...]) -> None:
        """Make it with git or, after the first that is made without options, with what git wrote then."""
        if options or not _EMPTY:
            self.git("init", "-q", "-b", "main", *options, ".")
            if not options:
                _EMPTY.update(_contents(self.path / ".git"))
            return
        for name, content in _EMPTY.items():
            file = self.path / ".git" / name
            file.mkdir(parents=True) if content is None else file.write_bytes(content)

    @property
    def git_dir(self) -> Path:
        """The git directory: the main work tree's, or the bare repository itself."""
        return self.path if (self.path / "HEAD").exists() else self.path / ".git"

    def git(
        self,
        *arguments: str | bytes | Path,
        stdin: str | bytes = b"",
        code: int | None = 0,
        cwd: Path | None = None,
        variables: Mapping[str, str] = MappingProxyType({}),
    ) -> str:
        """Return what git prints, without the last line's end; ``code`` None accepts every exit code."""
        return self.raw(*arguments, stdin=stdin, code=code, cwd=cwd, variables=variables).decode().removesuffix("\n")

    def raw(
        self,
        *arguments: str | bytes | Path,
        stdin: str | bytes = b"",
        code: int | None = 0,
        cwd: Path | None = None,
        variables: Mapping[str, str] = MappingProxyType({}),
    ) -> bytes:
        """Return what git prints, in bytes."""
        moment = f"{self._time} +0000"
        done = subprocess.run(
            ["git", *_SETTINGS, *arguments],
            cwd=cwd or self.path,
            env={**environment(self.path.parent), "GIT_AUTHOR_DATE": moment, "GIT_COMMITTER_DATE": moment, **variables},
            input=stdin.encode() if isinstance(stdin, str) else stdin,
            capture_output=True,
            check=False,
        )
        assert code is None or done.returncode == code, done.stderr.decode()
        return done.stdout

    def write(self, path: str | bytes, content: str | bytes) -> None:
        """Write a file of the work tree."""
        full = os.path.join(os.fsencode(self.path), os.fsencode(path))
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "wb") as stream:
            stream.write(content.encode() if isinstance(content, str) else content)

    def commit(self, message: str = "Change", /, *arguments: str, **variables: str) -> str:
        """Add everything, commit it and return the commit's id."""
        self._time += 3600
        self.git("add", "-A")
        words = ("commit", "--allow-empty", "--no-verify", *arguments, "-F", "-")
        told = self.raw("-c", "core.abbrev=no", *words, stdin=message, variables=variables)
        # "[branch id] subject": asking for the id costs a process.
        found = _COMMITTED.search(told)
        assert found, told
        return found[1].decode()

    def commit_file(self, path: str | bytes, content: str | bytes, message: str = "Change") -> str:
        """Write one file, commit it and return the commit's id."""
        self.write(path, content)
        return self.commit(message)

    def remove(self, path: str, message: str = "Remove it") -> str:
        """Remove a file in a commit of its own and return the commit's id."""
        self.git("rm", "-q", "-r", "--", path)
        return self.commit(message)

    def id(self, name: str) -> str:
        """Return the id of what a revision names."""
        return self.git("rev-parse", name)

    def blob(self, content: str | bytes) -> str:
        """Write a blob that nothing names and return its id."""
        return self.git("hash-object", "-w", "--stdin", stdin=content)

    def forget(self) -> None:
        """Expire all reflogs."""
        self.git("reflog", "expire", "--expire=all", "--all")

    def pack(self) -> Path:
        """Put all objects into one pack and return it."""
        self.git("repack", "-q", "-a", "-d", "-k")
        (found,) = (self.git_dir / "objects" / "pack").glob("*.pack")
        return found

    def loose(self, id_: str) -> Path:
        """Return the file of a loose object."""
        return self.git_dir / "objects" / id_[:2] / id_[2:]

    def clone(self, to: Path, *arguments: str, source: str = "") -> Repository:
        """Clone over the ``file`` protocol."""
        self.git("clone", "-q", *arguments, source or f"file://{self.path}", str(to))
        return Repository(to)


def damage(file: Path, content: bytes) -> None:
    """Overwrite a file that git wrote read-only."""
    file.chmod(0o644)
    with file.open("r+b") as stream:  # of a file that is emptied first, ext4 waits for the disk
        stream.write(content)
        stream.truncate()


def damage_end(file: Path) -> None:
    """Change a file's last byte, whatever it is: that of a checksum is random."""
    *most, last = file.read_bytes()
    damage(file, bytes([*most, last ^ 1]))


def canary_program(directory: Path, name: str = "planted") -> tuple[Path, Path]:
    """Return a program and the file that exists once it was run."""
    directory.mkdir(parents=True, exist_ok=True)
    program, canary = directory / name, directory / f"{name}-ran"
    program.write_text(f"#!/bin/sh\necho \"$0 $*\" >> '{canary}'\ncat\nexit 0\n")
    program.chmod(0o755)
    return program, canary
