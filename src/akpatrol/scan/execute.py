"""Read units: in this process while there is little work, on a process pool when there is more."""

from __future__ import annotations

import pickle
from contextlib import ExitStack, contextmanager
from itertools import chain
from time import process_time
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.model.scan import Counted, Excluded, Skipped
from akpatrol.runtime.interrupts import put_off
from akpatrol.scan.examine import Examiner
from akpatrol.scan.plan_ahead import PlanAhead
from akpatrol.scan.result import ScanResult
from akpatrol.sources.base import Amount, RescanUnit, is_caching

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from concurrent.futures import Future

    from akpatrol.runtime.process_pool import ProcessPool
    from akpatrol.scan.decode import ScanItem
    from akpatrol.sources.base import Planned, Source, Unit

    Progress = Callable[[ScanResult], None]
    Note = Callable[[Unit, ScanResult], None]

# Work of this many seconds is worth starting worker processes.
_LITTLE_WORK_SECONDS = 0.35
# After so many processor seconds more, this process stops reading.
_MUCH_WORK_SECONDS = 1.0
# With this many rules a process takes so many times as long to start.
_MANY_RULES, _SLOW_START = 20, 4
_UNITS_IN_FLIGHT_A_JOB = 4
# While this process reads too, the others have so many: it may be long until it looks after them again. In the end it
# takes back what they have not begun.
_UNITS_BESIDE_A_JOB = 8
# A process that starts would else wait until this one has read a unit.
_UNITS_FOR_A_START = 2
# The parts of a history take longer.
_MUCH_HISTORY_SECONDS = 3.0
# More would take longer to start than they save.
_MOST_JOBS_FOR_SOME = 4
_COUNTED = Skipped | Counted | Excluded


def read(source: Source, examiner: Examiner, result: ScanResult, jobs: int, progress: Progress) -> None:
    """Examine all units of a source into ``result``; at most ``jobs`` processes read at once."""
    plan = iter(source.plan())
    sink = _Sink(result, progress, source.record if is_caching(source) else None)
    jobs = jobs if source.parallel else 1
    amount, prefilter = source.amount() if jobs > 1 else Amount.UNKNOWN, examiner.engine.prefilter
    if amount is not Amount.UNKNOWN:
        prefilter.prepare()
    if amount is Amount.MUCH:
        # Planning leaves time to compile; without need for that, it leaves time for the processes to start.
        first = None if prefilter.is_kept() else next(plan, None)
        _spread(chain([first] if first else [], plan), examiner, sink, jobs)
    else:
        _read_beside(plan, examiner, sink, min(jobs, _MOST_JOBS_FOR_SOME) if amount is Amount.SOME else jobs, amount)
    progress(result)


def _read_beside(plan: Iterator[Planned], examiner: Examiner, sink: _Sink, jobs: int, amount: Amount) -> None:
    """Read a plan in this process, and beside it in others where there is more than a little to read."""
    little = _LITTLE_WORK_SECONDS * (_SLOW_START if len(examiner.rules.rules) > _MANY_RULES else 1)
    ahead, sharing, prefilter = PlanAhead(plan, little), None, examiner.engine.prefilter
    is_known = amount is Amount.SOME
    with ExitStack() as exits:
        if is_known and prefilter.is_kept():
            sharing = exits.enter_context(_sharing(examiner, sink, jobs, amount))
        for planned in ahead:
            if isinstance(planned, _COUNTED):
                sink.result.add(planned)
                continue
            if sharing and sharing.took(planned):
                continue
            _read_here(planned, examiner, sink)
            if sharing or jobs == 1:
                continue
            if prefilter.is_settled() and (is_known or ahead.is_long()):
                sharing = exits.enter_context(_sharing(examiner, sink, jobs, amount))
        if sharing:
            sharing.finish(lambda unit: _read_here(unit, examiner, sink))


def _read_here(unit: Unit, examiner: Examiner, sink: _Sink) -> None:
    unit_result = ScanResult()
    for item in examined(examiner, unit):
        sink.result.add(item)
        unit_result.add(item)
        if isinstance(item, Counted):
            sink.progress(sink.result)
    sink.notify(unit, unit_result)


class _Sink(NamedTuple):
    """Collects the units' results; ``record`` is the source's callback, if it has one."""

    result: ScanResult
    progress: Progress
    record: Note | None

    def notify(self, unit: Unit, unit_result: ScanResult) -> None:
        """Notify the source of a unit that was read to its end."""
        if self.record:
            self.record(unit, unit_result)


def examined(examiner: Examiner, unit: Unit) -> Iterator[ScanItem]:
    """Yield a unit's findings; the counts of a rescan unit are already known."""
    again = isinstance(unit, RescanUnit)
    for item in examiner.examine(unit):
        if not (again and isinstance(item, Counted | Excluded)):
            yield item


def _spread(plan: Iterator[Planned], examiner: Examiner, sink: _Sink, jobs: int) -> None:
    """Read the rest of the plan on processes."""
    with _workers(jobs, examiner) as workers, _keeping_done([workers], sink):
        for planned in plan:
            if isinstance(planned, _COUNTED):
                sink.result.add(planned)
                continue
            # A long plan is never held in memory.
            while not workers.have_room(_UNITS_IN_FLIGHT_A_JOB):
                _wait_for_one([workers], sink)
            workers.submit(planned)
        while workers.running:
            _wait_for_one([workers], sink)


class _Sharing:
    """Reading by other processes while this one reads too: for each that need not start, a tenth of a second is saved.

    Where there is more work, one more process starts and this one only hands out units: a unit that takes long keeps
    no other waiting, and one that kills its process does not end the run.
    """

    def __init__(self, more: Callable[[int], _Workers], jobs: int, sink: _Sink, much: float) -> None:
        """``more`` starts so many further processes; ``much`` are the seconds that this one reads."""
        self.workers = [more(jobs - 1)]
        self._more = more
        self._sink = sink
        self._much = process_time() + much

    def took(self, unit: Unit) -> bool:
        """Return whether another process reads a unit."""
        first, *more = self.workers
        if not first.are_ready():
            if has_room := first.have_room(_UNITS_FOR_A_START):
                first.submit(unit)
            return has_room
        if not more and process_time() > self._much:
            self.workers.append(self._more(1))
        ready = [workers for workers in self.workers if workers.are_ready()]
        for workers in ready:
            workers.collect(self._sink)
        while not (with_room := [workers for workers in ready if workers.have_room(_UNITS_BESIDE_A_JOB)]):
            if len(ready) == 1:
                return False
            _wait_for_one(ready, self._sink)
        with_room[0].submit(unit)
        return True

    def finish(self, read_here: Callable[[Unit], None]) -> None:
        """Wait for what is being read; meanwhile this process reads what no other has begun."""
        first, *more = self.workers
        while any(workers.running for workers in self.workers):
            unit = None if more else first.taken_back()
            if unit:
                read_here(unit)
            else:
                _wait_for_one(self.workers, self._sink)


@contextmanager
def _sharing(examiner: Examiner, sink: _Sink, jobs: int, amount: Amount) -> Iterator[_Sharing]:
    much = _MUCH_HISTORY_SECONDS if amount is Amount.SOME else _MUCH_WORK_SECONDS
    with ExitStack() as exits:
        sharing = _Sharing(lambda number: exits.enter_context(_workers(number, examiner)), jobs, sink, much)
        with _keeping_done(sharing.workers, sink):
            yield sharing


def _wait_for_one(several: Sequence[_Workers], sink: _Sink) -> None:
    """Wait until a unit is done, and add its result."""
    from concurrent.futures import FIRST_COMPLETED, wait  # noqa: PLC0415 - little work does without

    wait([future for workers in several for future in workers.running], return_when=FIRST_COMPLETED)
    for workers in several:
        workers.collect(sink)


@contextmanager
def _keeping_done(several: Sequence[_Workers], sink: _Sink) -> Iterator[None]:
    """Keep the results that came back when Ctrl-C ends the block."""
    try:
        yield
    except KeyboardInterrupt:
        for workers in several:
            done = [future for future in workers.running if future.done() and not future.cancelled()]
            _add_done(done, workers.running, sink)
        raise


class _Workers:
    """A pool whose workers have an examiner; ``first`` is done once a worker is ready, ``running`` are their units."""

    def __init__(self, pool: ProcessPool, first: Future[None]) -> None:
        self.first = first
        self.running: dict[Future[ScanResult], Unit] = {}
        self.pool = pool

    def submit(self, unit: Unit) -> None:
        """Have a unit read."""
        self.running[self.pool.submit(_examine_in_worker, unit)] = unit

    def are_ready(self) -> bool:
        """Return whether a worker is ready."""
        return self.first.done()

    def have_room(self, most: int) -> bool:
        """Return whether another unit may wait for them, of so many for each."""
        return len(self.running) < self.pool.workers * most

    def taken_back(self) -> Unit | None:
        """Return a unit that no process has, and none reads any more."""
        # The first ones of a history are the longest.
        future = next(filter(self.pool.take_back, self.running), None)
        return self.running.pop(future) if future else None

    def collect(self, sink: _Sink) -> None:
        """Add the results that are there."""
        if done := [future for future in self.running if future.done()]:
            _add_done(done, self.running, sink)
            sink.progress(sink.result)


def _add_done(done: Iterable[Future[ScanResult]], running: dict[Future[ScanResult], Unit], sink: _Sink) -> None:
    """Add the results that are done; a unit that killed its process is a skip."""
    from concurrent.futures import BrokenExecutor  # noqa: PLC0415 - little work does without

    for future in done:
        with put_off():
            unit = running.pop(future)
            try:
                unit_result = future.result()
            except BrokenExecutor:
                sink.result.add(Skipped(unit.title, "a worker process died while reading it"))
            else:
                sink.result.merge(unit_result)
                sink.notify(unit, unit_result)


@contextmanager
def _workers(jobs: int, examiner: Examiner) -> Iterator[_Workers]:
    from akpatrol.runtime.process_pool import ProcessPool  # noqa: PLC0415 - little work does without

    patterns = examiner.engine.prefilter.compiled()
    prepared = pickle.dumps((examiner.rules, examiner.limits, examiner.literals, patterns))
    pool = ProcessPool(jobs, _start_worker, prepared)
    try:
        yield _Workers(pool, pool.start())
    finally:
        pool.close()


_worker_examiner: Examiner | Exception | None = None


def _start_worker(prepared: bytes) -> None:
    global _worker_examiner  # noqa: PLW0603 - a worker process has one
    # Raised here it would look like a worker that died; the first unit raises it.
    try:
        _worker_examiner = _examiner_of(prepared)
    except Exception as error:  # noqa: BLE001
        _worker_examiner = error


def _examiner_of(prepared: bytes) -> Examiner:
    rules, limits, literals, patterns = pickle.loads(prepared)  # noqa: S301 - the parent process wrote it
    examiner = Examiner(rules, limits, literals=literals)
    examiner.engine.prefilter.use(patterns)
    return examiner


def _examine_in_worker(unit: Unit) -> ScanResult:
    if not isinstance(_worker_examiner, Examiner):
        raise _worker_examiner or RuntimeError("the worker was not started")
    result = ScanResult()
    for item in examined(_worker_examiner, unit):
        result.add(item)
    return result
