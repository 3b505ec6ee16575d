"""The workers of a Dask cluster.

What a worker needs:

- akpatrol of the caller's own version with the extra ``dask``, and a Python of the caller's minor version;
- git, where the caller's ``PATH`` has it, and the targets under the paths that the caller gives: storage that all
  machines mount at the same place. The caller also makes the clones, so ``--clones`` must name such a place;
- a cache directory of its own (``XDG_CACHE_HOME``, or the worker's home);
- one thread, and as many workers as there are processors: ``dask worker ADDRESS --nworkers auto --nthreads 1``.

Only the caller writes the store; workers never see it. Over anything but ``tls://`` no raw secret leaves the worker
that found it. Certificates come from Dask's own configuration, which is the caller's:
https://distributed.dask.org/en/stable/tls.html

A task whose worker dies is given to another by the scheduler; one that has killed several is tried once more when no
other suspect runs: https://distributed.dask.org/en/stable/resilience.html
"""

from __future__ import annotations

import logging
import platform
import sys
import warnings
from concurrent.futures import BrokenExecutor, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from threading import Event, Lock, Thread
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from akpatrol import __version__
from akpatrol.errors import UsageError, WorkersLostError

if TYPE_CHECKING:
    from collections.abc import Callable

_T = TypeVar("_T")
_ANSWER_SECONDS = 30.0
# Long enough for workers that a queue starts, or that their nannies start again.
_WORKERS_SECONDS = 60.0
_GLANCE_SECONDS = 5.0
_CLOSE_SECONDS = 5.0
_GO_ON = "what was scanned is kept: run the sweep again to continue"


class Terms(NamedTuple):
    """The terms that every worker must meet: versions of akpatrol and Python, and ``tls`` as its address's scheme."""

    akpatrol: str
    python: str
    tls: bool

    def refusal(self, version: str, python: str, address: str) -> str:
        """Return why a worker cannot take part, "" when it can."""
        if version != self.akpatrol:
            return f"the worker {address} has akpatrol {version}, not {self.akpatrol}"
        if python != self.python:
            return f"the worker {address} has Python {python}, not {self.python}"
        if self.tls and not address.startswith("tls://"):
            return f"the worker {address} does not use TLS"
        return ""


class _Refused(NamedTuple):
    """The answer of a worker that cannot take part."""

    reason: str


class _Failed(NamedTuple):
    """The type of what a task raised: the exception's text, its traceback and a log of it could hold a secret."""

    kind: type[Exception]


class Cluster:
    """The workers of the scheduler at ``address``. Raises UsageError where it cannot be used."""

    ready = True
    is_local = False

    def __init__(self, address: str) -> None:
        self._address = address
        self._terms = Terms(__version__, _python(), address.startswith("tls://"))
        self._client = _client(address)
        try:
            self.workers = self._met()
        except BaseException:
            self._leave()
            raise
        self._executor = self._client.get_executor(pure=False)
        self._careful = ThreadPoolExecutor(1)
        self._lock = Lock()
        self._waiting: set[Future[Any]] = set()
        self._loss: WorkersLostError | None = None
        self._closed = Event()
        self._watcher = Thread(target=self._watch, daemon=True)
        self._watcher.start()

    def submit(self, task: Callable[..., _T], *arguments: Any, at: str = "") -> Future[_T]:
        """Submit a task to a worker, to the one ``at`` an address if that is still there."""
        outer: Future[_T] = Future()
        with self._lock:
            if self._loss:
                outer.set_exception(self._loss)
                return outer
            self._waiting.add(outer)
        self._give(outer, task, arguments, self._suspect, at)
        return outer

    def close(self) -> None:
        """Cancel the tasks that are not done, and disconnect."""
        self._closed.set()
        with self._lock:
            waiting, self._waiting = self._waiting, set()
        for outer in waiting:
            outer.cancel()
        self._careful.shutdown(wait=False, cancel_futures=True)
        with suppress(Exception):  # the scheduler may be gone
            if not self._loss:
                self._executor.shutdown(wait=False)
        self._leave()
        self._watcher.join(_ANSWER_SECONDS)

    def _leave(self) -> None:
        with suppress(Exception):  # again
            self._client.close(timeout=_CLOSE_SECONDS)

    def _give(
        self,
        outer: Future[_T],
        task: Callable[..., _T],
        arguments: tuple[Any, ...],
        when_killed: Callable[..., None],
        at: str = "",
    ) -> None:
        try:
            inner: Future[Any] = self._executor_at(at).submit(_done, self._terms, task, arguments)
        except Exception as error:  # noqa: BLE001 - any error of a client that lost its scheduler
            inner = Future()
            inner.set_exception(error)
        is_first = when_killed == self._suspect

        def settle(done: Future[Any]) -> None:
            self._settle(done, outer, lambda: when_killed(outer, task, arguments), is_first=is_first)

        inner.add_done_callback(settle)

    def _executor_at(self, address: str) -> Any:
        if not address:
            return self._executor
        return self._client.get_executor(pure=False, workers=[address], allow_other_workers=True)

    def _settle(
        self, inner: Future[Any], outer: Future[_T], when_killed: Callable[[], None], *, is_first: bool
    ) -> None:
        if inner.cancelled():
            self._lose("the scheduler stopped or was restarted")
        elif (error := inner.exception()) and (is_first or type(error).__name__ == "KilledWorker"):
            when_killed()  # beside a worker that dies, dask may fail to load a task that it loads the next time
        elif error:
            self._lose(f"a worker could not load a task ({type(error).__name__}): does it have akpatrol {__version__}?")
        elif isinstance(outcome := inner.result(), _Refused):
            self._lose(outcome.reason)
        elif isinstance(outcome, _Failed):
            self._end(outer, outcome.kind.__new__(outcome.kind))
        else:
            self._end(outer, None, outcome)

    def _suspect(self, outer: Future[_T], task: Callable[..., _T], arguments: tuple[Any, ...]) -> None:
        """Run a task once more while no other suspect runs: another task may have killed its workers."""

        def alone() -> None:
            self._give(outer, task, arguments, self._condemn)
            wait([outer])

        with suppress(RuntimeError):  # closed
            self._careful.submit(alone)

    def _condemn(self, outer: Future[_T], *_: object) -> None:
        self._end(outer, BrokenExecutor("workers of the cluster died"))

    def _end(self, outer: Future[_T], error: Exception | None, result: Any = None) -> None:
        with self._lock:
            if outer not in self._waiting:
                return
            self._waiting.remove(outer)
        if error:
            outer.set_exception(error)
        else:
            outer.set_result(result)

    def _lose(self, reason: str) -> None:
        """Let all pending and future tasks fail for one reason."""
        with self._lock:
            self._loss = self._loss or WorkersLostError(f"--dask {self._address}: {reason}", hint=_GO_ON)
            waiting, self._waiting = self._waiting, set()
        for outer in waiting:
            outer.set_exception(self._loss)

    def _watch(self) -> None:
        """Watch the number of workers: without any, the scheduler would let everything wait for ever."""
        last = monotonic()
        while not self._closed.wait(_GLANCE_SECONDS) and not self._loss:
            try:
                threads = self._client.nthreads(callback_timeout=_ANSWER_SECONDS)
            except Exception:  # noqa: BLE001 - any error of a client that lost its scheduler
                if not self._closed.is_set():
                    self._lose("the scheduler no longer answers")
                return
            if threads:
                self.workers, last = sum(threads.values()), monotonic()
            elif monotonic() - last > _WORKERS_SECONDS:
                self._lose("no workers are left")

    def _met(self) -> int:
        """Return how many threads the workers have. Waits for one; raises UsageError for one that cannot take part."""
        try:
            self._client.wait_for_workers(1, timeout=_ANSWER_SECONDS)
            answers = self._client.run(_versions, on_error="return")
            threads: dict[str, int] = self._client.nthreads()
        except OSError:  # TimeoutError is one
            raise UsageError(
                f"--dask {self._address}: the scheduler has no workers", hint=f"dask worker {self._address}"
            ) from None
        for address, answer in answers.items():
            if isinstance(answer, Exception):
                reason = f"the worker {address} has no usable akpatrol ({type(answer).__name__})"
            else:
                version, python = answer
                reason = self._terms.refusal(version, python, address)
            if reason:
                raise UsageError(
                    f"--dask {self._address}: {reason}", hint=f"pip install 'akpatrol[dask]=={__version__}'"
                )
        return max(1, sum(threads.values()))


def _done(terms: Terms, task: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """Run a task, in a worker."""
    from distributed import get_worker  # noqa: PLC0415 - in workers

    if reason := terms.refusal(*_versions(), get_worker().address):
        return _Refused(reason)
    try:
        return task(*arguments)
    except Exception as error:  # noqa: BLE001 - whoever asks for the result gets it
        return _Failed(type(error))


def own_address() -> str:
    """Return the address of the worker that this is called in, "" elsewhere."""
    if "distributed.worker" not in sys.modules:
        return ""
    from distributed import get_worker  # noqa: PLC0415 - in workers

    try:
        return str(get_worker().address)
    except ValueError:
        return ""


def _versions() -> tuple[str, str]:
    return __version__, _python()


def _python() -> str:
    return ".".join(platform.python_version_tuple()[:2])


def _client(address: str) -> Any:
    """Return a client of the scheduler. Raises UsageError when there is none, or no Dask."""
    try:
        from distributed import Client  # noqa: PLC0415 - half a second, and an extra
    except ImportError:
        raise UsageError("--dask requires dask.distributed", hint="pip install 'akpatrol[dask]'") from None
    _hush()
    # A client whose construction failed would be closed when Python ends, and then wait for ever for a dead thread.
    client: Any = Client.__new__(Client)
    try:
        client.__init__(address, timeout=_ANSWER_SECONDS, set_as_default=False)
    except (OSError, ValueError, TypeError, RuntimeError) as error:
        with suppress(Exception):  # the first error matters
            client.close(timeout=_CLOSE_SECONDS)
        raise UsageError(f"--dask {address}: no scheduler answers: {error}") from None
    return client


def _hush() -> None:
    """Keep Dask's own messages off standard error: errors that matter are reported by akpatrol."""
    for name in (*logging.Logger.manager.loggerDict, "asyncio"):
        if name.partition(".")[0] in ("asyncio", "distributed", "tornado"):
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    # Versions are compared here, and the size of a task is known.
    warnings.filterwarnings("ignore", module=r"(distributed|tornado)\b")
    warnings.filterwarnings("ignore", message="Sending large graph")
