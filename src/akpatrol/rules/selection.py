"""Choose the rules to search for by their ids: glob patterns name those that count, or those that do not."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from akpatrol.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from akpatrol.config.settings import RuleGlobs
    from akpatrol.rules.rule import Rule, RuleSet


def selected(rules: RuleSet, only: RuleGlobs, skip: RuleGlobs) -> RuleSet:
    """Return the rules that ``only`` names, all without it, but not those that ``skip`` names.

    Raises UsageError for a pattern that matches no rule, and when no rule is left.
    """
    if not only.globs and not skip.globs:
        return rules
    every = (*rules.rules, *rules.path_rules)
    wanted = _matching(every, only) if only.globs else {rule.id for rule in every}
    wanted -= _matching(every, skip)
    if not wanted:
        where = skip.where if skip.globs else only.where
        raise UsageError(f"{where}: no rule is left to search for", hint="akpatrol rules list shows the rules")
    unsearched = tuple(rule for rule in every if rule.id not in wanted)
    if not unsearched:
        return rules
    # What an earlier run kept under the digest of all rules must not count.
    names = "\0".join(["rules that are not searched for", *(rule.id for rule in unsearched)])
    return rules._replace(
        rules=tuple(_with_components(rules.rules, wanted, rules.rules)),
        path_rules=tuple(_with_components(rules.path_rules, wanted, rules.rules)),
        files=(*rules.files, names.encode("utf-8", "surrogatepass")),
        unsearched=unsearched,
    )


def _with_components(rules: Sequence[Rule], wanted: set[str], composite: Sequence[Rule]) -> Iterator[Rule]:
    """Yield the wanted rules, and those that wanted ``composite`` ones require, which report nothing of their own."""
    required = {part.rule_id for rule in composite if rule.id in wanted for part in rule.required}
    for rule in rules:
        if rule.id in wanted:
            yield rule
        elif rule.id in required:
            yield rule._replace(skip_report=True)


def _matching(rules: Sequence[Rule], patterns: RuleGlobs) -> set[str]:
    """Return the ids that the patterns match."""
    ids = [rule.id for rule in rules]
    matching: set[str] = set()
    for glob in patterns.globs:
        fitting = {name for name in ids if fnmatchcase(name, glob)}
        if not fitting:
            raise UsageError(f"{patterns.where}: {glob} matches no rule", hint=_guess(glob, ids))
        matching |= fitting
    return matching


def _guess(glob: str, ids: Sequence[str]) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - only for a mistake

    close = get_close_matches(glob, ids, 1) or [name for name in ids if glob.strip("*").lower() in name.lower()][:1]
    return f"did you mean {close[0]}?" if close else "akpatrol rules list shows the rules; --rules adds a file of them"
