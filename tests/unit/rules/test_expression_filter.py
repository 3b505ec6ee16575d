"""Expressions of betterleaks: read where they say no more than gitleaks' format can."""

from __future__ import annotations

import pytest

from akpatrol.rules.expression_filter import Filter, FilterError, parse
from akpatrol.rules.rule import Allowlist
from akpatrol.rules.rule_file import load_alone

_RULE = "[[rules]]\nid = 'acme'\nregex = 'acme_[0-9a-f]{20}'\n"


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ('entropy(finding["secret"]) <= 3.5', Filter(3.5)),
        ('\n  filter.entropy(finding["secret"]) <= 3\n', Filter(3.0)),
        (
            'matchesAny(finding["line"], [`fine$`, "a\\\\.b"])',
            Filter(allowlists=(Allowlist(regexes=("fine$", "a\\.b"), target="line"),)),
        ),
        ('matchesAny(finding["secret"], [`(x)|[y]`])', Filter(allowlists=(Allowlist(regexes=("(x)|[y]",)),))),
        (
            '(containsAny(finding["secret"], ["abc", "ABC"])) || matchesAny((attributes["path"] ?? ""), [`md$`])',
            Filter(allowlists=(Allowlist(stopwords=("abc",)), Allowlist(paths=("md$",)))),
        ),
        (
            '// why\nmatchesAny(get(attributes, "path", ""), [`x`,\n `y`])',
            Filter(allowlists=(Allowlist(paths=("x", "y")),)),
        ),
        (
            'entropy(finding["secret"]) <= 2 || entropy(finding["secret"]) <= 3 || matchesAny(finding["match"], [`x`])',
            Filter(3.0, (Allowlist(regexes=("x",), target="match"),)),
        ),
    ],
)
def test_expression(expression: str, found: Filter) -> None:
    assert parse(expression) == found


def test_a_threshold_that_still_is_a_finding() -> None:
    assert 2.999 < parse('entropy(finding["secret"]) < 3.0').entropy < 3.0


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "true",
        '!matchesAny(finding["secret"], [`x`])',
        'entropy(finding["secret"]) <= 3.5 && matchesAny(finding["secret"], [`x`])',
        'entropy(finding["match"]) <= 3.5',
        'entropy(finding["secret"]) || 3',
        'entropy(finding["secret"]) <= ',
        'containsAny(finding["line"], ["x"])',
        'failsTokenEfficiency(finding["secret"])',
        'matchesAny(finding["secret"], [`x`]',
        'matchesAny(finding["secret"], ["\\q"])',
        'let x = finding["secret"]; entropy(x) <= 3',
        '(entropy(finding["secret"]) <= 3.5',
        'entropy(finding["secret"]) <= 3.5 entropy(finding["secret"]) <= 3.5',
    ],
)
def test_whatever_says_more_is_refused(expression: str) -> None:
    with pytest.raises(FilterError):
        parse(expression)


def test_rules_of_a_file(tmp_path: object) -> None:
    content = (
        'prefilter = \'matchesAny(get(attributes, "path", ""), ["docs/"])\'\n'
        "filter = 'entropy(finding[\"secret\"]) <= 1'\n"
        + _RULE
        + "filter = 'entropy(finding[\"secret\"]) <= 3.5'\nvalidate = 'http.get()'\nspecificity = 10\n"
        + _RULE.replace("acme", "bcme")
        + "filter = 'other()'\n"
        + _RULE.replace("acme", "ccme")
        + "tokenEfficiency = true\n"
    )
    file = f"{tmp_path}/rules.toml"
    with open(file, "w", encoding="utf-8") as stream:
        stream.write(content)
    loaded = load_alone([file])
    (rule,) = loaded.rules
    assert (rule.entropy, [entry.paths for entry in rule.allowlists]) == (3.5, [("docs/",)])
    assert {(entry.rule, entry.key): entry.whole for entry in loaded.left_out} == {
        ("ccme", "tokenEfficiency"): True,
        ("acme", "specificity"): False,
        ("", "validate"): False,
        ("", "filter"): False,
        ("bcme", "filter"): True,
    }
