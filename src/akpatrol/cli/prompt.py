"""Read what a person types or pastes without echo, or what is piped in."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from akpatrol.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST_BYTES = 16 << 20


def typed(invitation: str, *, one_line: bool = False) -> bytes:
    """Return standard input; on a terminal, the lines up to an empty one or a single line, without echo.

    Raises UsageError for no input, or far too much.
    """
    if not sys.stdin:
        raise UsageError("standard input is closed", hint="give the credentials on standard input, one per line")
    if sys.stdin.isatty():
        content = _prompted(invitation, one_line=one_line)
    else:
        content = sys.stdin.buffer.read(_LONGEST_BYTES + 1)
        if len(content) > _LONGEST_BYTES:
            raise UsageError(f"more than {_LONGEST_BYTES >> 20} MiB on standard input", hint="akpatrol scan --verify -")
    if not content.strip():
        raise UsageError("no credential was given", hint="give it on standard input, or at the prompt")
    return content


def _prompted(invitation: str, *, one_line: bool) -> bytes:
    """Read without getpass, which drops what is typed ahead: all but the first of several pasted lines."""
    sys.stderr.write(invitation + "\n")
    sys.stderr.flush()
    lines = []
    with _without_echo(sys.stdin.fileno()):
        while (line := sys.stdin.buffer.readline()).strip():
            lines.append(line)
            if one_line:
                break
    return b"".join(lines)


@contextmanager
def _without_echo(terminal: int) -> Iterator[None]:
    import termios  # noqa: PLC0415 - only for a person

    before = termios.tcgetattr(terminal)
    silent = [*before[:3], before[3] & ~termios.ECHO, *before[4:]]
    termios.tcsetattr(terminal, termios.TCSADRAIN, silent)
    try:
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)
