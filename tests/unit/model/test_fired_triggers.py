"""Where triggers fire: stored or searched for on demand, the places are the same, in the same order."""

from __future__ import annotations

import re
from array import array

from hypothesis import given
from hypothesis import strategies as st

from akpatrol.model.fired_triggers import FiredTriggers, TriggerEnds

_texts = st.lists(st.sampled_from([b"ab", b"a", b"b", b"-", b"." * 700])).map(b"".join)


def _ends(data: bytes, pattern: bytes) -> array[int]:
    return array("Q", (found.end() for found in re.finditer(pattern, data)))


@given(_texts, st.integers(0, 2000), st.integers(0, 2000))
def test_a_flood_is_searched_on_demand(data: bytes, one: int, other: int) -> None:
    start, stop = sorted((one, other))
    whole = _ends(data, b"ab")
    some = TriggerEnds(data, b"ab", array("Q", (end for end in whole if not start < end <= stop)))
    some.dense.append((start, stop))
    places, place = [], -1
    while (place := some.after(place)) >= 0:
        places.append(place)
    assert places == list(whole)


@given(_texts, st.integers(0, 40))
def test_triggers_come_in_order_and_are_passed_over(data: bytes, passed: int) -> None:
    flooding = TriggerEnds(data, b"ab")
    flooding.dense.append((0, len(data)))
    fired = FiredTriggers([_ends(data, b"b"), (), flooding])
    places = []
    while fired:
        places.append(fired.first)
        fired.advance(fired.first[0] + passed)
    assert places == sorted(places)
    for trigger, pattern in ((0, b"b"), (2, b"ab")):
        expected, place = [], -1
        for end in _ends(data, pattern):
            if end > place:
                expected.append(end)
                place = end + passed
        assert [place for place, one in places if one == trigger] == expected
