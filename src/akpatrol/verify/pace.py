"""The pace of requests: one rate for the whole run, and one pause for all when the API asks for it."""

from __future__ import annotations

import asyncio


class Pace:
    """Spaces requests ``1/rps`` seconds apart, and shares out ``budget`` seconds of pauses."""

    def __init__(self, rps: float, budget: float) -> None:
        self._interval = 1 / rps
        self._budget = budget
        self._next = 0.0
        self._held_until = 0.0
        self._turn = asyncio.Lock()

    async def turn(self) -> None:
        """Wait until the next request may start."""
        loop = asyncio.get_running_loop()
        async with self._turn:
            while (wait := max(self._next, self._held_until) - loop.time()) > 0:  # noqa: ASYNC110 - a pause may grow
                await asyncio.sleep(wait)
            self._next = loop.time() + self._interval

    def hold(self, seconds: float) -> bool:
        """Pause all requests for that long from now. Returns False, without a pause, when the budget is too small."""
        now = asyncio.get_running_loop().time()
        until = now + seconds
        cost = until - max(now, self._held_until)
        if cost > self._budget:
            return False
        self._budget -= max(0.0, cost)
        self._held_until = max(self._held_until, until)
        return True
