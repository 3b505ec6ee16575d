"""How long a forge may be waited for: a quarter of each hour, and not at all while it asks for longer than that."""

from __future__ import annotations

import time
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from akpatrol.model.scan import Secret

_SECONDS, _HOUR = 900.0, 3600.0
_REFUSALS = 3


class Patience:
    """How long a forge may still be waited for, and until when it is left alone, for all of its clients here."""

    def __init__(self) -> None:
        self._left = _SECONDS
        self._renewed = time.monotonic()
        self._until = 0.0
        self._refused: Secret | None = None
        self._refusals = 0

    def refuse(self, login: Secret) -> None:
        """Record that the forge did not accept a login."""
        self._refusals = self._refusals + 1 if login == self._refused else 1
        self._refused = login

    def accept(self) -> None:
        """Record that the forge gave something."""
        self._refused, self._refusals = None, 0

    def is_refused(self, login: Secret) -> bool:
        """Return whether a login need not be sent again: several times in a row it was not accepted."""
        return login == self._refused and self._refusals >= _REFUSALS

    def take(self, seconds: float) -> bool:
        """Return whether to wait so long; if not, the forge is left alone until then."""
        now = time.monotonic()
        if now - self._renewed > _HOUR:
            self._left, self._renewed = _SECONDS, now
        if seconds > self._left:
            self._until = now + seconds
            return False
        self._left -= seconds
        return True

    @property
    def rest(self) -> float:
        """For how many seconds the forge is left alone."""
        return max(0.0, self._until - time.monotonic())


@lru_cache(maxsize=64)
def patience_with(_origin: str) -> Patience:
    """Return the patience with a forge, by scheme and host."""
    return Patience()
