"""Which bytes of a rule's pattern or keywords are searched for in encodings, and how specific a rule is."""

from __future__ import annotations

import pytest

from akpatrol.kinds import KINDS
from akpatrol.kinds.organization_key import KIND as ORGANIZATION_KEY
from akpatrol.rules.literals import Specificity, holds_keyword, required, shipped, specificity, with_keywords
from akpatrol.rules.precedence import precedence
from akpatrol.rules.rule import Rule


def _rule(regex: str, *keywords: str, **more: object) -> Rule:
    return Rule(**({"id": "own", "description": "", "regex": regex, "keywords": keywords} | more))  # type: ignore[arg-type]


def _spelled(rule: Rule) -> list[str]:
    return [
        "".join(place.decode() if len(place) == 1 else f"[{place.decode()}]" for place in one.places)
        for one in required(rule)
    ]


def test_shipped_rules() -> None:
    """The literal of each shipped rule is the beginning of its kind's prefix."""
    prefixes = sorted(kind.prefix.encode()[:4] for kind in KINDS if not kind.is_custom)
    assert sorted(b"".join(one.places) for one in shipped()) == prefixes
    assert all(one.leading and set(map(len, one.places)) == {1} for one in shipped())


@pytest.mark.parametrize(
    ("regex", "keywords", "expected"),
    [
        (r"\bacme_[0-9a-f]{24}\b", (), ["acme"]),
        (r"(?i)\bacme_[0-9a-f]{24}", (), ["[Aa][Cc][Mm][Ee]"]),
        (r"-----BEGIN KEY-----", (), ["-BEG"]),
        (r"(?:ghu|ghs)_[0-9a-zA-Z]{36}", (), ["ghu_", "ghs_"]),
        (r"xox[bp]-\d{10}", (), ["xox[bp]"]),
        (r"(?:https?://)?hooks\.example\.com/\w+", (), ["hook"]),
        (r"[0-9a-f]{32}", ("Acme", "corp"), ["[Aa][Cc][Mm][Ee]", "[Cc][Oo][Rr][Pp]"]),
        (r"[0-9a-f]{32}", ("acme", "q~"), []),
        (r"[0-9a-f]{32}", (), []),
        (r"SK[0-9a-f]{32}", ("sk",), []),
        (r"(?:abc|[0-9]+)x?", (), []),
        (r"(?:abcd)?[0-9]{20}", (), []),
        (r"schlüssel=\d+", (), ["schl"]),
        (r"(?=what python knows)abcdef", ("abcd",), ["[Aa][Bb][Cc][Dd]"]),
        (r"a{3}b{4,}", (), ["aaab"]),
        (r"[^a-z]abc\pL", (), ["abc"]),
    ],
)
def test_required(regex: str, keywords: tuple[str, ...], expected: list[str]) -> None:
    assert _spelled(_rule(regex, *keywords)) == expected


def test_what_stands_before_and_behind() -> None:
    (leading,) = required(_rule(r"[\w.-]{0,50}?acme[0-9]{2}.*"))
    assert (leading.leading, leading.behind, leading.text) == (True, b"0123456789", 2)
    (inner,) = required(_rule(r"[0-9]acme"))
    assert (inner.leading, inner.behind, inner.text) == (False, b"", 0)


@pytest.mark.parametrize(
    ("regex", "expected"),
    [
        (r"acme_[0-9]{20}", True),
        (r"\b((?:ghu|ghs)_[0-9]{20})\b", True),
        (r"acme: ([0-9]{20})", False),
        (r"acme: (tok_[0-9]{20})", False),
        (r"(?i)[\w.-]{0,50}?(?:acme)(?:[ \t\w.-]{0,20})[=:]\s?([0-9a-f]{32})", False),
    ],
)
def test_what_a_secret_begins_with(regex: str, *, expected: bool) -> None:
    assert {literal.begins_secret for literal in required(_rule(regex))} == {expected}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (_rule(r"acme_[0-9]{20}"), (True, True, True)),
        (_rule(r"acme: ([0-9]{20})"), (True, False, True)),
        (_rule(r"acme: (tok_[0-9]{20})", id="generic-acme"), (False, True, True)),
        (_rule(r"(name): (tok_[0-9]{20})", secret_group=2), (True, True, True)),
        (_rule(r"[0-9a-f]{32}", "acme"), (True, False, False)),
        (_rule(r"((((("), (True, False, False)),
    ],
)
def test_specificity(rule: Rule, expected: tuple[bool, bool, bool]) -> None:
    assert specificity(rule) == Specificity(*expected)


def test_precedence() -> None:
    """Ours, then fixed bytes in the secret, in the match, keywords only; generic ones last; ties by their order."""
    rules = [
        _rule(r"tok_[0-9]{20}", id="generic-x"),
        _rule(r"[0-9a-f]{32}", "acme", id="keyword"),
        _rule(r"acme: ([0-9]{20})", id="match"),
        _rule(r"tok_[0-9]{20}", id="first"),
        _rule(r"tok_[0-9]{21}", id="second"),
        _rule(r"ak_[0-9]{20}", id="ours", kind=ORGANIZATION_KEY),
    ]
    names = ["unknown", *(rule.id for rule in rules)]
    ordered = ["ours", "first", "second", "match", "keyword", "generic-x", "unknown"]
    assert sorted(names, key=precedence(rules)) == ordered


@pytest.mark.parametrize(
    ("regex", "keywords"),
    [
        ("acme_[0-9]{9}", ("acme",)),
        ("(?i)acme_[0-9]{9}", ("acme",)),
        ("(?:acme|bcme)[0-9]{9}", ("acme", "bcme")),
        ("[0-9]{9}", ()),
    ],
)
def test_a_rule_without_keywords_gets_those_of_its_pattern(regex: str, keywords: tuple[str, ...]) -> None:
    rule = Rule("x", "", regex)
    assert with_keywords(rule).keywords == keywords
    assert with_keywords(rule._replace(keywords=("own",))).keywords == ("own",)
    assert with_keywords(rule._replace(shipped=True)).keywords == ()


@pytest.mark.parametrize(
    ("regex", "keywords", "holds"),
    [
        ("(?i)acme[0-9]{4}", ("acme",), True),
        ("(?i)acme[0-9]{4}", ("cm", "none"), True),
        ("acme[0-9]{4}", ("ACME",), True),
        ("[a-z]cme", ("acme",), False),
        ("acme", ("acmes",), False),
        ("acme", (), False),
        ("(?:acme|corp)_[0-9]{4}", ("acme",), False),
        ("(?:acme|corp)_[0-9]{4}", ("acme", "corp_"), True),
        ("(?:ac|bc)(?:me|mf)", ("cm",), False),  # one choice at a time is tried
        ("x(?:a(?:b|c)d|abd)", ("ab", "acd"), True),
        ("x(?:a(?:b|c)d|abd)", ("ab",), False),
        ("(?:acme)?[0-9]{4}", ("acme",), False),
        ("(?i)käse", ("käse",), False),
        ("a(?=b)", ("a",), False),
    ],
)
def test_a_keyword_in_each_match(regex: str, keywords: tuple[str, ...], *, holds: bool) -> None:
    assert holds_keyword(_rule(regex, *keywords)) is holds
