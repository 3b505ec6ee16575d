"""``akpatrol history`` of a whole history, without click."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from akpatrol.cli import plain_options
from akpatrol.config.options import of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from akpatrol.config.options import Options


def read(words: Sequence[str]) -> tuple[Options, str] | None:
    """Return the options and the repository; None where click has to read the words, as for a range."""
    if (done := plain_options.read(words, ())) is None:
        return None
    values, _, arguments = done
    repository, *more = arguments or (".",)
    return None if more else (of(values), repository)


def runner(words: Sequence[str]) -> Callable[[], int] | None:
    """Return what runs the command; None where click has to read the words."""
    done = read(words)
    return partial(_run, *done) if done else None


def _run(flags: Options, repository: str) -> int:
    from akpatrol.cli.console import Terminal  # noqa: PLC0415 - not before the words are read
    from akpatrol.pipeline.history import history  # noqa: PLC0415
    from akpatrol.pipeline.resolve import resolve  # noqa: PLC0415

    return history(partial(resolve, flags), Terminal(), repository, remember=not flags.no_cache)
