"""What the rules say about a credential: its title, tags and page. A rule that is not loaded says nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.report.wording import kind_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from akpatrol.model.credential import Credential
    from akpatrol.rules.rule import Rule, RuleSet


def rule_of(credential: Credential, rules: RuleSet) -> Rule | None:
    """Return the rule with advice about the credential: one that found it, else one of its kind."""
    known = (rules.get(rule_id) for rule_id in credential.rule_ids)
    alike = (rule for rule in rules.rules if rule.kind is credential.kind and not rule.kind.is_custom)
    return next((rule for rule in known if rule), None) or next(alike, None)


def title(credential: Credential, rules: RuleSet) -> str:
    """Return the name of a credential's kind, or the description of the user's rule that names it."""
    if not credential.kind.is_custom:
        return kind_name(credential.kind, credential.attribution)
    rule_id = next(iter(credential.rule_ids), "")
    rule = rules.get(rule_id)
    return rule.description if rule else credential.title or rule_id


def tags(credential: Credential, rules: RuleSet) -> Iterable[str]:
    """Return the tags of all rules that found a credential, or those that were loaded with it."""
    known = [rule for rule_id in credential.rule_ids if (rule := rules.get(rule_id))]
    return dict.fromkeys([tag for rule in known for tag in rule.tags] or credential.tags)


def page(rule: Rule, app_url: str | None) -> str:
    """Return a rule's page, as a full address where it is one of the application and the application's is known."""
    is_ours = rule.page.startswith("/") and not rule.kind.is_custom
    return f"{app_url}{rule.page}" if app_url and is_ours else rule.page
