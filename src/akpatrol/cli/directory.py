"""``-C DIR``, before or after the command's name."""

from __future__ import annotations

import os

import click

_NAMED = "akpatrol.directory"


def enter(context: click.Context, _parameter: click.Parameter, directory: str | None) -> str | None:
    """Change to the directory before any other option is read."""
    if directory:
        from akpatrol.config.environment import keep_paths  # noqa: PLC0415 - most runs stay where they are
        from akpatrol.sources.git.runner import HOOK_VARIABLES  # noqa: PLC0415

        keep_paths(HOOK_VARIABLES)
        try:
            os.chdir(directory)
        except OSError as error:
            raise click.BadParameter(f"{directory}: {error.strerror}") from None
        context.find_root().meta[_NAMED] = True
    return directory


def was_named() -> bool:
    """Return whether the caller said where to work."""
    return bool(click.get_current_context().find_root().meta.get(_NAMED))
