"""Where the program begins: signals are heeded before anything is imported that takes time.

Python would show a traceback for a Ctrl-C that arrives while modules are loaded, and die of one while it ends. What
this imports itself Python has loaded by then.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # the module ``signal`` imports enum, which takes time
import os
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

    ended = _Ended()
    # Registered first, so it runs last: in what Python does after it a signal would kill the process.
    atexit.register(ended.leave)
    from akpatrol import main  # noqa: PLC0415 - what takes time
    from akpatrol.runtime import interrupts  # noqa: PLC0415

    ended.code = main.outermost(sys.argv[1:])
    interrupts.leave_with(ended.code)
    sys.exit(ended.code)


class _Ended:
    code = 0

    def leave(self) -> None:
        from contextlib import suppress  # noqa: PLC0415 - not before signals are heeded

        for stream in (sys.stdout, sys.stderr):
            # It was closed before the start, or its reader is gone.
            with suppress(AttributeError, OSError):
                stream.flush()
        os._exit(self.code)


if __name__ == "__main__":
    entry()
