"""The entry point: signals are handled before anything slow is imported.

Otherwise Python would show a traceback for a Ctrl-C that arrives while modules are loaded, and die of one while it
ends. This module imports only what Python has loaded by itself.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # the module ``signal`` imports enum, which takes time
import sys

from akpatrol.runtime.abrupt_end import end

# Instead of typing's own, whose import takes longer than everything that runs before signals are handled.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import NoReturn


def entry() -> NoReturn:
    """Run as a program."""
    # A Ctrl-C that is already ignored, as in a shell's background, stays ignored.
    if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
        _signal.signal(_signal.SIGINT, end)
    _signal.signal(_signal.SIGTERM, end)
    import atexit  # noqa: PLC0415 - not before signals are handled
    import gc  # noqa: PLC0415

    # Imports leave no garbage, and collecting it would take a tenth of the time.
    gc.disable()
    # Registered first, so it runs last.
    atexit.register(_ignore_signals)
    from akpatrol import main  # noqa: PLC0415 - the slow imports
    from akpatrol.runtime import interrupts  # noqa: PLC0415

    code = main.outermost(sys.argv[1:])
    interrupts.leave_with(code)
    # The system frees the memory: to look for garbage in it once more takes as long as to write a large report.
    gc.freeze()
    sys.exit(code)


def _ignore_signals() -> None:
    """Ignore all signals: while Python ends, its handlers no longer run."""
    for number in (_signal.SIGINT, _signal.SIGTERM):
        _signal.signal(number, _signal.SIG_IGN)


if __name__ == "__main__":
    entry()
