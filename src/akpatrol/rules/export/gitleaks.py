"""gitleaks' TOML (https://github.com/gitleaks/gitleaks#configuration)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.rules.export.portable import ExportedRules
from akpatrol.rules.export.toml_text import HEAD, pattern, quoted, quoted_list

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from akpatrol.rules.export.portable import PortableRule
    from akpatrol.rules.rule import Allowlist, Required


def render(rules: Sequence[PortableRule]) -> ExportedRules:
    """Return the rules as a file for ``gitleaks --config``."""
    lines = [f"# {HEAD}", "", 'title = "akpatrol"']
    for rule in rules:
        lines += ["", *_rule(rule)]
    return ExportedRules("\n".join(lines) + "\n")


def _rule(rule: PortableRule) -> Iterator[str]:
    yield "[[rules]]"
    keys = {
        "id": quoted(rule.id),
        "description": quoted(rule.description),
        "regex": rule.regex and pattern(rule.regex),
        "secretGroup": str(rule.secret_group or ""),
        "entropy": f"{rule.entropy:g}" if rule.entropy else "",
        "path": rule.path and pattern(rule.path),
        "keywords": quoted_list(rule.keywords) if rule.keywords else "",
        "tags": quoted_list(rule.tags) if rule.tags else "",
        "skipReport": "true" if rule.skip_report else "",
    }
    yield from (f"{key} = {value}" for key, value in keys.items() if value)
    for required in rule.required:
        yield from _required(required)
    if rule.stopwords:
        yield from ("[[rules.allowlists]]", f"stopwords = {quoted_list(rule.stopwords)}")
    for allowlist in rule.allowlists:
        yield from _allowlist(allowlist)


def _required(required: Required) -> Iterator[str]:
    yield "[[rules.required]]"
    yield f"id = {quoted(required.rule_id)}"
    if required.within_lines is not None:
        yield f"withinLines = {required.within_lines}"
    if required.within_columns is not None:
        yield f"withinColumns = {required.within_columns}"


def _allowlist(allowlist: Allowlist) -> Iterator[str]:
    yield "[[rules.allowlists]]"
    if allowlist.every:
        yield 'condition = "AND"'
    if allowlist.regexes and allowlist.target != "secret":
        yield f"regexTarget = {quoted(allowlist.target)}"
    for name, patterns in (("regexes", allowlist.regexes), ("paths", allowlist.paths)):
        if patterns:
            yield f"{name} = [{', '.join(map(pattern, patterns))}]"
    if allowlist.commits:
        yield f"commits = {quoted_list(allowlist.commits)}"
    if allowlist.stopwords:
        yield f"stopwords = {quoted_list(allowlist.stopwords)}"
