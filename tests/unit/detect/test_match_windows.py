"""Windows around ends change no match: each version of a text gives what a search of all of it gives."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akpatrol.detect import match_windows as module
from akpatrol.detect.keywords import Keywords
from akpatrol.detect.match import Matcher, MatchSpan
from akpatrol.detect.match_windows import extent_of, match_windows
from akpatrol.detect.prefilter import Prefilter
from akpatrol.rules.literals import holds_keyword
from akpatrol.rules.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from akpatrol.detect.match_windows import KnownWindow, MatchWindows

pytest.importorskip("re2")
pytest.importorskip("hyperscan")

_PATTERNS = [
    r"k[0-9]{3,6}",
    r"(?i)key\s{0,9}=\s{0,9}([a-z0-9]{4,9})",
    r"(?m)^w[a-z]{1,9}$",
    r"\bend\z",
    r"\Astart",
    r"a[a-z0-9]{2,}={0,2}(?:\s|$)",
    r"\n\n[a-z]{2}\n",
    r"b.{0,3}é?d",
]
_KEYWORDS = {0: ("k",), 1: ("KEY", "none"), 2: ("w",), 3: ("nd",)}
_RULES = [
    Rule(f"r{number}", "", pattern, file="f", keywords=_KEYWORDS.get(number, ()))
    for number, pattern in enumerate(_PATTERNS)
]
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
        "béd".encode(),
        b"\xff",
    ]
)


@st.composite
def _versions(draw: st.DrawFn) -> list[bytes]:
    lines = draw(st.lists(_LINE, min_size=3, max_size=30))
    versions = []
    for _ in range(draw(st.integers(2, 6))):
        place = draw(st.integers(0, len(lines)))
        lines[place : place + draw(st.integers(0, 2))] = draw(st.lists(_LINE, max_size=2))
        versions.append(draw(st.sampled_from([b"\n", b" ", b""])).join(lines))
    return versions


@pytest.fixture(scope="module", autouse=True)
def _small_windows() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_LARGEST_BYTES", 100)
        patch.setattr(module, "_REMEMBERED", 20)
        yield


def _windows(rule: Rule) -> MatchWindows:
    windows = match_windows(rule, Matcher(rule))
    assert windows
    return windows


def _places(data: bytes, words: Sequence[str]) -> list[int]:
    lowered = data.lower()
    ends = (found.end() for word in words for found in re.finditer(re.escape(word.lower().encode()), lowered))
    return sorted(ends)


def _spans(windows: Iterable[tuple[int, KnownWindow]]) -> list[MatchSpan]:
    return [span.moved(start) for start, window in windows for span in window.spans]


_ALL = [(_windows(rule), Matcher(rule)) for rule in _RULES]
_PREFILTER = Prefilter(_RULES, Keywords(_RULES), "hyperscan")


@given(_versions())
def test_windows_change_no_match(versions: list[bytes]) -> None:
    for data in versions:
        result = _PREFILTER.search(data)
        for number, (windows, matcher) in enumerate(_ALL):
            found = list(matcher.find(data, 0, len(data)))
            if holds_keyword(_RULES[number]):
                assert _spans(windows.around(data, _places(data, _RULES[number].keywords))) == found
            if number in result.rule_ends:
                assert _spans(windows.at_ends(data, result.rule_ends[number])) == found
            else:
                assert not found or number in result.rules


class _Counting(Matcher):
    """A matcher that counts its searches."""

    searches = 0

    def search(self, data: bytes, start: int, end: int) -> object:  # type: ignore[override]
        self.searches += 1
        return self._pattern.search(data, start, end)


def test_a_match_elsewhere_is_not_one_of_the_window() -> None:
    """The prefilter may report an end that the pattern does not have: before the last line break, for one."""
    windows, matcher = _ALL[3]
    data = b"\n".join([b"end", *[b"of nothing"] * 9, b"end"])
    assert _spans(windows.at_ends(data, [3, len(data)])) == list(matcher.find(data, 0, len(data)))


def test_a_window_that_was_searched_is_not_searched_again() -> None:
    text = b"\n".join(b"line %d of text without anything" % number for number in range(2000))
    matcher = _Counting(_RULES[0])
    windows = match_windows(_RULES[0], matcher)
    assert windows
    for version in (text + b"\nk123 at", b"line\n" + text + b"\nk123 at", text[9:] + b"\nk123 at"):
        start = version.index(b"k123")
        assert _spans(windows.at_ends(version, [start + 4])) == [MatchSpan(start, start + 4, start, start + 4)]
    assert matcher.searches == 1
    assert _spans(windows.at_ends(text, [])) == []


@pytest.mark.parametrize(
    ("pattern", "served"),
    [
        ("a{1,1000}", True),
        ("a{1,1000}b{0,1000}", True),
        ("ab+c", True),
        ("a+b+", False),
        (r"a\s+", False),
        ("(?s)a.*b", False),
        ("a.*b", True),
        ("(?:a+|b{2})c", True),
        (r"a(?=b)", False),
        ("a{0,2}", False),
    ],
)
def test_served_is_what_has_a_bound(pattern: str, *, served: bool) -> None:
    assert bool(extent_of(Rule("r", "", pattern))) is served
