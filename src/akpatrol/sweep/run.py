"""Run a sweep: workers check, clone, read, place and reduce targets; this process has the queue and the store.

Stored targets are done even if the sweep is cut off: the next sweep finds them unchanged and continues.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import BrokenExecutor, ThreadPoolExecutor
from datetime import date
from functools import partial
from itertools import islice
from threading import Event
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from akpatrol.cache.scan_cache import conditions
from akpatrol.errors import AkpatrolError, UsageError, WorkersLostError
from akpatrol.model.scan import End, Skipped, Target
from akpatrol.runtime.worker_pool import InlinePool
from akpatrol.sweep import tasks, work
from akpatrol.sweep.clones import AbsentError, CloneError
from akpatrol.sweep.division import DividedTarget, is_large
from akpatrol.sweep.flights import Flights
from akpatrol.sweep.store.store import ScannedRows
from akpatrol.sweep.target_queue import TargetParts, TargetQueue, WaitingPart, WaitingTarget
from akpatrol.sweep.tasks import ScannedTarget, UnscannedTarget

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from concurrent.futures import Future

    from akpatrol.model.credential import Credential
    from akpatrol.runtime.worker_pool import WorkerPool
    from akpatrol.sweep.signature import TargetSignature
    from akpatrol.sweep.store.store import SweepStore
    from akpatrol.sweep.tasks import ClonedTarget, CloneTask, Outcome
    from akpatrol.sweep.urls import CloneWanted
    from akpatrol.sweep.work import ScanSpec

    Planned = Target | Skipped | CloneWanted

_T = TypeVar("_T")
# So little is read faster than processes start; a target takes at least as long as so many bytes.
_LITTLE_BYTES, _TARGET_BYTES = 8 << 20, 64 << 10
# So many are checked here, sooner than processes start, and in one task elsewhere.
_CHECKED_HERE, _CHECKED_AT_ONCE = 256, 64
_CLONES_AT_ONCE = 4
_IN_FLIGHT_A_WORKER = 2
# So many targets wait to be read, at most; the largest of them starts first.
_AHEAD = 4096
_GLANCE_SECONDS = 0.5
_DIED = "a worker process died while reading it"


class Watch(Protocol):
    """The observer of a sweep. Sizes are in bytes, as stored."""

    def met(self, size: int) -> None:
        """Count a target that is to be scanned."""

    def unchanged(self, size: int) -> None:
        """Record that a target is unchanged and is not scanned again."""

    def done(self, size: int, outcome: ScannedTarget | None) -> None:
        """Record that a target is done; without an outcome it could not be scanned."""

    def tick(self) -> None:
        """Refresh what is shown; called several times a second."""


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
        self._unchecked: list[Target] = []
        self._revealing: list[Target] = []
        self._uncloned: deque[CloneWanted] = deque()
        self._parts: deque[WaitingPart] = deque()
        self._queue = TargetQueue()
        self._flights = Flights()
        self._scanned: list[tuple[WaitingTarget, ScannedTarget]] = []
        self._most_clones = _CLONES_AT_ONCE if pool.is_local else max(_CLONES_AT_ONCE, pool.workers)
        self._met = 0
        self._listed = False
        self._stopping = Event()
        self.secrets: dict[str, Credential] = {}

    def stop(self) -> None:
        """Start nothing more, and give up divided targets; others in progress are finished."""
        self._stopping.set()

    @property
    def stopped(self) -> bool:
        """Whether it was stopped."""
        return self._stopping.is_set()

    def go(
        self,
        plan: Iterable[Planned],
        clone: Callable[[CloneWanted], str],
        elsewhere: Callable[[CloneWanted], CloneTask | None] = lambda _: None,
    ) -> None:
        """Scan all targets of a plan.

        ``clone`` clones a remote one on this machine and returns the mirror's path; ``elsewhere`` returns the task of a
        worker that does, None if it is to be done here.
        """
        planned = iter(plan)
        with ThreadPoolExecutor(_CLONES_AT_ONCE) as carriers:
            try:
                while True:
                    self._list(planned)
                    if not self.stopped:
                        self._check()
                        self._flights.settle()  # what was checked here
                        self._clone(carriers, clone, elsewhere)
                        self._read()
                    if not self._flights.is_pending(stopped=self.stopped):
                        self._write()  # what ended while earlier results were written
                        if self.stopped or not self._is_more():
                            break
                        continue
                    self._flights.settle(_GLANCE_SECONDS)
                    self._write()
                    if not self.stopped and not self._is_more():
                        self._flights.hasten(self._pool.workers)
                    self._watch.tick()
            except BaseException:
                self.stop()
                carriers.shutdown(wait=False, cancel_futures=True)
                raise

    def _is_more(self) -> bool:
        waiting = self._unchecked, self._revealing, self._uncloned, self._parts, self._queue
        return not self._listed or any(map(bool, waiting))

    def _list(self, planned: Iterator[Planned]) -> None:
        """Take the next targets of the plan."""
        room = _AHEAD - len(self._queue) - len(self._unchecked) - len(self._uncloned) - self._flights.checked
        if self._listed or self.stopped or room <= 0:
            return
        room = min(room, _CHECKED_AT_ONCE * self._pool.workers)
        entries = list(islice(planned, room))
        for entry in entries:
            if isinstance(entry, Skipped):
                self._skip(entry.item, entry.reason)
            elif isinstance(entry, Target):
                self._add(entry)
            else:
                self._uncloned.append(entry)
            self._watch.tick()
        self._listed = len(entries) < room

    def _add(self, target: Target) -> None:
        """Add a target whose signature is to be looked up, here if its name may not be sent."""
        (self._revealing if work.reveals(self._spec, target) else self._unchecked).append(target)

    def _check(self) -> None:
        """Have the signatures of targets looked up; unchanged ones need not be opened."""
        while self._revealing:
            self._submit_check(InlinePool(), [self._revealing.pop()], is_revealing=True)
        while self._unchecked:
            if len(self._unchecked) < _CHECKED_AT_ONCE and not self._listed and self._flights:
                return
            few = self._met + len(self._unchecked) <= _CHECKED_HERE and not any(one.api for one in self._unchecked)
            pool = self._pool if self._pool.ready or not few else InlinePool()
            batch, self._unchecked = self._unchecked[:_CHECKED_AT_ONCE], self._unchecked[_CHECKED_AT_ONCE:]
            self._submit_check(pool, batch)

    def _submit_check(self, pool: WorkerPool, targets: list[Target], *, is_revealing: bool = False) -> None:
        settle = partial(self._checked, targets, is_revealing=is_revealing)
        self._flights.submit(pool, settle, tasks.check, self._spec, targets, checks=len(targets))

    def _checked(self, targets: list[Target], future: Future[list[TargetSignature]], *, is_revealing: bool) -> None:
        signatures = _result(future)
        if isinstance(signatures, UnscannedTarget):
            for target in targets:
                if len(targets) > 1:
                    self._submit_check(self._pool, [target])
                else:
                    self._skip(target.root, signatures.reason)
            return
        # Verification needs the secret, which is not stored.
        known = [] if self._spec.secrets else self._store.signatures(targets, self._conditions)
        unchanged = []
        for number, (target, seen) in enumerate(zip(targets, signatures, strict=True)):
            self._met += 1
            self._watch.met(seen.size)
            if seen.signature and known and known[number] == seen.signature:
                unchanged.append((target, seen.size))
            else:
                self._queue.add(target, seen, is_revealing=is_revealing)
        if unchanged:
            self._store.unchanged(self._run, *(target for target, _ in unchanged))
        for _, size in unchanged:
            self._watch.unchanged(size)

    def _clone(
        self,
        carriers: ThreadPoolExecutor,
        clone: Callable[[CloneWanted], str],
        elsewhere: Callable[[CloneWanted], CloneTask | None],
    ) -> None:
        while self._uncloned and self._flights.clones < max(
            _CLONES_AT_ONCE, 0 if self._pool.is_local else self._pool.workers
        ):
            wanted = self._uncloned.popleft()
            try:
                task = None if work.reveals(self._spec, _remote(wanted)) else elsewhere(wanted)
            except UsageError as error:
                self._skip(wanted.url, str(error))
                continue
            if task:
                target = Target("0", "repository", task.mirror)
                (known,) = [None] if self._spec.secrets else self._store.signatures([target], self._conditions)
                settle = partial(self._cloned, wanted)
                self._flights.submit(self._pool, settle, tasks.clone, self._spec, task, known, clones=1)
            else:
                self._flights.add(carriers.submit(clone, wanted), partial(self._arrived, wanted), clones=1)

    def _arrived(self, wanted: CloneWanted, future: Future[str]) -> None:
        """Check a target whose clone is ready."""
        try:
            path = future.result()
        except (CloneError, AkpatrolError, OSError) as error:
            if not (wanted.optional and isinstance(error, AbsentError)):
                self._skip(wanted.url, str(error))
        else:
            self._add(Target("0", "repository", path, remote=wanted.url))

    def _cloned(self, wanted: CloneWanted, future: Future[ClonedTarget | UnscannedTarget]) -> None:
        """Take what a worker has cloned and read."""
        result = _result(future)
        if isinstance(result, UnscannedTarget):
            if result.reason:
                self._skip(wanted.url, result.reason)
            return
        self._met += 1
        self._watch.met(result.seen.size)
        if result.outcome is None:
            self._store.unchanged(self._run, result.target)
            self._watch.unchanged(result.seen.size)
        else:
            self._take(WaitingTarget((0, 0), result.target, result.seen), result.outcome)

    def _read(self) -> None:
        """Start what workers can take: parts of divided targets first, which others wait for."""
        room = self._pool.workers * _IN_FLIGHT_A_WORKER
        while (self._parts or self._queue) and self._flights.reading < room and not self.stopped:
            if self._parts:
                part = self._parts.popleft()
                settle = partial(self._part_read, part.of)
                self._flights.submit(
                    self._pool, settle, tasks.read_part, self._spec, part.units, reading=1, optional=True
                )
                continue
            is_worth_it = self._is_worth_it()
            batch = self._queue.take(self._pool.workers)
            is_here = batch[0].is_revealing or not is_worth_it
            pool = InlinePool() if is_here else self._pool
            is_shared = not is_here and pool.workers > 1
            large = [is_shared and is_large(self._spec, waiting.seen.size) for waiting in batch]
            targets = [waiting.target for waiting in batch]
            self._start(pool, batch, tasks.read, targets, large)

    def _start(
        self, pool: WorkerPool, batch: list[WaitingTarget], task: Callable[..., Any], *arguments: Any, at: str = ""
    ) -> None:
        size = sum(waiting.seen.size for waiting in batch)
        settle = partial(self._settle, batch)
        self._flights.submit(pool, settle, task, self._spec, *arguments, at=at, reading=1, size=size)

    def _is_worth_it(self) -> bool:
        """Return whether there is enough work to start processes for it."""
        is_more_to_come = not self._listed or self._flights.clones or self._uncloned
        size = self._queue.bytes + len(self._queue) * _TARGET_BYTES
        return self._pool.ready or bool(is_more_to_come) or size > _LITTLE_BYTES

    def _settle(self, batch: Sequence[WaitingTarget], future: Future[list[Outcome | DividedTarget]]) -> None:
        """Take the results of targets."""
        outcomes = _result(future)
        if isinstance(outcomes, UnscannedTarget):
            if len(batch) > 1:
                self._queue.again(batch)
                return
            outcomes = [outcomes]
        for waiting, outcome in zip(batch, outcomes, strict=True):
            self._take(waiting, outcome)

    def _take(self, waiting: WaitingTarget, outcome: Outcome | DividedTarget) -> None:
        if isinstance(outcome, DividedTarget):
            parts = TargetParts(waiting, outcome.worker, [], len(outcome.parts))
            self._parts.extend(WaitingPart(parts, units) for units in outcome.parts)
        elif isinstance(outcome, UnscannedTarget):
            self._skip(waiting.target.root, outcome.reason)
            self._watch.done(waiting.seen.size, None)
        else:
            self._scanned.append((waiting, outcome))

    def _part_read(self, parts: TargetParts, future: Future[bytes]) -> None:
        """Take the result of a part; when it is the last, have the target put together where it was divided."""
        result = _result(future)
        # What could not be read is read by who puts the target together.
        parts.results.append(b"" if isinstance(result, UnscannedTarget) else result)
        if len(parts.results) == parts.number and not self.stopped:
            task = tasks.unite, parts.waiting.target, parts.results
            self._start(self._pool, [parts.waiting], *task, at=parts.worker)

    def _write(self) -> None:
        """Store what was scanned, each target whole."""
        scanned, self._scanned = self._scanned, []
        if not scanned:
            return
        rows = [ScannedRows(one.rows, waiting.seen.signature, waiting.target.root) for waiting, one in scanned]
        self._store.put_all(self._run, rows, self._conditions)
        for waiting, one in scanned:
            for name, credential in one.secrets.items():
                if credential.end is End.CERTAIN:
                    self.secrets[name] = credential
                else:
                    self.secrets.setdefault(name, credential)
            self._watch.done(waiting.seen.size, one)

    def _skip(self, name: str, reason: str) -> None:
        """Record that a target could not be read at all; its name may hold a secret."""
        self._store.skip(self._run, work.masked(self._spec, name), work.masked(self._spec, reason))


def _result(future: Future[_T]) -> _T | UnscannedTarget:
    """Return a task's result, or why there is none. Raises WorkersLostError."""
    try:
        return future.result()
    except WorkersLostError:
        raise
    except BrokenExecutor:
        return UnscannedTarget(_DIED)
    except Exception as error:  # noqa: BLE001 - one target must not cost the others; its text may hold a secret
        return UnscannedTarget(f"a bug in akpatrol: {type(error).__name__}")


def _remote(wanted: CloneWanted) -> Target:
    return Target("0", "repository", "", remote=wanted.url)
