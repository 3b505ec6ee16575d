"""Long runs: which triggers fire in them, wherever they are, and that both ways to search for them agree."""

from __future__ import annotations

import re
from array import array
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akpatrol.detect import character_runs
from akpatrol.detect.character_runs import CharacterRuns, Searches, grouped
from akpatrol.model.trigger import CharacterRun, Trigger

_LETTERS = CharacterRun(b"abc", 8)
_TRIGGER, _OTHER = Trigger(b"cab|bca", run=_LETTERS), Trigger(b"cccc", run=_LETTERS)
_texts = st.lists(st.sampled_from([b"abcabcab", b"aaaaaaaaaaaa", b"ab", b"-", b"\n", b"cccccccc", b"bca" * 5])).map(
    b"".join
)


def _runs() -> CharacterRuns:
    return grouped([Trigger(b"x"), _TRIGGER, _OTHER])[0]


def _by_hyperscan(runs: CharacterRuns) -> Searches:
    pytest.importorskip("hyperscan")
    from akpatrol.detect.first_match import searches  # noqa: PLC0415
    from akpatrol.detect.hyperscan_database import database, once  # noqa: PLC0415 - where it is installed

    return searches(database(once(runs.pattern)), [database(once(one)) for one in runs.patterns])


@given(_texts)
def test_fires_where_a_long_run_with_the_pattern_ends(data: bytes) -> None:
    fired = _runs().fired(data)
    for index, trigger in ((1, _TRIGGER), (2, _OTHER)):
        expected = [run.end() for run in re.finditer(rb"[abc]{8,}", data) if re.search(trigger.pattern, run[0])]
        assert list(fired.get(index, ())) == expected


@given(_texts, st.integers(0, 40))
def test_both_ways_agree(data: bytes, times: int) -> None:
    """Also where runs are so many that triggers are searched for first."""
    data = data * times + b"." * 5000 + data
    assert _runs().fired(data) == _runs().fired(data, _by_hyperscan(_runs()))


def test_triggers_of_one_kind_are_searched_for_together() -> None:
    other = CharacterRun(b"abc", 9)
    groups = grouped([_TRIGGER, Trigger(b"ab", run=other), Trigger(b"x"), Trigger(b"bb", run=_LETTERS)])
    assert [runs.indexes for runs in groups] == [[0, 3], [1]]


def test_large_binaries_are_left_out() -> None:
    text = b"cabcabcab" + b"." * (1 << 20)
    assert _runs().fired(text) == {1: array("Q", [9])}
    assert not _runs().fired(b"\0" + text)
    assert _runs().fired(b"\0cabcabcab")


@given(st.integers(0, 600), st.integers(0, 600))
def test_start(before: int, length: int) -> None:
    data = b"." * before + b"a" * length
    assert _LETTERS.start(data, len(data)) == before


@given(st.lists(_texts, min_size=1, max_size=4), st.integers(0, 3))
def test_what_fires_is_the_same_when_a_run_is_known(texts: list[bytes], most: int) -> None:
    """Also where few are remembered."""
    runs = _runs()
    with mock.patch.object(character_runs, "_MOST_KNOWN", most):
        for text in (*texts, *texts):
            assert runs.fired(text) == _runs().fired(text)
