"""kingfisher's YAML for custom rules (https://github.com/mongodb/kingfisher/blob/main/docs/RULES.md).

No examples are written: they would be credentials in a file that is committed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.rules.export.patterns import SEVERAL_GROUPS, with_secret_alone
from akpatrol.rules.export.portable import ExportedRules
from akpatrol.rules.export.toml_text import HEAD, quoted, quoted_list

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from akpatrol.rules.export.portable import PortableRule

_NAMESPACE = "custom."


def render(rules: Sequence[PortableRule]) -> ExportedRules:
    """Return the rules as a file for ``kingfisher scan --rules-path``."""
    lines = [f"# {HEAD}", "rules:"]
    remarks: list[tuple[str, str]] = []
    for rule in rules:
        regex = with_secret_alone(rule.regex, rule.secret_group)
        if regex is None or rule.why_not_alone:
            remarks.append((rule.id, f"left out: {rule.why_not_alone or SEVERAL_GROUPS}"))
            continue
        lines += _rule(rule, regex)
        remarks += [(rule.id, f"without {lost}: it finds more there") for lost in _lost(rule)]
    return ExportedRules("\n".join(lines) + "\n", tuple(remarks))


def _rule(rule: PortableRule, regex: str) -> Iterator[str]:
    yield f"  - name: {quoted(rule.description)}"
    yield f"    id: {quoted(_NAMESPACE + rule.id)}"
    yield f"    pattern: {quoted(regex)}"
    yield f"    min_entropy: {rule.entropy:.1f}"
    yield f"    confidence: {rule.confidence}"
    if rule.all_stopwords:
        yield "    pattern_requirements:"
        yield f"      ignore_if_contains: {quoted_list(rule.all_stopwords)}"


def _lost(rule: PortableRule) -> Iterator[str]:
    if rule.path:
        yield "its path"
    if not rule.stopwords_alone:
        yield "those of its allowlists that are more than words"
