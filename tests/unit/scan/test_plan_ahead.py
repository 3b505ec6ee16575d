"""How long the rest of a plan takes, as far as one can see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from akpatrol.model.scan import Counted, Excluded, Exclusion, Skipped
from akpatrol.scan import plan_ahead
from akpatrol.scan.plan_ahead import PlanAhead

if TYPE_CHECKING:
    from collections.abc import Iterator

_COUNTED = [Counted("files"), Skipped("x", "y"), Excluded(Exclusion.SYMLINK)]


class _Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> _Clock:
    clock = _Clock()
    monkeypatch.setattr(plan_ahead, "monotonic", clock)
    return clock


def _first_long(clock: _Clock, units: int, seconds: float, little: float = 0.35) -> int | None:
    """Return after how many units that take so many seconds each the rest is long; None for never."""
    looked = PlanAhead(iter([object()] * units), little)  # type: ignore[list-item]
    for number, _ in enumerate(looked, 1):
        clock.now += seconds
        if looked.is_long():
            return number
    return None


@pytest.mark.parametrize("every", [1, 2, 5])
def test_the_plan_is_what_it_was(every: int) -> None:
    plan: list[Any] = [_COUNTED[0], object(), *_COUNTED, *[object() for _ in range(100)], *_COUNTED]
    looked = PlanAhead(iter(plan), 0.35)
    seen = []
    for number, planned in enumerate(looked):
        seen.append(planned)
        if not number % every:
            looked.is_long()
    assert seen == plan


def test_many_units_are_long_as_soon_as_they_are_seen(clock: _Clock) -> None:
    assert _first_long(clock, 400, 0.01) == 3  # the first says nothing; 45 units are ahead of the third
    assert _first_long(clock, 400, 0.004) == 6


def test_few_units_are_not_worth_it(clock: _Clock) -> None:
    assert _first_long(clock, 30, 0.01) is None
    assert _first_long(clock, 1, 60) is None


def test_units_ahead_may_take_longer(clock: _Clock) -> None:
    """The first takes long, so nobody knows about the others."""
    looked = PlanAhead(iter([object()] * 3), 0.35)  # type: ignore[list-item]
    next(iter(looked))
    clock.now += 60
    assert not looked.is_long()
    next(iter(looked))
    assert looked.is_long()
    next(iter(looked))
    assert not looked.is_long()  # nothing is left


def test_nothing_is_little(clock: _Clock) -> None:
    assert _first_long(clock, 2, 0, little=0) == 1
    assert _first_long(clock, 1, 0, little=0) is None


def test_a_plan_is_not_read_to_its_end(clock: _Clock) -> None:
    taken = 0

    def plan() -> Iterator[Any]:
        nonlocal taken
        while True:
            taken += 1
            yield object()

    looked = PlanAhead(plan(), 1e9)
    for _ in range(100):
        next(iter(looked))
        looked.is_long()
    assert taken < 400
    assert not clock.now
