from __future__ import annotations

import pytest

from akpatrol.config.limits import Limits
from akpatrol.unwrap.budget import Budget, OverLimit

_GIB = 1 << 30


def _spend(budget: Budget, *, stored: int | None, size: int) -> str:
    with budget.inside(stored) as level:
        level.spend(size // 2)
        with pytest.raises(OverLimit) as caught:
            level.spend(size // 2)
    assert caught.value.level is level
    return str(caught.value)


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (Limits(expanded=3 << 20), "expands to more than 3 MiB; --max-expanded SIZE"),
        (Limits(expanded_overall=3 << 20), "expands to more than 3 MiB in all; --max-expanded-overall SIZE"),
    ],
)
def test_too_many_bytes_are_over_the_limit_unless_the_caller_named_the_file(limits: Limits, reason: str) -> None:
    assert _spend(Budget(limits), stored=1 << 20, size=4 << 20) == reason
    with Budget(limits, named=True).inside(1 << 20) as level:
        level.spend(4 << 20)


def test_a_ratio_counts_beyond_a_gibibyte_only() -> None:
    with Budget(Limits()).inside(1 << 10) as level:
        level.spend(_GIB)
        with pytest.raises(OverLimit, match="expands more than 200-fold; --max-ratio"):
            level.spend(1)


def test_a_ratio_counts_what_the_containers_within_expand_to() -> None:
    budget = Budget(Limits())
    with budget.inside(1 << 20) as outer, budget.inside(_GIB) as inner:
        with pytest.raises(OverLimit) as caught:
            inner.spend(_GIB + 1)
        assert caught.value.level is outer


def test_what_was_read_stands_for_a_size_that_is_not_known() -> None:
    with Budget(Limits()).inside(None) as level:
        level.count_stored(_GIB)
        level.spend(3 * _GIB)
    with Budget(Limits(), stored=_GIB).inside(None) as level:
        level.spend(3 * _GIB)


def test_an_exhausted_outer_container_ends_those_within() -> None:
    budget = Budget(Limits(expanded=10))
    with budget.inside(100) as outer:
        with pytest.raises(OverLimit):
            outer.spend(11)
        with budget.inside(100) as inner, pytest.raises(OverLimit) as caught:
            inner.check()
        assert caught.value.level is outer


def test_members_count_for_each_container() -> None:
    budget = Budget(Limits(members=2))
    with budget.inside(1) as level:
        for _ in range(3):
            with budget.inside(1) as inner:
                inner.member()
                inner.member()
        level.member()
        level.member()
        with pytest.raises(OverLimit, match="holds more than 2 members; --max-members"):
            level.member()


def test_seconds_count_from_the_start() -> None:
    now = [0.0]
    budget = Budget(Limits(seconds=600), clock=lambda: now[0])
    now[0] = 601.0
    with budget.inside(1) as level, pytest.raises(OverLimit, match="not done after 600 seconds; --max-seconds"):
        level.check()


def test_depth_counts_the_containers_that_are_open() -> None:
    budget = Budget(Limits(depth=2))
    with budget.inside(1), budget.inside(1):
        with pytest.raises(OverLimit, match="deeper than 2 containers; --max-depth"), budget.inside(1):
            pass
        assert budget.first_too_deep()
        assert not budget.first_too_deep()
    with budget.inside(1), budget.inside(1):
        pass


def test_a_container_that_is_left_by_an_exception_is_closed() -> None:
    budget = Budget(Limits(depth=1))
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), budget.inside(1):
            raise ZeroDivisionError
