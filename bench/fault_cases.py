"""Faults in files of a repository, and what a report may say about each.

A flipped byte, a file cut off, and one replaced by nothing, a directory, a FIFO, a link, zeros or another file of its
kind. Every planted credential is found, or the unreadable content is reported by name.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.fault_repository import Built, Plant

_MASKS = (0xFF, 0x01, 0x20, 0x80)
_CUT_BYTES = 64
_REPLACED = ("gone", "empty", "directory", "fifo", "link", "dangling link", "zeros", "another")
_USAGE = 2
_CODES = {0, 1, _USAGE, 3}
# Anything else that is done to a text leaves no trace of what it said.
_TELLTALE = {"fifo", "link", "dangling link"}


class Case(NamedTuple):
    """One fault: ``file`` from the top, ``at`` which byte, where that says something."""

    file: str
    fault: str
    at: int = 0

    @property
    def kind(self) -> str:
        """What kind of file it is."""
        path = Path(self.file)
        if path.parent.name == "pack":
            return f"pack: {path.suffix[1:] or path.name}"
        if "objects" in path.parts:
            return "loose object" if len(path.parent.name) == 2 else f"objects/info: {path.name}"  # noqa: PLR2004
        if "refs" in path.parts:
            return "reflog" if "logs" in path.parts else "ref"
        return "reflog" if "logs" in path.parts else path.name

    def __str__(self) -> str:
        return f"{self.fault} {self.at} of {self.file}"


class Outcome(NamedTuple):
    """The result of a run: no ``code`` when it was killed.

    ``found`` are the SHA-256 of secrets, ``told`` what was skipped with the reasons, ``links`` counts those left out.
    """

    code: int | None
    found: frozenset[str] | None = None
    told: tuple[str, ...] = ()
    links: int = 0
    said: str = ""


def cases(top: Path, built: Built) -> Iterator[Case]:
    """Yield all faults."""
    for file in built.files:
        size = (top / file).stat().st_size
        yield from (Case(file, "flip", at) for at in range(size))
        yield from (Case(file, "cut", at) for at in range(_CUT_BYTES, size, _CUT_BYTES))
        yield from (Case(file, fault) for fault in _REPLACED)


def sampled(all_cases: list[Case], number: int, seed: str = "faults") -> list[Case]:
    """Return some cases, the same each time; half of them are flips."""
    rng, parts = Random(seed), {"flip": 0.5, "cut": 0.1, "": 0.4}
    found: list[Case] = []
    for fault, share in parts.items():
        own = [case for case in all_cases if (case.fault if case.fault in parts else "") == fault]
        found += rng.sample(own, min(len(own), round(number * share)))
    return found


class Done:
    """``with Done(case, top, built):`` the fault is done to the files below ``top``, and undone."""

    def __init__(self, case: Case, top: Path, built: Built) -> None:
        self._case = case
        self._file = top / case.file
        self._aside = top / "aside"
        self._top = top
        self._built = built

    def __enter__(self) -> None:
        content, at = self._file.read_bytes(), self._case.at
        # Never in place: who has the file open or mapped keeps what it was.
        self._file.rename(self._aside)
        match self._case.fault:
            case "flip":
                broken = bytearray(content)
                broken[at] ^= _MASKS[at % len(_MASKS)]
                self._file.write_bytes(broken)
            case "cut":
                self._file.write_bytes(content[:at])
            case "empty":
                self._file.touch()
            case "directory":
                self._file.mkdir()
            case "fifo":
                os.mkfifo(self._file)
            case "link":
                self._file.symlink_to(self._aside)
            case "dangling link":
                self._file.symlink_to("nowhere")
            case "zeros":
                self._file.write_bytes(bytes(len(content)))
            case "another":
                shutil.copyfile(self._another(), self._file)

    def __exit__(self, *_: object) -> None:
        if self._file.is_dir() and not self._file.is_symlink():
            shutil.rmtree(self._file)
        else:
            self._file.unlink(missing_ok=True)
        self._aside.rename(self._file)

    def _another(self) -> Path:
        kind = self._case.kind
        alike = [file for file in self._built.files if file != self._case.file and Case(file, "").kind == kind]
        others = [file for file in self._built.files if file != self._case.file]
        return self._top / (alike or others)[0]


def flaw(case: Case, built: Built, outcome: Outcome) -> str:
    """Return in what a run fell short, nothing when it did not."""
    if outcome.code is None:
        return "did not end"
    if outcome.code not in _CODES:
        return f"exit {outcome.code}: {outcome.said[:200]}"
    if outcome.code == _USAGE or outcome.found is None:
        return (
            "" if outcome.code == _USAGE and outcome.said.startswith("akpatrol: ") else "neither a report nor a cause"
        )
    lost = [plant.what for plant in built.plants if plant.digest not in outcome.found and not _is_gone(case, plant)]
    if not lost or any(name in one for one in outcome.told for name in built.named[case.file]):
        return ""
    # A link in the place of a file that git does not need is left out by design, and counted.
    if "link" in case.fault and outcome.links and not _needed(case):
        return ""
    return f"lost {', '.join(lost)}; exit {outcome.code}, told {outcome.told or 'nothing'}"


def _is_gone(case: Case, plant: Plant) -> bool:
    """Return whether the fault leaves no trace of a credential: its text is another one, or nothing names its file."""
    if case.file in plant.text:
        return case.fault not in _TELLTALE
    is_loose = case.kind == "loose object"
    return is_loose and case.fault == "gone" and not plant.reachable


def _needed(case: Case) -> bool:
    """Return whether git itself reads a file, so that a link in its place must be reported as one."""
    return case.kind.startswith(("pack", "loose", "objects")) or case.kind in {"ref", "reflog", "HEAD", "config"}
