"""What deltas add, of those that git makes and of damaged ones."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from akpatrol.gitdata.delta_text import added
from tests.objects import number


def test_additions_are_lines_and_copies_separate_them() -> None:
    copy = bytes((0x80 | 0x01 | 0x10, 5, 20))
    delta = number(1000) + number(300) + b"\3one" + copy + b"\3two" + b"\4more" + bytes((0xFF,)) + bytes(7) + b"\1x"
    assert added(delta) == b"one\ntwomore\nx"


def test_a_delta_that_only_copies_adds_nothing() -> None:
    assert added(number(1000) + number(20) + bytes((0x80 | 0x10, 20))) == b""


@given(st.binary(max_size=300))
def test_anything_ends(delta: bytes) -> None:
    assert len(added(delta)) <= len(delta)
