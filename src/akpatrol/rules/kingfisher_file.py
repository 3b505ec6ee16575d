"""Read a rule file of kingfisher: YAML, with patterns of Rust's regex crate over bytes.

The keys are those of https://github.com/mongodb/kingfisher, docs/RULES.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from akpatrol.errors import RuleError, UsageError
from akpatrol.model.scan import Confidence
from akpatrol.rules.gitleaks_file import Extend, RuleFile, check_patterns
from akpatrol.rules.rule import LeftOut, Rule
from akpatrol.rules.rust_patterns import UnreadableError, as_re2
from akpatrol.validate.toml_table import Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.rules.pattern_checks import PatternChecks

SUFFIXES = (".yml", ".yaml")
# Those that only describe a rule, or serve to verify a finding, which akpatrol does with Anyreach's API alone.
_NO_EFFECT = ("examples", "negative_examples", "categories", "description", "prevalidated")
_VERIFYING = ("validation", "depends_on_rule", "revocation")
_READ = ("name", "id", "pattern", "min_entropy", "confidence", "visible", "references")
_NARROWING = "pattern_requirements"


def read(content: bytes, file: str, checks: PatternChecks) -> RuleFile:
    """Read a file. Raises RuleError where the file as a whole is wrong, UsageError where PyYAML is not installed."""
    top = Table(_document(content, file), lambda key, reason: RuleError(file, "", key, reason))
    tables = top.tables("rules")
    if not tables:
        raise top.wrong("rules", "no rules")
    left_out = [LeftOut(file, "", key, "unknown key, which has no effect") for key in top.values if key != "rules"]
    rules: dict[str, Rule] = {}
    verifying = 0
    for number, entry in enumerate(tables, 1):
        rule_id = str(entry.values.get("id") or f"number {number}")
        table = Table(entry.values, lambda key, reason, name=rule_id: RuleError(file, name, key, reason))  # type: ignore[misc]
        try:
            rule = _rule(table, file)
            check_patterns(rule, checks)
        except RuleError as error:
            left_out.append(LeftOut(file, rule_id, error.key, error.reason, whole=True))
            continue
        verifying += not table.values.keys().isdisjoint(_VERIFYING)
        left_out += _unknown(table, file, rule_id)
        if rule.id in rules:
            left_out.append(LeftOut(file, rule_id, "id", "a later rule of the file has this id", whole=True))
        rules[rule.id] = rule
    if verifying:
        left_out.append(LeftOut(file, "", "validation", f"not done: {verifying} rules have it"))
    return RuleFile(file, "", rules, (), (), Extend(), (), tuple(left_out))


def _document(content: bytes, file: str) -> Any:
    try:
        import yaml  # noqa: PLC0415 - an extra
    except ImportError:
        raise UsageError(
            f"{file}: rule files in YAML require PyYAML, which is not installed", hint="pip install 'akpatrol[rules]'"
        ) from None
    try:
        # libyaml, where PyYAML has it, takes a tenth of the time; both loaders make plain values alone.
        return yaml.load(content, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = str(error).replace("\n", " ") or "nested too deeply"
        raise RuleError(file, "", "", f"not a YAML file: {reason}") from None


def _rule(table: Table, file: str) -> Rule:
    if not table.text("id"):
        raise table.wrong("id", "every rule needs an id")
    if _NARROWING in table.values:
        raise table.wrong(_NARROWING, "requirements beside the pattern are not read")
    try:
        regex = as_re2(table.text("pattern"))
    except UnreadableError as error:
        raise table.wrong("pattern", str(error)) from None
    visible = table.values.get("visible", True)
    confidence = table.text("confidence").upper() or Confidence.MEDIUM.name
    if confidence not in Confidence.__members__:
        raise table.wrong("confidence", "must be low, medium or high")
    return Rule(
        id=table.text("id"),
        description=table.text("name"),
        regex=regex,
        entropy=table.number("min_entropy"),
        skip_report=visible is False,
        confidence=Confidence[confidence],
        references=table.texts("references"),
        file=file,
    )


def _unknown(table: Table, file: str, rule_id: str) -> Iterator[LeftOut]:
    for key in table.values:
        if key not in (*_READ, *_NO_EFFECT, *_VERIFYING):
            yield LeftOut(file, rule_id, str(key), "unknown key, which has no effect")
