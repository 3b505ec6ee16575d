"""The exact patterns, shipped and brought."""

from __future__ import annotations

import pytest

from akpatrol.detect.filters import entropy
from akpatrol.detect.match import Matcher, MatchSpan
from akpatrol.errors import RuleError
from akpatrol.kinds import CUSTOM
from akpatrol.rules.rule import Rule


def _rule(regex: str, *, shipped: bool = False, secret_group: int = 0) -> Rule:
    return Rule("x", "x", regex, secret_group=secret_group, kind=CUSTOM, shipped=shipped, file="rules.toml")


def _find(rule: Rule, data: bytes, start: int = 0, end: int | None = None) -> list[MatchSpan]:
    return list(Matcher(rule).find(data, start, len(data) if end is None else end))


@pytest.mark.parametrize("shipped", [False, True])
def test_bounds(*, shipped: bool) -> None:
    """Text before the start stays visible to a boundary; a match lies in the range."""
    rule = _rule(r"\bab", shipped=shipped)
    assert _find(rule, b"xab ab ab", 1, 7) == [MatchSpan(4, 6, 4, 6)]
    assert _find(rule, b"ab ab", 0, 4) == [MatchSpan(0, 2, 0, 2)]


def test_shipped_rules_are_tried_at_every_start() -> None:
    assert [span.start for span in _find(_rule("a[ab]{2}", shipped=True), b"aabab")] == [0, 1]
    assert [span.start for span in _find(_rule("a[ab]{2}"), b"aabab")] == [0]


@pytest.mark.parametrize(
    ("regex", "group", "wanted"),
    [
        ("k=(a)(b)", 0, (2, 3)),
        ("k=(a)(b)", 2, (3, 4)),
        ("k=(x)?(a)b", 0, (2, 3)),
        ("k=ab", 0, (0, 4)),
        ("k=(?:ab)", 0, (0, 4)),
        ("k=()ab", 0, (0, 4)),
        ("k=(x)?ab", 1, (0, 4)),
    ],
)
def test_group(regex: str, group: int, wanted: tuple[int, int]) -> None:
    """Without a number, the first group that is not empty; without groups, everything."""
    (span,) = _find(_rule(regex, secret_group=group), b"k=ab")
    assert (span.secret_start, span.secret_end) == wanted


@pytest.mark.parametrize(("regex", "group"), [("a*", 0), ("", 0), ("k=(x)?ab", 1), ("k=()ab", 1), ("$", 0), (r"\b", 0)])
@pytest.mark.parametrize("data", [b"", b"k=ab", b"aa b aa"])
def test_nothing_empty_is_found_and_it_ends(regex: str, group: int, data: bytes) -> None:
    assert all(span.secret_start < span.secret_end for span in _find(_rule(regex, secret_group=group), data))


@pytest.mark.parametrize("shipped", [False, True])
def test_errors_name_file_rule_and_key(*, shipped: bool) -> None:
    with pytest.raises(RuleError, match=r"^rules\.toml: rule x: regex: "):
        Matcher(_rule("(", shipped=shipped)).search(b"", 0, 0)
    with pytest.raises(RuleError, match=r"^rules\.toml: rule x: secretGroup: the pattern has 1 groups"):
        Matcher(_rule("(a)", shipped=shipped, secret_group=2)).search(b"", 0, 0)


def test_no_rule_takes_exponential_time() -> None:
    assert _find(_rule("(a*)*b"), b"a" * 100_000) == []


@pytest.mark.parametrize(("text", "bits"), [(b"", 0), (b"aaaa", 0), (b"ab", 1), (b"abcd", 2), (bytes(range(256)), 8)])
def test_entropy(text: bytes, bits: float) -> None:
    assert entropy(text) == pytest.approx(bits)


@pytest.mark.parametrize(
    ("regex", "data", "secret"),
    [
        (r"\Bkey=(\w+)", b"xkey=abcdef", b"key=abcdef"),
        (r"key=(\w{3,9})\B", b"key=abcdef", b"abcd"),
        (r"key=(z)?\w+\B", b"key=abcdef", b"key=abcde"),
        (r"(?m)^key=(\w+)$", b"a\nkey=abcdef\nb", b"abcdef"),
        (r"key=([\^$]\w+)", b"key=$abcdef", b"$abcdef"),
    ],
)
def test_the_groups_are_those_in_the_text_of_the_match_alone(regex: str, data: bytes, secret: bytes) -> None:
    """As gitleaks reads them again, without the text around the match for which an assertion asks."""
    assert [data[span.secret_start : span.secret_end] for span in _find(_rule(regex), data)] == [secret]


def test_a_secret_that_is_not_there_has_no_entropy() -> None:
    rule = _rule("k=(x)?ab", secret_group=1)
    assert _find(rule._replace(entropy=0.5), b"k=ab") == []
    assert _find(rule._replace(entropy=0.5), b"k=xab") == [MatchSpan(0, 5, 2, 3)]
