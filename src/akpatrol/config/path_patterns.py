"""Path patterns as in .gitignore: those of flags are relative to a target, those of a tree to its configuration."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from akpatrol.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from akpatrol.config.settings import Settings
    from akpatrol.model.scan import Target

    Matcher = Callable[[bytes, bool], bool]


def excluder(settings: Settings) -> Callable[[str], Matcher]:
    """Return a function that gives, for a target's directory, whether to leave out ``(path, is_directory)``."""
    by_flags, configured = matcher(settings.options.exclude), matcher(settings.configured_exclude)
    if not settings.configured_exclude:
        return lambda _root: by_flags

    def in_target(root: str) -> Matcher:
        above = prefix(settings.base, root)
        return lambda path, is_directory: by_flags(path, is_directory) or configured(above + path, is_directory)

    return in_target


def by_target(settings: Settings, targets: Sequence[Target]) -> Callable[[str, bytes], bool]:
    """Return a function that says whether a file is left out, by its target's id and its path."""
    excluded = excluder(settings)
    matchers = {target.id: excluded(directory(target)) for target in targets}
    return lambda target, path: matchers[target](path, False)  # noqa: FBT003 - a callable's argument


def directory(target: Target) -> str:
    """Return the directory that a target's paths are relative to."""
    return os.path.dirname(target.root) if target.kind == "file" else target.root


def prefix(base: str | None, root: str) -> bytes:
    """Return the prefix that makes paths below ``root`` relative to ``base``; empty unless ``base`` is above."""
    if not base:
        return b""
    relative = os.path.relpath(root, os.path.realpath(base))
    return b"" if relative.split(os.sep)[0] in (os.curdir, os.pardir) else os.fsencode(relative) + b"/"


def matcher(patterns: Sequence[str]) -> Matcher:
    """Return a function that says whether ``(path, is_directory)`` matches one of the patterns."""
    if not patterns:
        return lambda _path, _is_directory: False
    import re  # noqa: PLC0415 - only with patterns

    from pathspec import GitIgnoreSpec  # noqa: PLC0415 - only with patterns

    try:
        # The other backends, chosen by what is installed, raise errors of their own and take no name that is not UTF-8.
        spec = GitIgnoreSpec.from_lines(patterns, backend="simple")
    except (ValueError, re.error) as error:
        raise UsageError(f"not a path pattern as in .gitignore: {error}") from None
    return lambda path, is_directory: spec.match_file(os.fsdecode(path) + ("/" if is_directory else ""))
