"""Patterns for which a character of more than one byte makes a difference."""

from __future__ import annotations

import pytest

from akpatrol.rules.wide_patterns import has_assertion, is_counted, is_wide


@pytest.mark.parametrize(
    ("regex", "wide", "counted"),
    [
        ("a.b", True, True),
        ("a.*b", True, False),
        ("a.{2,}b", True, False),
        ("a.{0,2}", True, True),
        (".+?x", True, False),
        (r"a\.b", False, False),
        ("[^a]+", True, False),
        ("[^a]", True, True),
        ("[^]]*", True, False),
        (r"[\^a]", False, False),
        (r"\W", True, True),
        (r"\\W", False, False),
        (r"\\.", True, True),
        (r"[\S]*", True, False),
        ("ü", True, True),
        ("[.]", False, False),
        ("[].]", False, False),
        ("[].].", True, True),
        (r"[\].]", False, False),
        (r"\xff", True, True),
        (r"\x60", False, False),
        (r"\x{e4}+", True, True),
        (r"\pN*", True, True),
        (r"[a-z\x{e4}]+", True, True),
        (r"[^\pN]*", True, True),
        (r"[^\x60\d]*", True, False),
        (r"\p{Greek}", True, True),
        ("[[:^alpha:]]", True, True),
        ("[[:alpha:].]", False, False),
        ("(?i)abc[0-9]{3}", False, False),
    ],
)
def test_patterns(regex: str, wide: bool, counted: bool) -> None:
    assert (is_wide(regex), is_counted(regex)) == (wide, counted)


@pytest.mark.parametrize(
    ("regex", "asks"),
    [
        (r"\ba", True),
        (r"a\B", True),
        ("^a", True),
        ("a$", True),
        (r"\Aa", True),
        (r"a\z", True),
        ("[^a]", False),
        ("[$^]", False),
        (r"\^a\$", False),
        (r"\\b", False),
        (r"[\]^]", False),
        (r"\pLb", False),
        ("(?i)ab", False),
    ],
)
def test_assertions(regex: str, asks: bool) -> None:
    assert has_assertion(regex) is asks
