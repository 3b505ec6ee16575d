"""``[akpatrol.rules.<id>]``: what gitleaks' format cannot say about a rule of the same file, or of another.

Another file's rule takes its severity, confidence and advice from there, so that the other file stays as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from akpatrol.errors import RuleError
from akpatrol.kinds import CUSTOM, KINDS, named
from akpatrol.model.scan import Confidence, Severity
from akpatrol.validate.toml_table import Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from akpatrol.rules.rule import Rule

_ANYWHERE = ("severity", "confidence", "page", "references", "steps")
_BESIDE = ("kind", "anchor", "examples", "counterexamples")


class OwnTable(NamedTuple):
    """The table for one rule, in the file that has it."""

    file: str
    rule_id: str
    table: Table


def own_tables(top: Table, file: str) -> Iterator[OwnTable]:
    """Yield the file's own tables. Raises RuleError for keys that are unknown."""
    own = top.table("akpatrol")
    own.reject_unknown(["rules"])
    tables = own.table("rules")
    for rule_id, values in tables.values.items():

        def fail(key: str, reason: str, rule_id: str = rule_id) -> RuleError:
            return RuleError(file, rule_id, key, reason)

        table = Table(values, fail, "akpatrol")
        table.reject_unknown([*_ANYWHERE, *_BESIDE])
        yield OwnTable(file, rule_id, table)


def completed(rule: Rule, own: OwnTable | None) -> Rule:
    """Return the rule with what its own table says. Raises RuleError."""
    if own is None:
        return rule
    table, changes = own.table, dict[str, "Any"]()
    beside = own.file == rule.file
    if rule.shipped and not beside:
        raise table.wrong("akpatrol", "a rule that akpatrol ships cannot be changed")
    for key in table.values.keys() & {*_BESIDE} if not beside else ():
        raise table.wrong(key, f"only the file of the rule, {rule.file}, may say this")
    for key, value in _read(table).items():
        if key in table.values:
            changes[key] = value
    return rule._replace(**changes)


def _read(table: Table) -> Mapping[str, Any]:
    return {
        "kind": named(table.choice("kind", KINDS, CUSTOM)),
        "anchor": table.text("anchor"),
        "severity": Severity[table.choice("severity", _names(Severity), "high").upper()],
        "confidence": Confidence[table.choice("confidence", _names(Confidence), "high").upper()],
        "page": table.text("page"),
        "references": table.texts("references"),
        "steps": table.texts("steps"),
        "examples": table.texts("examples"),
        "counterexamples": table.texts("counterexamples"),
    }


def _names(levels: type[Severity | Confidence]) -> list[str]:
    return [level.name.lower() for level in levels]
