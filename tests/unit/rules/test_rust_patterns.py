"""Patterns of Rust's regex crate, rewritten for RE2."""

from __future__ import annotations

import pytest

from akpatrol.rules.re2_patterns import compiled
from akpatrol.rules.rust_patterns import UnreadableError, as_re2


@pytest.mark.parametrize(
    ("pattern", "rewritten"),
    [
        (r"a b#c", r"a b#c"),
        ("(?x) a b # words ]\n [c d] \\  \\# \\\n", r"ab[cd]\x20\#\x0a"),
        ("(?xi)\n\\b\nacme", r"(?i)\bacme"),
        ("(?x)(?i)(?ms) a", r"(?ims)a"),
        (r"[ a]\ ", r"[ a]\x20"),
        (r"\s[\s,]\S", r"[\s\v][\s\v,][^\s\v]"),
        (r"a(?#words)b", r"ab"),
        (r"(?x)[]a ][^]b][[:alpha:] -]", r"[]a][^]b][[:alpha:]-]"),
        (r"\[a\]", r"\[a\]"),
    ],
)
def test_rewritten(pattern: str, rewritten: str) -> None:
    assert as_re2(pattern) == rewritten
    compiled(rewritten)


@pytest.mark.parametrize("pattern", ["[a&&b]", "[a[bc]]", "[a--b]", "a(?x) b", "(?x:a b)", "(?u)a", "(?R)a"])
def test_what_re2_does_not_have_is_refused(pattern: str) -> None:
    with pytest.raises(UnreadableError):
        as_re2(pattern)
