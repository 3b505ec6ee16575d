"""Whether a host that is asked again and again still answers, known to all that ask it in this process."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_LOST_SECONDS = 60.0  # for so long a host that did not answer is not asked again


class HostHealth:
    """The health of one host; ``clock`` is in seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lost_until = 0.0

    def lose(self) -> None:
        """Record that it did not answer after several attempts."""
        self._lost_until = self._clock() + _LOST_SECONDS

    def is_lost(self) -> bool:
        """Return whether it is not to be asked again yet."""
        return self._clock() < self._lost_until
