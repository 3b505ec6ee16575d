"""Runs units: here while there is little work, on a process pool when there is more. A unit does not know which."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from itertools import chain
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.examination import Examiner
from akpatrol.model import Counted, Excluded, Skipped
from akpatrol.sources.base import Again, Remembering
from akpatrol.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Executor, Future

    from akpatrol.examination import Found
    from akpatrol.limits import Limits
    from akpatrol.rules import RuleSet
    from akpatrol.sources.base import Planned, Source, Unit

    Progress = Callable[[Tally], None]
    Note = Callable[[Unit, Tally], None]
    Submit = Callable[[Unit], Future[Tally]]
    Complete = Callable[[Unit, Tally], Tally]

# After so many seconds of work there is probably more than starting worker processes costs.
_LITTLE_WORK_SECONDS = 0.15
_UNITS_IN_FLIGHT_A_JOB = 4
_KNOWN = Skipped | Counted | Excluded


def read(source: Source, examiner: Examiner, tally: Tally, jobs: int, progress: Progress) -> None:
    """Examine all units of a source into ``tally``; ``jobs`` processes at most read at once."""
    plan = iter(source.plan())
    sink = _Sink(tally, progress, source.note if isinstance(source, Remembering) else None)
    with ExitStack() as opened:
        if jobs > 1 and source.parallel and source.is_much():
            examiner.engine.gate.prepare()
            first = next(plan, None)  # what it takes to plan leaves time to compile
            _spread(chain([first] if first else [], plan), examiner, sink, jobs)
        begun, workers = monotonic(), None
        for planned in plan:
            if isinstance(planned, _KNOWN):
                tally.add(planned)
                continue
            _read_here(planned, examiner, sink)
            if jobs == 1 or not source.parallel:
                continue
            # Until workers are there this process goes on.
            if workers is None and monotonic() - begun > _LITTLE_WORK_SECONDS and examiner.engine.gate.is_settled():
                workers = opened.enter_context(_workers(jobs, examiner))
            elif workers and workers.are_there():
                _spread(plan, examiner, sink, jobs, workers)
    progress(tally)


def read_elsewhere(source: Source, submit: Submit, tally: Tally, limit: int, complete: Complete) -> None:
    """Have all units of a source read by whom ``submit`` gives them to, ``limit`` at a time at most.

    ``complete`` makes of what came back what a unit came to.
    """
    sink = _Sink(tally, lambda _: None, source.note if isinstance(source, Remembering) else None, complete)
    left: Iterator[Planned] | None = iter(source.plan())
    while left is not None:
        left = _fill(left, submit, sink, limit)


def _read_here(unit: Unit, examiner: Examiner, sink: _Sink) -> None:
    own = Tally()
    for item in examined(examiner, unit):
        sink.tally.add(item)
        own.add(item)
        if isinstance(item, Counted):
            sink.progress(sink.tally)
    sink.noted(unit, own)


class _Sink(NamedTuple):
    """Where what units came to goes; ``note`` is the source's, when it wants to know."""

    tally: Tally
    progress: Progress
    note: Note | None
    complete: Complete = lambda _unit, read: read

    def noted(self, unit: Unit, own: Tally) -> None:
        """Tell the source of a unit that was read to its end."""
        if self.note:
            self.note(unit, own)


def examined(examiner: Examiner, unit: Unit) -> Iterator[Found]:
    """Yield what a unit holds; what is read again was counted before."""
    again = isinstance(unit, Again)
    for item in examiner.examine(unit):
        if not (again and isinstance(item, Counted | Excluded)):
            yield item


def _spread(
    plan: Iterator[Planned], examiner: Examiner, sink: _Sink, jobs: int, workers: _Workers | None = None
) -> None:
    """Read the rest of the plan on process pools: these workers, and others whenever one of them died."""
    limit = jobs * _UNITS_IN_FLIGHT_A_JOB
    left = _fill(plan, workers.submit, sink, limit) if workers else plan
    while left is not None:
        with _workers(jobs, examiner) as others:
            left = _fill(left, others.submit, sink, limit)


def _fill(plan: Iterator[Planned], submit: Submit, sink: _Sink, limit: int) -> Iterator[Planned] | None:
    """Keep ``limit`` units in flight, so that a long plan is never held in memory; return what a broken pool left."""
    from concurrent.futures import BrokenExecutor  # noqa: PLC0415 - little work does without

    running: dict[Future[Tally], Unit] = {}
    whole = True
    for planned in plan:
        if isinstance(planned, _KNOWN):
            sink.tally.add(planned)
            continue
        try:
            running[submit(planned)] = planned
        except BrokenExecutor:
            plan = chain([planned], plan)
            break
        if len(running) >= limit:
            whole = _gather(running, sink)
        if not whole:
            break
    while running:
        _gather(running, sink)
    first = next(plan, None)
    return None if first is None else chain([first], plan)


def _gather(running: dict[Future[Tally], Unit], sink: _Sink) -> bool:
    """Take in what is done; return whether the pool is whole. What was in flight when a worker died is a skip."""
    from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, wait  # noqa: PLC0415 - little work does without

    whole = True
    done, _ = wait(running, return_when=FIRST_COMPLETED)
    for future in done:
        unit = running.pop(future)
        try:
            own = future.result()
        except BrokenExecutor:
            whole = False
            sink.tally.add(Skipped(unit.title, "a worker process died while it was to be read"))
        else:
            own = sink.complete(unit, own)
            sink.tally.merge(own)
            sink.noted(unit, own)
    sink.progress(sink.tally)
    return whole


class _Workers(NamedTuple):
    """A pool, and what is done once its first process is there."""

    pool: Executor
    first: Future[None]

    def submit(self, unit: Unit) -> Future[Tally]:
        """Have a unit read."""
        return self.pool.submit(_examine_in_worker, unit)

    def are_there(self) -> bool:
        """Return whether a process waits for work."""
        return self.first.done()


@contextmanager
def _workers(jobs: int, examiner: Examiner) -> Iterator[_Workers]:
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415 - little work does without
    from multiprocessing import active_children, get_context  # noqa: PLC0415

    made_of = examiner.rules, examiner.limits, examiner.engine.gate.compiled()
    pool = ProcessPoolExecutor(jobs, get_context("spawn"), _start_worker, made_of)
    first, *_ = [pool.submit(_nothing) for _ in range(jobs)]  # starts a process each, now
    try:
        yield _Workers(pool, first)
    finally:
        # What they found was taken in, or is no longer wanted; without them the shutdown has nothing to wait for.
        for child in active_children():
            child.terminate()
        pool.shutdown(cancel_futures=True)


_worker_examiner: Examiner | Exception | None = None


def _start_worker(rules: RuleSet, limits: Limits, compiled: bytes | None) -> None:
    import signal  # noqa: PLC0415 - only in workers
    from threading import Thread  # noqa: PLC0415

    # Ctrl-C reaches the whole group, and the parent ends the workers; one that was killed cannot.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_follow_parent, daemon=True).start()
    global _worker_examiner  # noqa: PLW0603 - a worker process has one
    # Raised here it would look like a worker that died; the first unit raises it.
    try:
        _worker_examiner = Examiner(rules, limits)
        _worker_examiner.engine.gate.use(compiled)
    except Exception as error:  # noqa: BLE001
        _worker_examiner = error


def _nothing() -> None:
    pass


def _follow_parent() -> None:
    import os  # noqa: PLC0415 - only in workers
    from multiprocessing import parent_process  # noqa: PLC0415

    if parent := parent_process():
        parent.join()
        os._exit(1)


def _examine_in_worker(unit: Unit) -> Tally:
    if not isinstance(_worker_examiner, Examiner):
        raise _worker_examiner or RuntimeError("the worker was not started")
    tally = Tally()
    for item in examined(_worker_examiner, unit):
        tally.add(item)
    return tally
