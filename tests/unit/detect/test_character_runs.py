"""Long runs: which ring, wherever they stand, and that both ways to look for them agree."""

from __future__ import annotations

import re
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akpatrol.detect.character_runs import CharacterRuns, Searches, grouped
from akpatrol.model.trigger import CharacterRun, Trigger

_LETTERS = CharacterRun(b"abc", 8)
_ALARM, _OTHER = Trigger(b"cab|bca", run=_LETTERS), Trigger(b"cccc", run=_LETTERS)
_texts = st.lists(st.sampled_from([b"abcabcab", b"aaaaaaaaaaaa", b"ab", b"-", b"\n", b"cccccccc", b"bca" * 5])).map(
    b"".join
)


def _runs() -> CharacterRuns:
    return grouped([Trigger(b"x"), _ALARM, _OTHER])[0]


def _by_hyperscan(runs: CharacterRuns) -> Searches:
    pytest.importorskip("hyperscan")
    from akpatrol.detect.hyperscan_patterns import _database, _once, _searches  # noqa: PLC0415 - where it is installed

    return _searches(_database(_once(runs.pattern)), [_database(_once(one)) for one in runs.patterns])


@given(_texts)
def test_rings_where_a_long_run_with_the_pattern_ends(data: bytes) -> None:
    rung = _runs().rung(data)
    for index, alarm in ((1, _ALARM), (2, _OTHER)):
        expected = [run.end() for run in re.finditer(rb"[abc]{8,}", data) if re.search(alarm.pattern, run[0])]
        assert list(rung.get(index, ())) == expected


@given(_texts, st.integers(0, 40))
def test_both_ways_agree(data: bytes, times: int) -> None:
    """Also where runs are so many that what rings is looked for first."""
    data = data * times + b"." * 5000 + data
    assert _runs().rung(data) == _runs().rung(data, _by_hyperscan(_runs()))


def test_alarms_of_one_kind_are_looked_for_together() -> None:
    other = CharacterRun(b"abc", 9)
    groups = grouped([_ALARM, Trigger(b"ab", run=other), Trigger(b"x"), Trigger(b"bb", run=_LETTERS)])
    assert [runs.indexes for runs in groups] == [[0, 3], [1]]


def test_large_binaries_are_left_out() -> None:
    text = b"cabcabcab" + b"." * (1 << 20)
    assert _runs().rung(text) == {1: array("Q", [9])}
    assert not _runs().rung(b"\0" + text)
    assert _runs().rung(b"\0cabcabcab")


@given(st.integers(0, 600), st.integers(0, 600))
def test_start(before: int, length: int) -> None:
    data = b"." * before + b"a" * length
    assert _LETTERS.start(data, len(data)) == before
