"""Run a sweep: a worker pool scans every target, the largest first, and stores each as a whole.

Stored targets are done even if the sweep is cut off: the next sweep finds them unchanged and continues.
"""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, ThreadPoolExecutor, wait
from datetime import date
from functools import partial
from heapq import heappop, heappush
from itertools import islice
from threading import Event
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from akpatrol.cache.scan_cache import conditions
from akpatrol.errors import AkpatrolError, WorkersLostError
from akpatrol.model.scan import End, Skipped, Target
from akpatrol.runtime.worker_pool import InlinePool
from akpatrol.scan.execute import read_elsewhere
from akpatrol.sweep import work
from akpatrol.sweep.clones import CloneError
from akpatrol.sweep.target_kinds import table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from akpatrol.model.credential import Credential
    from akpatrol.runtime.worker_pool import WorkerPool
    from akpatrol.scan.result import ScanResult
    from akpatrol.sources.base import Source, Unit
    from akpatrol.sweep.signature import TargetSignature
    from akpatrol.sweep.store.store import SweepStore
    from akpatrol.sweep.urls import CloneWanted
    from akpatrol.sweep.work import ScanSpec, TargetResult

    Planned = Target | Skipped | CloneWanted

# One worker reads a smaller target in well under a minute.
_LARGE_BYTES = 48 << 20
_LARGE_AT_ONCE = 2
# So few small targets are read faster than a process starts.
_FEW, _LITTLE_BYTES = 4, 8 << 20
_CLONES_AT_ONCE = 4
_IN_FLIGHT_A_WORKER = 2
_UNITS_A_WORKER = 4
# Among this many targets the largest starts first, so that it does not delay the end.
_AHEAD = 512
_GLANCE_SECONDS = 0.5


class Watch(Protocol):
    """The observer of a sweep. Sizes are in bytes, as stored."""

    def met(self, size: int) -> None:
        """Count a target that is to be scanned."""

    def unchanged(self, size: int) -> None:
        """Record that a target is unchanged and is not scanned again."""

    def done(self, size: int, outcome: TargetResult | None) -> None:
        """Record that a target is done; without an outcome it could not be scanned."""

    def tick(self) -> None:
        """Refresh what is shown; called several times a second."""


class _StoppedError(Exception):
    """The sweep was stopped: nothing more is started."""


class _Waiting(NamedTuple):
    """A target that waits, in the order in which targets start."""

    spec: tuple[int, int]
    target: Target
    seen: TargetSignature


class Sweep:
    """Scans targets for the run ``run`` of a store. ``stop`` may be called from a signal's handler."""

    def __init__(self, pool: WorkerPool, spec: ScanSpec, store: SweepStore, run: int, watch: Watch) -> None:
        self._pool = pool
        self._spec = spec
        self._store = store
        self._run = run
        self._watch = watch
        # The date is a condition, because accepted skips may expire.
        until = (spec.accept, date.today().isoformat()) if spec.accept else ()  # noqa: DTZ011 - any day will do
        self._conditions = f"{conditions(spec.rules.digest, spec.limits)} {spec.minimum} {spec.exclude!r} {until!r}"
        self._ahead: list[_Waiting] = []
        self._ahead_bytes = 0
        self._conducted: set[Future[Any]] = set()
        self._flying: dict[Future[Any], _Waiting] = {}
        self._coming: dict[Future[Any], CloneWanted] = {}
        self._met = 0
        self._listed = False
        self._stopping = Event()
        self.secrets: dict[str, Credential] = {}

    def stop(self) -> None:
        """Start nothing more, and cancel large targets; small targets in progress are finished."""
        self._stopping.set()

    @property
    def stopped(self) -> bool:
        """Whether it was stopped."""
        return self._stopping.is_set()

    def go(self, plan: Iterable[Planned], clone: Callable[[CloneWanted], str]) -> None:
        """Scan all targets of a plan; ``clone`` clones a remote one and returns the mirror's path."""
        planned = iter(plan)
        with ThreadPoolExecutor(_CLONES_AT_ONCE) as carriers, ThreadPoolExecutor(_LARGE_AT_ONCE) as conductors:
            try:
                while True:
                    self._survey(planned, lambda wanted: carriers.submit(clone, wanted))
                    self._begin(conductors)
                    if not self._flying and not (self._coming and not self.stopped):
                        break
                    done, _ = wait((*self._flying, *self._coming), _GLANCE_SECONDS, FIRST_COMPLETED)
                    self._gather(done)
                    self._watch.tick()
            except BaseException:
                self.stop()
                carriers.shutdown(wait=False, cancel_futures=True)
                raise

    def _survey(self, planned: Iterator[Planned], carry: Callable[[CloneWanted], Future[str]]) -> None:
        """Check the signatures of the next targets; unchanged ones need not be opened."""
        if self.stopped:
            return
        room = max(0, _AHEAD - len(self._ahead) - len(self._coming))
        self._listed = room > 0
        for number, entry in enumerate(islice(planned, room), 1):
            self._listed = number < room
            if isinstance(entry, Skipped):
                self._skip(entry.item, entry.reason)
            elif isinstance(entry, Target):
                self._admit(entry)
            else:
                self._coming[carry(entry)] = entry
            self._watch.tick()

    def _admit(self, target: Target) -> None:
        signature = table.look(target, self._spec.own_files)
        self._watch.met(signature.size)
        if self._is_as_it_was(target, signature):
            self._store.unchanged(self._run, target)
            self._watch.unchanged(signature.size)
            return
        self._met += 1
        self._ahead_bytes += signature.size
        heappush(self._ahead, _Waiting((-signature.size, self._met), target, signature))

    def _is_as_it_was(self, target: Target, signature: TargetSignature) -> bool:
        # Verification needs the secret, which is not stored.
        if self._spec.secrets or not signature.signature:
            return False
        return self._store.signature(target.kind, target.root, self._conditions) == signature.signature

    def _begin(self, conductors: ThreadPoolExecutor) -> None:
        while self._ahead and not self.stopped:
            if len(self._flying) - len(self._conducted) >= self._pool.workers * _IN_FLIGHT_A_WORKER:
                break
            waiting = heappop(self._ahead)
            if self._is_conducted(waiting):
                future = conductors.submit(work.scan_with_reader, self._spec, waiting.target, self._read)
                self._conducted.add(future)
            else:
                pool = self._pool if self._is_worth_it() else InlinePool()
                future = pool.submit(work.scan_target, self._spec, waiting.target)
            self._ahead_bytes -= waiting.seen.size
            self._flying[future] = waiting

    def _is_worth_it(self) -> bool:
        """Return whether there is enough work to start processes for it."""
        many = len(self._ahead) + len(self._coming) >= _FEW
        return self._pool.ready or many or not self._listed or self._ahead_bytes > _LITTLE_BYTES

    def _is_conducted(self, waiting: _Waiting) -> bool:
        """Return whether a target is split among the workers, or read here because its name holds a secret."""
        if work.reveals(self._spec, waiting.target):
            return True
        if self._pool.workers == 1 or len(self._conducted) >= _LARGE_AT_ONCE or waiting.seen.size <= _LARGE_BYTES:
            return False
        # Larger than a worker's share of the remaining work: the others would wait for it at the end.
        return waiting.seen.size * self._pool.workers > self._ahead_bytes

    def _read(self, source: Source, result: ScanResult) -> None:
        """Let the pool read the units of a large target."""

        def submit(unit: Unit) -> Future[ScanResult]:
            if self.stopped:
                raise _StoppedError
            pool = InlinePool() if work.reveals(self._spec, unit) else self._pool
            return pool.submit(work.piece, self._spec, unit)

        complete = partial(work.completed, self._spec)
        read_elsewhere(source, submit, result, self._pool.workers * _UNITS_A_WORKER, complete)

    def _gather(self, done: Iterable[Future[Any]]) -> None:
        for future in done:
            if waiting := self._flying.pop(future, None):
                self._conducted.discard(future)
                self._settle(future, waiting)
            else:
                self._arrived(future)

    def _settle(self, future: Future[TargetResult], waiting: _Waiting) -> None:
        """Store a target's result."""
        outcome = None
        try:
            outcome = future.result()
        except _StoppedError:
            return
        except WorkersLostError:
            raise
        except BrokenExecutor:
            self._skip(waiting.target.root, "a worker process died while reading it")
        except Exception as error:  # noqa: BLE001 - one target must not cost the others; its text may hold a secret
            self._skip(waiting.target.root, f"a bug in akpatrol: {type(error).__name__}")
        else:
            self._store.put(self._run, outcome.document, waiting.seen.signature, self._conditions, waiting.target.root)
            for name, credential in outcome.secrets.items():
                if credential.end is End.CERTAIN:
                    self.secrets[name] = credential
                else:
                    self.secrets.setdefault(name, credential)
        self._watch.done(waiting.seen.size, outcome)

    def _skip(self, name: str, reason: str) -> None:
        """Record that a target could not be read at all; its name may hold a secret."""
        self._store.skip(self._run, work.masked(self._spec, name), work.masked(self._spec, reason))

    def _arrived(self, future: Future[str]) -> None:
        """Admit the targets whose clones are ready."""
        wanted = self._coming.pop(future)
        try:
            path = future.result()
        except (CloneError, AkpatrolError, OSError) as error:
            self._skip(wanted.url, str(error))
        else:
            self._admit(Target("0", "repository", path, remote=wanted.url))
