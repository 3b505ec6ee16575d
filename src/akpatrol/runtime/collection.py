"""When Python looks for garbage: values that refer to each other in a circle, which nothing else frees."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


# Allocations between two looks at the newest values, and looks at these between two at older ones. Python's 700 and 10
# cost the process that keeps all findings a thirtieth of its time. A worker has none to keep, but large contents.
_ALLOCATIONS, _LOOKS = 20_000, 20


def collect_seldom() -> None:
    """Look for garbage from now on, but not in what was imported."""
    gc.freeze()
    gc.set_threshold(_ALLOCATIONS, _LOOKS, _LOOKS)
    gc.enable()


@contextmanager
def uncollected() -> Iterator[None]:
    """Look for no garbage: what is made meanwhile stays, and to pass over it again and again takes much of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
