"""Runs units: here while there is little work, on a process pool when there is more. A unit does not know which."""

from __future__ import annotations

from contextlib import contextmanager
from itertools import chain
from time import monotonic
from typing import TYPE_CHECKING

from akpatrol.examination import Examiner
from akpatrol.model import Counted, Excluded, Skipped
from akpatrol.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Executor, Future

    from akpatrol.limits import Limits
    from akpatrol.rules import RuleSet
    from akpatrol.sources.base import Source, Unit

    Planned = Unit | Skipped | Excluded
    Progress = Callable[[Tally], None]

# Starting worker processes costs about as much as this many seconds of work.
_LITTLE_WORK_SECONDS = 0.4
_UNITS_IN_FLIGHT_A_JOB = 4


def read(source: Source, examiner: Examiner, tally: Tally, jobs: int, progress: Progress) -> None:
    """Examine all units of a source into ``tally``; ``jobs`` processes at most read at once."""
    deadline = monotonic() + _LITTLE_WORK_SECONDS
    plan = iter(source.plan())
    if jobs > 1 and source.parallel and source.is_much():
        _spread(plan, examiner, tally, jobs, progress)
    for planned in plan:
        if isinstance(planned, Skipped | Excluded):
            tally.add(planned)
            continue
        for item in examiner.examine(planned):
            tally.add(item)
            if isinstance(item, Counted):
                progress(tally)
        if jobs > 1 and source.parallel and monotonic() > deadline:
            _spread(plan, examiner, tally, jobs, progress)
    progress(tally)


def _spread(plan: Iterator[Planned], examiner: Examiner, tally: Tally, jobs: int, progress: Progress) -> None:
    """Read the rest of the plan on process pools: one, and another whenever a worker of it died."""
    left: Iterator[Planned] | None = plan
    while left is not None:
        with _pool(jobs, examiner) as pool:
            left = _fill(left, pool, tally, jobs * _UNITS_IN_FLIGHT_A_JOB, progress)


def _fill(
    plan: Iterator[Planned], pool: Executor, tally: Tally, limit: int, progress: Progress
) -> Iterator[Planned] | None:
    """Keep ``limit`` units in flight, so that a long plan is never held in memory; return what a broken pool left."""
    from concurrent.futures import BrokenExecutor  # noqa: PLC0415 - little work does without

    running: dict[Future[Tally], Unit] = {}
    whole = True
    for planned in plan:
        if isinstance(planned, Skipped | Excluded):
            tally.add(planned)
            continue
        try:
            running[pool.submit(_examine_in_worker, planned)] = planned
        except BrokenExecutor:
            plan = chain([planned], plan)
            break
        if len(running) >= limit:
            whole = _gather(running, tally, progress)
        if not whole:
            break
    while running:
        _gather(running, tally, progress)
    first = next(plan, None)
    return None if first is None else chain([first], plan)


def _gather(running: dict[Future[Tally], Unit], tally: Tally, progress: Progress) -> bool:
    """Take in what is done; return whether the pool is whole. What was in flight when a worker died is a skip."""
    from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, wait  # noqa: PLC0415 - little work does without

    whole = True
    done, _ = wait(running, return_when=FIRST_COMPLETED)
    for future in done:
        unit = running.pop(future)
        try:
            tally.merge(future.result())
        except BrokenExecutor:
            whole = False
            tally.add(Skipped(unit.title, "a worker process died while it was to be read"))
    progress(tally)
    return whole


@contextmanager
def _pool(jobs: int, examiner: Examiner) -> Iterator[Executor]:
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415 - little work does without
    from multiprocessing import active_children, get_context  # noqa: PLC0415

    made_of = examiner.rules, examiner.limits, examiner.engine.gate.compiled()
    pool = ProcessPoolExecutor(jobs, get_context("spawn"), _start_worker, made_of)
    for _ in range(jobs):
        pool.submit(_nothing)  # starts a process each, now
    try:
        yield pool
    except BaseException:
        # Workers may be in the middle of gigabytes; without them the shutdown has nothing to wait for.
        for child in active_children():
            child.terminate()
        pool.shutdown(cancel_futures=True)
        raise
    pool.shutdown()


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
    for item in _worker_examiner.examine(unit):
        tally.add(item)
    return tally
