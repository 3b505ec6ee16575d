"""Search for one encoding's triggers with ``re`` alone, as the prefilter does."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from akpatrol.model.trigger import HeldBytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from akpatrol.model.trigger import Trigger
    from akpatrol.unwrap.encodings.encoding import Decoded, Encoding

_PROBES = 16
_compiled = cache(re.compile)  # re itself keeps 512, fewer than there are triggers


def fired(trigger: Trigger, data: bytes) -> list[int]:
    """Return where a trigger fires, and check that each match holds the bytes that it needs."""
    ends: set[int] = set()
    for pattern, needs in trigger.parts or ((trigger.pattern, trigger.needs),):
        found = [*_compiled(pattern).finditer(data)]
        assert all(HeldBytes(text)(needs) for text in {one[0] for one in found})
        ends.update(one.end() for one in found)
    return sorted(ends)


def find(encoding: Encoding, data: bytes) -> Iterator[Decoded]:
    """Yield what the encoding decodes where its triggers fire."""
    ends = [fired(trigger, data) for trigger in encoding.triggers]
    if any(ends):
        for decoded in encoding.find(data, ends):
            assert 0 <= decoded.start <= decoded.end <= len(data)
            if decoded.data:
                assert decoded.span(0, len(decoded.data)) == (decoded.start, decoded.end)
                _assert_spans_are_in_order(decoded)
            yield decoded


def _assert_spans_are_in_order(decoded: Decoded) -> None:
    """Assert that each of some bytes is encoded within the stretch, and not before the one in front of it."""
    before = (decoded.start, decoded.start)
    for place in range(0, len(decoded.data), 1 + len(decoded.data) // _PROBES):
        begin, end = decoded.span(place, place + 1)
        assert decoded.start <= begin < end <= decoded.end
        assert before <= (begin, end)
        before = begin, end


def unwrapped(encodings: Sequence[Encoding], data: bytes, depth: int = 4) -> Iterator[bytes]:
    """Yield what is found in data, and in what is found."""
    if depth:
        for encoding in encodings:
            for decoded in find(encoding, data):
                yield decoded.data
                yield from unwrapped(encodings, decoded.data, depth - 1)
