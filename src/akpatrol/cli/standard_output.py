"""Standard output: write to it without click, which a clean commit does not import, and decide on colours."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def is_terminal() -> bool:
    """Return whether a person reads it."""
    return bool(sys.stdout) and sys.stdout.isatty()


def print_text(text: str) -> None:
    """Write a text after what is in the buffers. Raises BrokenPipeError when it is closed."""
    print_pieces((text,))


def print_pieces(pieces: Iterable[str]) -> None:
    """Write a text that comes in pieces, as ``print_text`` does."""
    if not sys.stdout:
        raise BrokenPipeError
    sys.stdout.flush()
    for piece in pieces:
        sys.stdout.buffer.write(piece.encode())
    sys.stdout.buffer.flush()


def is_coloured(when: str, environment: Mapping[str, str], *, on_terminal: bool) -> bool:
    """Return whether to colour: the option ``when`` decides, then NO_COLOR, FORCE_COLOR and the terminal.

    https://no-color.org, https://force-color.org
    """
    if when != "auto":
        return when == "always"
    if environment.get("NO_COLOR"):
        return False
    return bool(environment.get("FORCE_COLOR")) or (on_terminal and environment.get("TERM") != "dumb")
