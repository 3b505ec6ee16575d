"""Addresses and offsets of a program's segments, which damaged headers cannot make overlap."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from akpatrol.programs.image import AddressMap, Image, LoadedSegment, ProgramBytes, within

_numbers = st.integers(0, 1 << 12)


@given(segments=st.lists(st.builds(LoadedSegment, _numbers, _numbers, _numbers)), begin=_numbers, end=_numbers)
def test_segments_lie_in_the_file_one_after_the_other(segments: list[LoadedSegment], begin: int, end: int) -> None:
    place = begin
    for segment in within(segments, begin, end):
        assert place <= segment.offset < segment.offset + segment.size <= end
        place = segment.offset + segment.size


@given(segments=st.lists(st.builds(LoadedSegment, _numbers, _numbers, _numbers), max_size=4), offset=_numbers)
def test_an_offset_has_one_address(segments: list[LoadedSegment], offset: int) -> None:
    kept = within([each._replace(address=number << 20) for number, each in enumerate(segments)], 0, 1 << 20)
    addresses = AddressMap(Image(kept, 8))
    address = addresses.address(offset)
    held = [segment for segment in kept if segment.offset <= offset < segment.offset + segment.size]
    assert (address is None) is (not held)
    if address is not None:
        assert addresses.offset(address) == offset


def test_the_end_of_a_segment_has_an_offset() -> None:
    addresses = AddressMap(Image((LoadedSegment(16, 8, 0x100),), 4))
    assert [addresses.offset(address) for address in (0xFF, 0x100, 0x108, 0x109)] == [None, 16, 24, None]


def test_a_number_beyond_the_end_is_none() -> None:
    data = b"\1\2\3\4"
    read = ProgramBytes(lambda offset, number: data[offset : offset + number], len(data))
    assert [read.number(*place) for place in ((0, 2), (2, 2, "big"), (3, 2), (-1, 1))] == [0x201, 0x304, 0, 0]
