"""Targets of the fuzzer that are a file which the program reads: it is run on each mutated one, in this process."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from tests import samples
from tests.credentials import organization_key
from tests.program import inside
from tests.reports import options
from tests.repositories import Repository

from akpatrol.errors import ExitCode
from akpatrol.report import render
from akpatrol.rules import rule_file
from bench.fuzz_target import Violation

if TYPE_CHECKING:
    from collections.abc import Sequence

_EXPECTED = frozenset((ExitCode.CLEAN, ExitCode.FINDINGS, ExitCode.USAGE, ExitCode.INCOMPLETE))

_RULES = """
[[rules]]
id = "acme-token"
description = "Acme token"
regex = '''acme_[0-9a-f]{24}'''
keywords = ["acme_"]
entropy = 2.5
secretGroup = 0
[[rules.allowlists]]
regexes = ['''acme_0+''']
stopwords = ["example"]
paths = ['''(^|/)tests/''']
[akpatrol.rules.acme-token]
severity = "high"
page = "/tokens"
"""
_CONFIGURATION = """
exclude = ["vendor/**"]
min_confidence = "low"
[[accept_skip]]
path = "a.zip"
reason = "a fixture"
expires = 2030-01-01
[[allow]]
path = "docs/*.md"
reason = "examples"
"""


class _Program:
    """A file that the program reads, run in this process."""

    arguments: tuple[str, ...] = ()

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        self._rng = Random(type(self).__name__)
        self.file, self.seeds = self.made()

    def made(self) -> tuple[Path, Sequence[bytes]]:
        """Return the file that is mutated, and its seeds."""
        raise NotImplementedError

    def run(self, data: bytes, number: int) -> None:
        """Write the file and run the program."""
        del number
        self.replace(data)
        self.program(*(word.format(file=self.file, scratch=self._scratch) for word in self.arguments))

    def replace(self, data: bytes) -> None:
        """Put a new file in the place of the one before, which may still be mapped into memory."""
        new = self._scratch / "new"
        new.write_bytes(data)
        new.replace(self.file)

    def program(self, *arguments: str) -> None:
        """Run the program. Raises Violation for an exit code that says nothing of its input."""
        done = inside(*arguments, cwd=self._scratch, variables={"XDG_CACHE_HOME": str(self._scratch / "cache")})
        if done.code not in _EXPECTED:
            raise Violation(f"exit {done.code}: {done.err.decode(errors='replace')[-300:]}")

    def text(self, name: str, content: str) -> Path:
        """Write a file of the scratch directory."""
        path = self._scratch / name
        path.write_text(content)
        return path


class Rules(_Program):
    """A rule file of a user."""

    arguments = ("scan", "code.txt", "--rules", "{file}", "--no-cache", "-f", "json")

    def made(self) -> tuple[Path, Sequence[bytes]]:
        """Make a file to scan beside it."""
        self.text("code.txt", f"acme_key = acme_{self._rng.getrandbits(96):024x}\n")
        own = [Path(file).read_bytes() for file in rule_file.shipped_files()]
        return self._scratch / "rules.toml", [_RULES.encode(), *own]


class Configuration(_Program):
    """A configuration that the scanned tree brings."""

    arguments = ("scan", "tree", "--no-cache", "-f", "json")

    def made(self) -> tuple[Path, Sequence[bytes]]:
        """Make a tree with a credential."""
        tree = self._scratch / "tree"
        tree.mkdir()
        (tree / "a.env").write_text(f"K={organization_key(self._rng)}\n")
        return tree / ".akpatrol.toml", [_CONFIGURATION.encode()]


class Baseline(_Program):
    """A baseline."""

    arguments = ("scan", "tree", "--baseline", "{file}", "--no-cache", "-f", "json")

    def made(self) -> tuple[Path, Sequence[bytes]]:
        """Make a baseline of a tree."""
        tree = self._scratch / "tree"
        tree.mkdir()
        for number in range(5):
            (tree / f"{number}.env").write_text(f"K={organization_key(self._rng)}\n")
        file = self._scratch / "baseline.json"
        report = self._scratch / "report.json"
        self.program("scan", "tree", "--no-cache", "-f", "json", "-o", str(report))
        self.program("baseline", "create", str(report), "--baseline", str(file))
        return file, [file.read_bytes()]


class Reports(_Program):
    """A report that is read back."""

    arguments = ("report", "{file}", "-f", "{format}")
    formats = ("text", "sarif", "html", "markdown", "json", "gitlab")

    def made(self) -> tuple[Path, Sequence[bytes]]:
        """Make reports of every kind of finding."""
        return self._scratch / "report.json", [_samples_as_json(Random(seed)) for seed in range(3)]

    def run(self, data: bytes, number: int) -> None:
        """Write the report and render it."""
        self.replace(data)
        self.program("report", str(self.file), "-f", self.formats[(number + len(data)) % len(self.formats)])


class _InRepository(_Program):
    """One file of a small repository."""

    name: str

    def made(self) -> tuple[Path, Sequence[bytes]]:
        """Make the repository, packed, with a change that is staged."""
        repo = Repository(self._scratch / "repository")
        for number in range(12):
            repo.commit_file("a.txt", "".join(f"line {number * line}\n" for line in range(200)))
            repo.commit_file(f"{number}.env", f"K={organization_key(self._rng)}\n")
        repo.git("repack", "-q", "-a", "-d", "--depth=50")
        repo.write("staged.env", f"K={organization_key(self._rng)}\n")
        repo.git("add", "staged.env")
        (file,) = repo.git_dir.glob(self.name)
        file.chmod(0o644)
        return file, [file.read_bytes()]


class Index(_InRepository):
    """The index of a work tree."""

    arguments = ("staged", "-C", "{scratch}/repository", "--no-cache", "-f", "json")
    name = "index"


class Pack(_InRepository):
    """A pack."""

    arguments = ("history", "{scratch}/repository", "--no-cache", "--jobs", "1", "-f", "json")
    name = "objects/pack/*.pack"


class PackIndex(Pack):
    """The index of a pack."""

    name = "objects/pack/*.idx"


class Store(_Program):
    """The store of a sweep."""

    arguments = ("report", "{file}", "-f", "json")

    def made(self) -> tuple[Path, Sequence[bytes]]:
        """Sweep a repository into a store."""
        repo = Repository(self._scratch / "repository")
        for number in range(3):
            repo.commit_file(f"{number}.env", f"K={organization_key(self._rng)}\n")
        file = self._scratch / "sweep.db"
        self.program("sweep", str(repo.path), "--store", str(file), "--no-cache", "-f", "json")
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")
        return file, [file.read_bytes()]

    def run(self, data: bytes, number: int) -> None:
        """Report what is in the store, without what SQLite left beside the one before."""
        for left in ("-wal", "-shm", "-journal"):
            with suppress(FileNotFoundError):
                os.unlink(f"{self.file}{left}")
        super().run(data, number)


def _samples_as_json(rng: Random) -> bytes:
    """Return a report with every state, verification and gap as JSON."""
    report = samples.history(rng)
    return render(report, "json", options(report)).encode()
