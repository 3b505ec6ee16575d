"""A batch in a separate thread, so that Ctrl-C reaches the caller at once and stops it in order."""

from __future__ import annotations

import asyncio
import queue
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.verify.batch import Batch
from akpatrol.verify.client import Verifier

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import httpx

    from akpatrol.model.credential import Credential, Verification
    from akpatrol.verify.options import VerifyOptions
    from akpatrol.verify.results import Stage

_STOP_SECONDS = 5.0
"""How long a stopped batch may take to close its connections."""


class PartialResult(NamedTuple):
    """The facts known about a credential so far."""

    credential: Credential
    verification: Verification
    stage: Stage


class Background:
    """Runs one batch; iterating yields its results, closing stops it."""

    def __init__(
        self, credentials: Sequence[Credential], options: VerifyOptions, transport: httpx.AsyncBaseTransport | None
    ) -> None:
        self._credentials = credentials
        self._options = options
        self._transport = transport
        self._learned: list[PartialResult] = []
        self._news: queue.SimpleQueue[PartialResult | None] = queue.SimpleQueue()
        self._error: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._begun = threading.Event()
        self._thread = threading.Thread(target=self._run, name="akpatrol-verify", daemon=True)

    def __iter__(self) -> Iterator[PartialResult]:
        self._thread.start()
        while (learned := self._news.get()) is not None:
            yield learned
        if self._error:
            raise self._error

    def stop(self) -> list[PartialResult]:
        """Cancel the requests in progress and return all results: an interrupt may lose one that was just yielded."""
        if self._thread.is_alive() and self._begun.wait(_STOP_SECONDS) and self._loop and self._task:
            with suppress(RuntimeError):  # the loop closed by itself in between
                self._loop.call_soon_threadsafe(self._task.cancel)
            self._thread.join(_STOP_SECONDS)
        return list(self._learned)

    def _run(self) -> None:
        try:
            asyncio.run(self._batch())
        except asyncio.CancelledError:
            pass
        except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
            self._error = error
        finally:
            self._news.put(None)

    async def _batch(self) -> None:
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        self._begun.set()
        async with Verifier(self._options, self._transport) as verifier:
            await Batch(self._options, verifier.ask, self._learn).run(self._credentials)

    def _learn(self, credential: Credential, verification: Verification, stage: Stage) -> None:
        self._learned.append(learned := PartialResult(credential, verification, stage))
        self._news.put(learned)
