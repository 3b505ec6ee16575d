"""Resolve the targets of a command line: repositories, directories, files, lists of them, and addresses to clone."""

from __future__ import annotations

import os
import stat
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.errors import UsageError
from akpatrol.model.scan import Skipped, Target
from akpatrol.sources.git import repository
from akpatrol.sources.walk import special
from akpatrol.sweep.repositories import beneath, common
from akpatrol.sweep.urls import CloneWanted, checked, displayed, is_address

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Planned = Target | Skipped | CloneWanted


class _Path(NamedTuple):
    """A file or directory that exists, by its real path."""

    root: str
    mode: int


def resolve(words: Sequence[str], first: int = 0) -> Iterator[Planned]:
    """Yield the targets to scan, each once; they are numbered from ``first``.

    A directory yields every repository at and below it and, unless it is a bare repository, its files. ``@FILE``
    names a file with one word on each line, where an unusable word is a skip. Paths are relative to the current
    directory. Raises UsageError, before anything is scanned, for an unusable command line.
    """
    named: list[_Path | CloneWanted | Skipped] = []
    for word in words:
        if word.startswith("@"):
            named.extend(_listed(word[1:]))
        else:
            named.append(_named(word))
    return _Resolver(first).resolve(named)


class _Resolver:
    """Resolves words to targets, each target once."""

    def __init__(self, first: int) -> None:
        self._numbers = count(first)
        self._seen: set[bytes | str] = set()

    def resolve(self, planned: Sequence[_Path | CloneWanted | Skipped]) -> Iterator[Planned]:
        for word in dict.fromkeys(planned):
            if not isinstance(word, _Path):
                yield word
            elif stat.S_ISDIR(word.mode):
                yield from self._directory(word.root)
            else:
                yield from self._once("file", word.root, os.path.dirname(word.root))

    def _directory(self, root: str) -> Iterator[Target | Skipped]:
        hidden = []
        for met in beneath(os.fsencode(root)):
            if isinstance(met, Skipped):
                yield met
                continue
            repo = met.repository
            if met.hidden:
                hidden.append(met.hidden)
            if (key := common(repo)) not in self._seen:
                self._seen.add(key)
                place = os.fsdecode(os.path.realpath(repo.root))
                yield Target(str(next(self._numbers)), "repository", place, base=place)
        itself = repository.at(os.fsencode(root))
        if not itself or itself.work_tree:
            yield from self._once("directory", root, root)
        for work_tree in map(os.fsdecode, map(os.path.realpath, hidden)):
            yield from self._once("directory", work_tree, work_tree)

    def _once(self, kind: str, root: str, directory: str) -> Iterator[Target]:
        if root not in self._seen:
            self._seen.add(root)
            repo = repository.holding(os.fsencode(directory))
            base = os.fsdecode(repo.work_tree) if repo and repo.work_tree else None
            yield Target(str(next(self._numbers)), kind, root, base=base)


def _named(word: str) -> _Path | CloneWanted:
    """Return what one word names. Raises UsageError, whose message shows no password."""
    if not word:
        raise UsageError("a target is empty", hint="give . for the current directory")
    if word == "-":
        raise UsageError("a sweep does not read standard input", hint="use akpatrol scan -")
    if is_address(word) and not os.path.lexists(word):
        checked(word)
        return CloneWanted(word)
    if word.startswith("-"):
        raise UsageError("a target begins with -", hint="put ./ in front of a file name")
    try:
        root = os.path.realpath(word, strict=True)
        mode = os.stat(root).st_mode
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a path"
        raise UsageError(f"{displayed(word)}: {reason}") from None
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise UsageError(f"{displayed(word)} is a {special(mode)}", hint="a sweep reads files and directories")
    return _Path(root, mode)


def _listed(file: str) -> Iterator[_Path | CloneWanted | Skipped]:
    """Yield what the lines of a file name. Raises UsageError for a file that cannot be read or names another."""
    try:
        with open(file, "rb") as stream:
            lines = stream.read().removeprefix(b"\xef\xbb\xbf").splitlines()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a path"
        raise UsageError(f"@{file}: {reason}", hint="@ introduces a file that lists targets") from None
    words = [(number, os.fsdecode(line.strip())) for number, line in enumerate(lines, 1)]
    words = [(number, word) for number, word in words if word and not word.startswith("#")]
    if not words:
        raise UsageError(f"@{file}: names no target", hint="write one per line")
    for number, word in words:
        if word.startswith("@"):
            raise UsageError(f"{file}:{number}: a list of targets cannot include another", hint="give both lists")
        try:
            yield _named(word)
        except UsageError as error:
            yield Skipped(displayed(word), f"in {file}, line {number}: {error}")
