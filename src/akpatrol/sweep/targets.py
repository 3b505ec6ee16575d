"""Resolve the targets of a command line: paths, addresses, and lists of them."""

from __future__ import annotations

import os
from itertools import count
from typing import TYPE_CHECKING

from akpatrol.errors import UsageError
from akpatrol.model.scan import Skipped
from akpatrol.sweep.target_kinds import table
from akpatrol.sweep.urls import displayed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from akpatrol.sweep.target_kinds.base import Planned, TargetNaming


def resolve(words: Sequence[str], first: int = 0, *, versions: bool = False) -> Iterator[Planned]:
    """Yield the targets to scan, each once; they are numbered from ``first``.

    A directory yields every repository at and below it and, unless it is a bare repository, its files. ``@FILE``
    names a file with one word on each line, where an unusable word is a skip. Paths are relative to the current
    directory. With ``versions``, buckets are read with their earlier versions. Raises UsageError, before anything is
    scanned, for an unusable command line.
    """
    named: list[TargetNaming | Skipped] = []
    for word in words:
        if word.startswith("@"):
            named.extend(_listed(word[1:], versions=versions))
        else:
            named.append(_named(word, versions=versions))
    return _resolved(named, first)


def _resolved(named: Sequence[TargetNaming | Skipped], first: int) -> Iterator[Planned]:
    numbers = count(first)
    seen: set[bytes | str] = set()

    def is_new(identity: bytes | str) -> bool:
        is_known = identity in seen
        seen.add(identity)
        return not is_known

    for word in dict.fromkeys(named):
        if isinstance(word, Skipped):
            yield word
        else:
            yield from word.targets(is_new, lambda: str(next(numbers)))


def _named(word: str, *, versions: bool) -> TargetNaming:
    """Return what one word names. Raises UsageError, whose message shows no password."""
    if not word:
        raise UsageError("a target is empty", hint="give . for the current directory")
    return table.named_by(word).named(word, versions=versions)


def _listed(file: str, *, versions: bool) -> Iterator[TargetNaming | Skipped]:
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
            yield _named(word, versions=versions)
        except UsageError as error:
            yield Skipped(displayed(word), f"in {file}, line {number}: {error}")
