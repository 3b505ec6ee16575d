"""Patterns rewritten so that one group alone is the secret."""

from __future__ import annotations

import re

import pytest

from akpatrol.rules.export.patterns import (
    SplitPattern,
    either_case,
    group_count,
    has_flags,
    split,
    with_group_alone,
    with_secret_alone,
)


@pytest.mark.parametrize(
    ("regex", "number", "alone"),
    [
        ("a(b)c", 1, "a(b)c"),
        ("(a)(b)", 2, "(?:a)(b)"),
        ("(a(b)c)", 2, "(?:a(b)c)"),
        (r"\((a)[(](b)\)", 2, r"\((?:a)[(](b)\)"),
        (r"[])(](a)[^])(](b)", 1, r"[])(](a)[^])(](?:b)"),
        ("(?P<x>a)(?<y>b)(?:c)(?i:d)(e)", 3, "(?:a)(?:b)(?:c)(?i:d)(e)"),
        ("[[:alpha:](](a)(b)", 2, "[[:alpha:](](?:a)(b)"),
        (r"\Q(a\E(b)(c)", 2, r"\Q(a\E(?:b)(c)"),
        ("(?i)(a)|(b)", 1, "(?i)(a)|(?:b)"),
    ],
)
def test_with_group_alone(regex: str, number: int, alone: str) -> None:
    assert with_group_alone(regex, number) == alone
    assert group_count(alone) == 1


@pytest.mark.parametrize(
    ("regex", "secret_group", "alone"),
    [
        ("abc", 0, "(abc)"),
        ("a(b)c", 0, "a(b)c"),
        ("(a)(b)", 0, None),
        ("(a)(b)", 1, "(a)(?:b)"),
        (r"\(a\)", 0, r"(\(a\))"),
    ],
)
def test_with_secret_alone(regex: str, secret_group: int, alone: str | None) -> None:
    assert with_secret_alone(regex, secret_group) == alone


@pytest.mark.parametrize(
    ("regex", "parts"),
    [
        ("(abc)", ("", "abc", "")),
        (r"\b(a|b)(?:c|d)", (r"\b", "a|b", "(?:c|d)")),
        ("x=(?:a(?:b))(?P<s>[)]{3})$", ("x=(?:a(?:b))", "[)]{3}", "$")),
        ("x(y)|z", None),
        ("(?:x(y))", None),
        ("(x)+", None),
        ("(x){2}", None),
        ("(x)(y)", None),
        ("xyz", None),
    ],
)
def test_split(regex: str, parts: tuple[str, str, str] | None) -> None:
    assert split(regex) == (parts and SplitPattern(*parts))


def test_flags_and_case() -> None:
    flagged = [has_flags(regex) for regex in ("(?i)a", "a(?-i:b)", "a(?:b)", r"\(?i\)", "(?P<i>a)")]
    assert flagged == [True, True, False, False, False]
    assert re.fullmatch(either_case("your-KEY_1"), "yOUR-kEY_1")
