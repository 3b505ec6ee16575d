"""Sequences that are read or made anew on each pass are sequences like a list."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akpatrol.model.places import KeptPlaces, Remade, Reread, changed
from akpatrol.report.order import facts_of
from tests import reports

if TYPE_CHECKING:
    from collections.abc import Sequence

KEY = reports.organization_key(reports.seeded(5))
_INDEXES = st.none() | st.integers(-7, 7)


def _double(number: int) -> int:
    return 2 * number


@given(st.lists(st.integers(), max_size=6), _INDEXES, _INDEXES, st.sampled_from([None, 1, 2, 3]))
def test_parts_are_those_of_a_list(numbers: list[int], start: int | None, stop: int | None, step: int | None) -> None:
    doubled = [_double(number) for number in numbers]
    part = slice(start, stop, step)
    ways: list[tuple[Sequence[int], list[int]]] = [
        (Reread(lambda: iter(numbers), len(numbers)), numbers),
        (Remade(_double, numbers), doubled),
        (Remade(_double, Reread(lambda: iter(numbers), len(numbers))), doubled),
    ]
    for sequence, expected in ways:
        assert (len(sequence), list(sequence), list(sequence)) == (len(expected), expected, expected)
        assert (len(sequence[part]), list(sequence[part])) == (len(expected[part]), expected[part])
        for index in range(-len(expected), len(expected)):
            assert sequence[index] == expected[index]
        for beyond in (len(expected), -len(expected) - 1):
            with pytest.raises(IndexError):
                sequence[beyond]


def test_a_change_concerns_each_pass_and_not_the_order() -> None:
    places = tuple(reports.occurrence(KEY, offset=offset) for offset in range(3))
    kept = KeptPlaces(lambda: iter(places), len(places), facts_of(places))
    expected = [place._replace(owners=("@a",)) for place in places]
    for sequence in (places, kept):
        with_owners = changed(sequence, lambda place: place._replace(owners=("@a",)))
        assert list(with_owners) == list(with_owners) == expected
        assert facts_of(with_owners) == facts_of(places)
