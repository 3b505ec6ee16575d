"""The bytes that a pattern needs are in each of its matches, and are found as by a plain search."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from akpatrol.model.trigger import HeldBytes
from akpatrol.unwrap.encodings.registry import decoder

_PARTS = [
    part
    for trigger in decoder().triggers
    for part in trigger.parts or ((trigger.pattern, trigger.needs),)
    if not part[0].startswith(b"^")
]


@pytest.mark.slow
@settings(max_examples=1500)
@given(st.data(), st.sampled_from(_PARTS))
def test_whatever_a_pattern_matches_holds_what_it_needs(data: st.DataObject, part: tuple[bytes, bytes]) -> None:
    pattern, needs = part
    assert HeldBytes(data.draw(st.from_regex(pattern, fullmatch=True)))(needs)


@given(st.binary(), st.lists(st.one_of(st.binary(max_size=3), st.sampled_from([b"%2", b"\\x", b"\0"])), max_size=4))
def test_held_is_what_a_search_finds(data: bytes, needed: list[bytes]) -> None:
    held = HeldBytes(data)
    assert [held(one) for one in needed * 2] == [one in data for one in needed * 2]
    assert held(tuple(needed)) == any(one in data for one in needed)
