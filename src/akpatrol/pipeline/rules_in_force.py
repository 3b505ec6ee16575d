"""The rules that a run searches for: shipped, of files and of the configuration, without those switched off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.cache.pattern_cache import PatternCache
from akpatrol.rules import rule_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.config.settings import Settings
    from akpatrol.rules.rule import RuleSet


def load(settings: Settings) -> RuleSet:
    """Read and choose the rules. Raises UsageError for a file that is wrong, or a pattern that matches no rule."""
    store = PatternCache(settings.cache)
    rules = rule_file.load(settings.rules, strict=settings.options.rules_strict, store=store)
    rules = rules._replace(everywhere=settings.options.rules_everywhere)
    if not settings.only_rules.globs and not settings.skip_rule.globs:
        return rules
    from akpatrol.rules.selection import selected  # noqa: PLC0415 - most runs search for all rules

    return selected(rules, settings.only_rules, settings.skip_rule)


def notices(rules: RuleSet, settings: Settings) -> Iterator[str]:
    """Name shipped rules that were switched off, and by what: a clean report says nothing about such credentials."""
    names = [rule.id for rule in rules.unsearched if rule.shipped]
    if names:
        where = " and ".join(globs.where for globs in (settings.only_rules, settings.skip_rule) if globs.globs)
        yield f"Anyreach's own credentials were not all searched for: {where} switches off {', '.join(names)}"
