"""The bounds that a process which reads files sets for itself."""

from __future__ import annotations

import resource
import time
from types import SimpleNamespace

import pytest

from akpatrol.unwrap.containers import worker

_BOUNDS = worker.WorkerBounds(memory=1, seconds=5, seconds_per_mib=12)


def _no_clock(clock: int) -> float:
    raise OSError(22, f"there is no clock {clock}")


@pytest.mark.parametrize(("clock", "seconds"), [(lambda _clock: 100.9, 100), (_no_clock, 90)])
def test_time_counts_from_the_clock_of_the_limit(monkeypatch: pytest.MonkeyPatch, clock: object, seconds: int) -> None:
    """What getrusage says may be less: then the next file would have no time."""
    limits: list[tuple[int, tuple[int, int]]] = []
    monkeypatch.setattr(resource, "setrlimit", lambda name, values: limits.append((name, values)))
    monkeypatch.setattr(resource, "getrusage", lambda _who: SimpleNamespace(ru_utime=89.5, ru_stime=1.0))
    monkeypatch.setattr(time, "clock_gettime", clock)
    worker._bound_time(_BOUNDS, 2 << 20)
    ((name, (soft, _hard)),) = limits
    assert (name, soft) == (resource.RLIMIT_CPU, seconds + 5 + 24)


def test_there_is_a_clock() -> None:
    assert worker._processor_seconds() > 0
