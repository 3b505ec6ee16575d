"""The labels of reports: what the caller calls them, or the shortest end of a path that no other report has."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

from akpatrol.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence


def labelled(sources: Sequence[str]) -> list[tuple[str, str]]:
    """Return the label and the file of each source. Raises UsageError for two of one name."""
    pairs = [_pair(source) for source in sources]
    unnamed = [file for label, file in pairs if not label]
    pairs = [(label or _shortest(file, unnamed), file) for label, file in pairs]
    twice = [label for label, number in Counter(label for label, _ in pairs).items() if number > 1]
    if twice:
        raise UsageError(f"{twice[0]}: two reports have this name", hint="name them: A=FILE B=FILE")
    return pairs


def _pair(source: str) -> tuple[str, str]:
    label, equals, file = source.partition("=")
    # A file of that name is meant, whatever is in it.
    return (label, file) if equals and label and file and not os.path.lexists(source) else ("", source)


def _shortest(file: str, files: Sequence[str]) -> str:
    if file == "-":
        return "standard input"
    parts = os.path.normpath(file).split(os.sep)
    others = [os.path.normpath(other).split(os.sep) for other in files if other != file]
    for length in range(1, len(parts)):
        if all(other[-length:] != parts[-length:] for other in others):
            return os.sep.join(parts[-length:])
    return file
