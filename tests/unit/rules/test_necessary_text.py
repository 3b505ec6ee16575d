"""What each match of a pattern holds is in each match."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akpatrol.rules.necessary_text import necessary_texts

_PATTERNS = {
    r"(?i)-----BEGIN[ A-Z]{0,9}PRIVATE KEY-----[a-z]{3,}?-----": (b"-----begin", b"private ", b"ey-----"),
    r"(?:abcdef|xyabcdef)ghij": (b"ghij",),
    r"(?:one:two|one:two)x": (b"one:two",),
    r"names?_of": (b"name", b"_of"),
    r"of\s*=>\s*'it'": (b"'it'", b"=>"),
    r"(?i)(?:kind:[ ]?secret.{0,9}data:|data:.{0,9}kind:[ ]?secret)": (b"data:", b"ecret", b"ind:"),
    r"(?:abcd){2}e*": (b"abcdabcd",),
    r"a{3}b?[0-9]": (),
    r"[ab]cde[fg]": (),
    r"caf\xe9 table": (b" table",),
    r"(?:text)?": (),
    r"(?!text)": (),
    r"==>\Q\E*": (),
    r"\Q=>\E{2}": (),
    r"=>(?i){2}": (),
    r"key [^\x00-<>-\xff]: ": (b"key ", b": "),
    "q:\x1a\x1a;;": (b";;", b"q:"),
}


@pytest.mark.parametrize("pattern", _PATTERNS)
def test_texts(pattern: str) -> None:
    assert necessary_texts(pattern) == _PATTERNS[pattern]


@given(st.data())
def test_each_match_holds_them(data: st.DataObject) -> None:
    pattern = data.draw(st.sampled_from([pattern for pattern in _PATTERNS if not re.search(r"!|\\Q|\)\{", pattern)]))
    match = data.draw(st.from_regex(pattern, fullmatch=True))
    assert all(text in match.encode().lower() for text in necessary_texts(pattern))
