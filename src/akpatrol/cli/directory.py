"""``-C DIR``, before and behind the command's name."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable

_NAMED = "akpatrol.directory"


def _enter(context: click.Context, _parameter: click.Parameter, directory: str | None) -> str | None:
    """Change to the directory before any other option is looked at."""
    if directory:
        from akpatrol.config.options import keep_paths  # noqa: PLC0415 - most runs stay where they are
        from akpatrol.sources.git.runner import HOOK_VARIABLES  # noqa: PLC0415

        keep_paths(HOOK_VARIABLES)
        try:
            os.chdir(directory)
        except OSError as error:
            raise click.BadParameter(f"{directory}: {error.strerror}") from None
        context.find_root().meta[_NAMED] = True
    return directory


def option(**how: Any) -> Callable[[Any], Any]:
    """Return the option; ``how`` is for click."""
    text = "Work as if started in DIR."
    return click.option("-C", "--repo", "directory", is_eager=True, callback=_enter, metavar="DIR", help=text, **how)


def was_named() -> bool:
    """Tell whether the caller said where to work."""
    return bool(click.get_current_context().find_root().meta.get(_NAMED))
