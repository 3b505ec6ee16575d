"""Less of what repeats: what is found, and where, is what is found in all of it."""

from __future__ import annotations

from functools import cache
from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from akpatrol.model.credential import RawFinding
from akpatrol.model.scan import Content, Origin
from akpatrol.rules.rule_file import load
from akpatrol.scan import examine
from akpatrol.scan.examine import Examiner
from akpatrol.scan.repeats import shorten
from tests.corpus import spellings
from tests.corpus.artifact import raw
from tests.credentials import organization_key

if TYPE_CHECKING:
    from akpatrol.scan.decode import ScanItem

_UNITS = [b"a", b"pat_", b"YWtf" * 16 + b"\n", rb"\u005c", b"\0", b"a\0k\0_\0", b"%61 ", b"some line of text\n"]
_PLANTED = [b"key = " + organization_key(Random(seed)).encode() + b"\n" for seed in range(3)]
_PLANTED += [spellings.base64(raw(organization_key(Random(4)))).data, "\nNAME=é\n".encode()]


@cache
def _examiner() -> Examiner:
    return Examiner(load())


def _look(data: bytes) -> list[ScanItem]:
    return list(_examiner().examine_item(Content(Origin("0", path=b"f"), data, size=len(data))))


_parts = st.one_of(
    st.sampled_from(_PLANTED),
    st.tuples(st.sampled_from(_UNITS), st.integers(1, 120_000)).map(lambda u: u[0] * (u[1] // len(u[0]))),
)


@settings(max_examples=10, deadline=None)
@given(st.lists(_parts, min_size=1, max_size=4).map(b"".join))
def test_what_is_found_is_the_same(data: bytes) -> None:
    found = _look(data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(examine, "shorten", lambda _: None)
        assert _look(data) == found


@given(st.lists(_parts, min_size=1, max_size=6).map(b"".join))
def test_offsets_lead_back(data: bytes) -> None:
    shortened = shorten(data)
    if shortened:
        assert len(shortened.data) < len(data)
        for place in range(0, len(shortened.data) - 64, 997):
            offset = shortened.offset(place, 64)
            assert offset is None or data[offset : offset + 64] == shortened.data[place : place + 64]


def test_of_a_repetition_little_is_kept() -> None:
    shortened = shorten(b"begin " + b"pat_-" * 400_000 + b" end")
    assert shortened
    assert len(shortened.data) < 100_000
    assert shortened.data.startswith(b"begin ")
    assert shortened.data.endswith(b"- end")


def test_a_credential_that_repeats_is_told_each_time() -> None:
    line = b"key = " + organization_key(Random(7)).encode() + b"\n"
    assert [finding.line for finding in _look(line * 2000) if isinstance(finding, RawFinding)] == list(range(1, 2001))
