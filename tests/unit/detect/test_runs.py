"""Long runs: which ring, wherever they stand, and that both ways to look for them agree."""

from __future__ import annotations

import re
from array import array
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from akpatrol.detect.runs import Runs, grouped
from akpatrol.model import Alarm, Run

if TYPE_CHECKING:
    from collections.abc import Callable

_LETTERS = Run(b"abc", 8)
_ALARM = Alarm(b"cab|bca", run=_LETTERS)
_texts = st.lists(st.sampled_from([b"abcabcab", b"aaaaaaaaaaaa", b"ab", b"-", b"\n", b"cccccccc", b"bca" * 5])).map(
    b"".join
)


def _runs() -> Runs:
    return grouped([Alarm(b"x"), _ALARM])[0]


def _searches(runs: Runs) -> tuple[Callable[[bytes, int, int], int], ...]:
    pytest.importorskip("hyperscan")
    from akpatrol.detect.patterns import _database, _Next, _once  # noqa: PLC0415 - where it is installed

    return _Next([_database(_once(runs.pattern))]), _Next([_database(_once(one)) for one in runs.patterns])


@settings(deadline=None)
@given(_texts)
def test_rings_where_a_long_run_with_the_pattern_ends(data: bytes) -> None:
    expected = [run.end() for run in re.finditer(rb"[abc]{8,}", data) if re.search(rb"cab|bca", run[0])]
    assert list(_runs().rung(data)) == expected


@settings(deadline=None)
@given(_texts, st.integers(0, 40))
def test_both_ways_agree(data: bytes, times: int) -> None:
    """Also where runs are so many that what rings is looked for first."""
    data = data * times + b"." * 5000 + data
    assert _runs().rung(data) == _runs().rung(data, *_searches(_runs()))


def test_alarms_of_one_kind_are_looked_for_together() -> None:
    other = Run(b"abc", 9)
    groups = grouped([_ALARM, Alarm(b"ab", run=other), Alarm(b"x"), Alarm(b"bb", run=_LETTERS)])
    assert [runs.indexes for runs in groups] == [[0, 3], [1]]


def test_large_binaries_are_left_out() -> None:
    text = b"cabcabcab" + b"." * (1 << 20)
    assert _runs().rung(text) == array("Q", [9])
    assert not _runs().rung(b"\0" + text)
    assert _runs().rung(b"\0cabcabcab")


@settings(deadline=None)
@given(st.integers(0, 600), st.integers(0, 600))
def test_start(before: int, length: int) -> None:
    data = b"." * before + b"a" * length
    assert _LETTERS.start(data, len(data)) == before
