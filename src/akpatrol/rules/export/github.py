"""Custom patterns of GitHub's secret scanning, as lines to paste into its form, whose labels they have.

https://docs.github.com/en/code-security/reference/secret-security/custom-patterns: the library is Hyperscan, option
modifiers are not supported, and the secret is one expression with others for what is before and after it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.rules.export.patterns import SEVERAL_GROUPS, either_case, has_flags, split, with_secret_alone
from akpatrol.rules.export.portable import ExportedRules

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from akpatrol.rules.export.portable import PortableRule

# GitHub's defaults allow an underscore, which continues a word.
_BEFORE, _AFTER = r"\A|[^0-9A-Za-z_]", r"\z|[^0-9A-Za-z_-]"
_BOUNDARY = r"\b"


def render(rules: Sequence[PortableRule]) -> ExportedRules:
    """Return the rules as text, with a paragraph for each pattern."""
    blocks: list[str] = []
    remarks: list[tuple[str, str]] = []
    for rule in rules:
        fields = _fields(rule)
        if isinstance(fields, str):
            remarks.append((rule.id, f"left out: {fields}"))
            continue
        blocks.append("\n".join(f"{label}: {value}" for label, value in fields))
        remarks += [(rule.id, f"without {lost}: it finds more there") for lost in _lost(rule)]
    return ExportedRules("\n\n".join(blocks) + "\n", tuple(remarks))


def _fields(rule: PortableRule) -> list[tuple[str, str]] | str:
    """Return the form's labels and values, or why a rule cannot be a custom pattern."""
    if rule.why_not_alone:
        return rule.why_not_alone
    if has_flags(rule.regex):
        return "its pattern has flags, such as (?i)"
    regex = with_secret_alone(rule.regex, rule.secret_group)
    if regex is None:
        return SEVERAL_GROUPS
    parts = split(regex)
    if not parts:
        return "its secret is not one group between what is before and after it"
    before, secret, after = parts
    return [
        ("Pattern name", " ".join(rule.description.split())),
        ("Secret format", secret),
        ("Before secret", _BEFORE if before in ("", _BOUNDARY) else before),
        ("After secret", _AFTER if after in ("", _BOUNDARY) else after),
        *(("Secret must not match", "|".join(map(either_case, words))) for words in [rule.all_stopwords] if words),
        *(("Test string", text) for text in rule.test_strings),
    ]


def _lost(rule: PortableRule) -> Iterator[str]:
    if rule.entropy:
        yield "its bound for entropy"
    if rule.path:
        yield "its path"
    if not rule.stopwords_alone:
        yield "those of its allowlists that are more than words"
