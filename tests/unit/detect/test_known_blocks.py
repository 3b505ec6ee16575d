"""What is known of blocks changes no match: each version of a text gives what a search of all of it gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akpatrol.detect import known_blocks
from akpatrol.detect.known_blocks import KnownBlocks
from akpatrol.detect.match import Matcher, MatchSpan
from akpatrol.rules.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

pytest.importorskip("re2")

_PATTERNS = [
    r"k[0-9]{3,6}",
    r"(?i)key\s{0,9}=\s{0,9}([a-z0-9]{4,9})",
    r"(?m)^w[a-z]{1,9}$",
    r"\bend\z",
    r"\Astart",
    r"a[a-z0-9]{2,}={0,2}(?:\s|$)",
    r"\n\n[a-z]{2}\n",
    r"x{0,2}",
]
_RULES = [Rule(f"r{number}", "", pattern, file="f") for number, pattern in enumerate(_PATTERNS)]
# Every sixth line begins a block: its sixth character is a w.
_LINE = st.sampled_from(
    [
        b"k123",
        b"word",
        b"key =",
        b"abcd12==",
        b"12345w",
        b"",
        b"ab",
        b"xx",
        b"start",
        b"end",
        b"k1w345w key=abcd",
        b"wz",
    ]
)


@st.composite
def _versions(draw: st.DrawFn) -> list[bytes]:
    lines = draw(st.lists(_LINE, min_size=3, max_size=30))
    versions = []
    for _ in range(draw(st.integers(2, 6))):
        place = draw(st.integers(0, len(lines)))
        lines[place : place + draw(st.integers(0, 2))] = draw(st.lists(_LINE, max_size=2))
        versions.append(b"\n".join(lines))
    return versions


@pytest.fixture(scope="module", autouse=True)
def _short_reach() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(known_blocks, "_REACH_BYTES", 40)
        patch.setattr(known_blocks, "_LARGEST_BYTES", 64)
        patch.setattr(known_blocks, "_MOST_MATCHES", 3)
        patch.setattr(known_blocks, "_LONGEST_LINE_BYTES", 48)
        yield


@given(_versions())
def test_known_blocks_change_no_match(versions: list[bytes]) -> None:
    blocks, matchers = KnownBlocks(_RULES), [Matcher(rule) for rule in _RULES]
    for data in versions:
        for number, matcher in enumerate(matchers):
            assert blocks.serves(number)
            assert list(blocks.find(number, matcher, data)) == list(matcher.find(data, 0, len(data)))


@pytest.mark.parametrize("tail", [b"", b"\nk123", b" k123 " + b"\xbf" * 300])
def test_bytes_that_are_no_text_have_blocks_too(tail: bytes) -> None:
    data = b"\x80" * 1000 + tail
    blocks, matcher = KnownBlocks(_RULES), Matcher(_RULES[0])
    for _ in range(2):
        assert list(blocks.find(0, matcher, data)) == list(matcher.find(data, 0, len(data)))


class _Counting(Matcher):
    """A matcher that counts its searches."""

    searches = 0

    def search(self, data: bytes, start: int, end: int) -> object:  # type: ignore[override]
        self.searches += 1
        return self._pattern.search(data, start, end)

    def span(self, match: object) -> MatchSpan:
        return super().span(match)


def test_what_was_searched_is_not_searched_again() -> None:
    text = b"\n".join(b"line %dw of text without anything" % number for number in range(2000))
    blocks, matcher = KnownBlocks(_RULES), _Counting(_RULES[0])
    for version in (text, text + b"\nk123 at the end", b"k1234\n" + text):
        matcher.searches = 0
        found = list(blocks.find(0, matcher, version))
        assert found == list(Matcher(_RULES[0]).find(version, 0, len(version)))
        assert matcher.searches <= 4
    matcher.searches = 0
    assert list(blocks.find(0, matcher, bytes(text))) == []
    assert matcher.searches <= 1


@pytest.mark.parametrize(
    ("pattern", "served"),
    [
        ("a{1,1000}", True),
        ("a{1,1000}b{0,1000}", False),
        ("ab+c", True),
        ("a+b+", False),
        (r"a\s+", False),
        ("(?s)a.*b", False),
        ("a.*b", True),
        ("(?:a+|b{2})c", True),
        (r"a(?=b)", False),
    ],
)
def test_served_is_what_has_a_bound(pattern: str, *, served: bool) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(known_blocks, "_REACH_BYTES", 1024)
        assert KnownBlocks([Rule("r", "", pattern)]).serves(0) is served


def test_a_line_that_does_not_end_is_searched_each_time() -> None:
    data = b"k123 " + b"x" * 4000
    blocks, matcher = KnownBlocks(_RULES), _Counting(_RULES[0])
    for _ in range(2):
        matcher.searches = 0
        assert list(blocks.find(0, matcher, data)) == [MatchSpan(0, 4, 0, 4)]
    assert matcher.searches >= 1


def test_a_flood_is_searched_each_time() -> None:
    data = b" ".join(b"k%d" % number for number in range(100, 400))
    blocks, matcher = KnownBlocks(_RULES), _Counting(_RULES[0])
    for _ in range(2):
        matcher.searches = 0
        assert len(list(blocks.find(0, matcher, data))) == 300
        assert matcher.searches >= 300
