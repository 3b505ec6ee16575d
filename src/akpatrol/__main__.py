"""Where the program begins: signals are heeded before anything is imported that takes time.

Python would show a traceback for a Ctrl-C that arrives while modules are loaded, and die of one while it ends. What
this imports itself Python has loaded by then.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # the module ``signal`` imports enum, which takes time
import sys

from akpatrol.runtime.abrupt_end import end

# typing's own, which takes longer to import than all that runs before signals are heeded.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import NoReturn


def entry() -> NoReturn:
    """Run as a program."""
    # A Ctrl-C that is ignored, as in a shell's background, goes on being ignored.
    if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
        _signal.signal(_signal.SIGINT, end)
    _signal.signal(_signal.SIGTERM, end)
    import atexit  # noqa: PLC0415 - not before signals are heeded
    import gc  # noqa: PLC0415

    # What is imported is no garbage: to look for some takes a tenth of the time.
    gc.disable()
    # Registered first, so it runs last.
    atexit.register(_ignore_signals)
    from akpatrol import main  # noqa: PLC0415 - what takes time
    from akpatrol.runtime import interrupts  # noqa: PLC0415

    code = main.outermost(sys.argv[1:])
    interrupts.leave_with(code)
    sys.exit(code)


def _ignore_signals() -> None:
    """Let no signal kill the process: while Python ends, no handler of its own runs any more."""
    for number in (_signal.SIGINT, _signal.SIGTERM):
        _signal.signal(number, _signal.SIG_IGN)


if __name__ == "__main__":
    entry()
