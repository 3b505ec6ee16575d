"""The end of a run that a signal stops at once: one line, and the exit code that shells use for that signal.

This is loaded before anything else, and imports nothing that Python has not loaded by itself.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]
import os

# typing's own, which takes longer to import than all of this.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from types import FrameType
    from typing import NoReturn

_WORDS = {_signal.SIGINT: "interrupted", _signal.SIGTERM: "terminated"}


def message(number: int) -> str:
    """Return the line for a run that a signal ended before its report."""
    return f"{_WORDS[number]}; no report was written"


def end(number: int, _frame: FrameType | None = None) -> NoReturn:
    """End the process on a signal, whatever it is doing."""
    try:  # noqa: SIM105 - contextlib is not loaded yet
        # Not through sys.stderr, to which this process may be writing as the signal arrives.
        os.write(2, f"akpatrol: {message(number)}\n".encode())
    except OSError:
        pass  # nobody is left to read it; the exit code still reports it
    os._exit(128 + number)
