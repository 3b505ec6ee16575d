"""Path patterns as in .gitignore, through pathspec."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from akpatrol.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from akpatrol.settings import SkipAcceptance
    from akpatrol.triage import AcceptedSkip

_SHORTEST_ID = 7


def matcher(patterns: Sequence[str]) -> Callable[[bytes, bool], bool]:
    """Return whether a path relative to the target, and being a directory or not, matches one of the patterns."""
    if not patterns:
        return lambda _path, _is_directory: False
    import re  # noqa: PLC0415 - only with patterns

    from pathspec import GitIgnoreSpec  # noqa: PLC0415 - only with patterns

    try:
        spec = GitIgnoreSpec.from_lines(patterns)
    except (ValueError, re.error) as error:
        raise UsageError(f"not a path pattern as in .gitignore: {error}") from None
    return lambda path, is_directory: spec.match_file(os.fsdecode(path) + ("/" if is_directory else ""))


def acceptances(entries: Sequence[SkipAcceptance]) -> tuple[AcceptedSkip, ...]:
    """Return what the configuration accepts, with an end that has come told apart."""
    if not entries:
        return ()
    from datetime import UTC, datetime  # noqa: PLC0415 - most configurations accept nothing

    from akpatrol.triage import AcceptedSkip  # noqa: PLC0415

    today = datetime.now(UTC).date()
    return tuple(
        AcceptedSkip(entry.reason, _matches(entry), expired=bool(entry.expires and entry.expires < today))
        for entry in entries
    )


def _matches(entry: SkipAcceptance) -> Callable[[str], bool]:
    if entry.path:
        by_path = matcher([entry.path])
        # What lies in a container is called by the container's path first.
        return lambda item: by_path(os.fsencode(item.split(" > ")[0]), False)  # noqa: FBT003 - a callable's argument
    return lambda item: item == entry.object or (len(entry.object) >= _SHORTEST_ID and item.startswith(entry.object))
