"""``akpatrol scan`` without click."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from akpatrol.cli import plain_options
from akpatrol.config.options import of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from akpatrol.config.options import Options

_TRACKED = "--tracked"


def read(words: Sequence[str]) -> tuple[Options, tuple[str, ...], bool] | None:
    """Return the options, the paths and whether to read only tracked files; None where click has to read the words."""
    if (done := plain_options.read(words, (_TRACKED,))) is None:
        return None
    values, flags, paths = done
    return of(values), paths or (".",), _TRACKED in flags


def runner(words: Sequence[str]) -> Callable[[], int] | None:
    """Return what runs the command; None where click has to read the words."""
    done = read(words)
    return partial(_run, *done) if done else None


def _run(flags: Options, paths: tuple[str, ...], tracked: bool) -> int:  # noqa: FBT001 - as read
    from akpatrol.cli.console import Terminal  # noqa: PLC0415 - not before the words are read
    from akpatrol.pipeline.resolve import resolve  # noqa: PLC0415
    from akpatrol.pipeline.scan import scan  # noqa: PLC0415

    return scan(partial(resolve, flags), Terminal(), paths, tracked=tracked)
