"""betterleaks' TOML, version 2: conditions are one expression that says what is left out.

https://github.com/betterleaks/betterleaks/blob/main/docs/v2_migration.md says what became of gitleaks' keys.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.rules.export.patterns import with_group_alone
from akpatrol.rules.export.portable import ExportedRules
from akpatrol.rules.export.toml_text import HEAD, pattern, quoted, quoted_list

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from akpatrol.rules.export.portable import PortableRule
    from akpatrol.rules.rule import Allowlist, Required

_FOUND = 'finding["secret"]'
_COMMIT = 'attributes["git.sha"] ?? ""'
_PATH = 'attributes["path"] ?? ""'


def render(rules: Sequence[PortableRule]) -> ExportedRules:
    """Return the rules as a file for ``betterleaks --config``."""
    lines = [f"# {HEAD}"]
    for rule in rules:
        lines += ["", *_rule(rule)]
    return ExportedRules("\n".join(lines) + "\n")


def _rule(rule: PortableRule) -> Iterator[str]:
    yield "[[rules]]"
    yield f"id = {quoted(rule.id)}"
    yield f"description = {quoted(rule.description)}"
    # The first group is the secret.
    regex = with_group_alone(rule.regex, rule.secret_group) if rule.secret_group else rule.regex
    if regex:
        yield f"regex = {pattern(regex)}"
    if rule.path:
        yield f"path = {pattern(rule.path)}"
    if rule.keywords:
        yield f"keywords = {quoted_list(rule.keywords)}"
    if rule.tags:
        yield f"tags = {quoted_list(rule.tags)}"
    if rule.skip_report:
        yield "skipReport = true"
    if rule.required:
        yield f"components = [{', '.join(map(_component, rule.required))}]"
    if conditions := list(_conditions(rule)):
        yield f"filter = {quoted(' || '.join(conditions))}"


def _component(required: Required) -> str:
    # Its own line counts as the first one there; columns are counted from the end of the match too, which finds more.
    lines = None if required.within_lines is None else required.within_lines + 1
    bounds = ((lines, "L"), (required.within_columns, "C"))
    within = ",".join(f"{number}{unit}" for number, unit in bounds if number is not None)
    return f"{{ id = {quoted(required.rule_id)}{f', within = {quoted(within)}' if within else ''} }}"


def _conditions(rule: PortableRule) -> Iterator[str]:
    if rule.entropy:
        yield f"entropy({_FOUND}) <= {rule.entropy!r}"
    if rule.stopwords:
        yield _words(rule.stopwords)
    for allowlist in rule.allowlists:
        if checks := list(_checks(allowlist)):
            together = (" && " if allowlist.every else " || ").join(checks)
            yield f"({together})" if len(checks) > 1 else together


def _checks(allowlist: Allowlist) -> Iterator[str]:
    if allowlist.regexes:
        yield f"matchesAny(finding[{quoted(allowlist.target)}], {quoted_list(allowlist.regexes)})"
    if allowlist.paths:
        yield f"matchesAny({_PATH}, {quoted_list(allowlist.paths)})"
    if allowlist.commits:
        yield f"({_COMMIT}) in {quoted_list(allowlist.commits)}"
    if allowlist.stopwords:
        yield _words(allowlist.stopwords)


def _words(words: Sequence[str]) -> str:
    return f"containsAny(lower({_FOUND}), {quoted_list(words)})"
