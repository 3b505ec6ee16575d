"""Load rule files: gitleaks' TOML format, with a table of our own for keys that gitleaks does not have.

A file holds ``[[rules]]`` (``id``, ``description``, ``regex``, ``keywords``, ``secretGroup``, ``entropy``, ``path``,
``allowlists``) and, for ours, ``[akpatrol.rules.<id>]`` (see ``_OWN_KEYS``). Shipped rules run on ``re``; users'
files run on RE2, whose matching time is linear in its input (https://github.com/google/re2/wiki/WhyRE2).
"""

from __future__ import annotations

import os
import tomllib
from typing import TYPE_CHECKING

from akpatrol.errors import RuleError
from akpatrol.kinds import CUSTOM, KINDS, named
from akpatrol.model.scan import Severity
from akpatrol.rules.rule import Allowlist, Rule, RuleSet
from akpatrol.validate.toml_table import Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from akpatrol.config.settings import NamedFile

_GITLEAKS_KEYS = frozenset(
    [
        "id",
        "description",
        "regex",
        "keywords",
        "secretGroup",
        "entropy",
        "path",
        "tags",
        "allowlist",
        "allowlists",
        "skipReport",
        "required",
        "validate",
    ]
)
_OWN_KEYS = frozenset(["kind", "anchor", "severity", "page", "references", "steps", "examples", "counterexamples"])
_ALLOWLIST_KEYS = frozenset(
    ["id", "description", "regexes", "regexTarget", "stopwords", "paths", "commits", "condition", "targetRules"]
)


def shipped_files() -> list[str]:
    """Return the paths of the shipped rule files, in a wheel and in an editable install alike."""
    package = os.path.dirname(os.path.abspath(__file__))
    installed = os.path.join(package, "shipped")
    source = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(package))), "rules")
    return _files(installed if os.path.isdir(installed) else source)


def load(extra: Sequence[str | os.PathLike[str] | NamedFile] = ()) -> RuleSet:
    """Read the shipped rules and then those of ``extra``: files, directories of ``*.toml``, or contents read before.

    Raises RuleError when a file cannot be read or a rule is wrong.
    """
    contents: list[bytes] = []
    rules: dict[str, Rule] = {}
    named = [(file, content, False) for entry in extra for file, content in _contents(entry)]
    for file, content, shipped in [*((file, read(file), True) for file in shipped_files()), *named]:
        contents.append(content)
        for rule in parse(content, file, shipped=shipped):
            if rule.id in rules:
                raise RuleError(file, rule.id, "id", f"already used by a rule in {rules[rule.id].file}")
            rules[rule.id] = rule
    return RuleSet(tuple(rules.values()), tuple(contents))


def read(file: str) -> bytes:
    """Return a rule file's bytes. Raises RuleError."""
    try:
        with open(file, "rb") as stream:
            return stream.read()
    except OSError as error:
        raise RuleError(file, "", "", error.strerror or "cannot be read") from None


def parse(content: bytes, file: str, *, shipped: bool = False) -> list[Rule]:
    """Parse a rule file's bytes. Raises RuleError."""
    try:
        document = tomllib.loads(content.decode())
    except ValueError as error:  # the parser's own, and int()'s for a number of more than 4,300 digits
        raise RuleError(file, "", "", f"not a TOML file: {error}") from None
    except RecursionError:
        raise RuleError(file, "", "", "not a TOML file: nested too deeply") from None
    top = Table(document, lambda key, reason: RuleError(file, "", key, reason))
    tables = top.tables("rules")
    if not tables:
        raise RuleError(file, "", "rules", "no [[rules]] table")
    if "extend" in document:
        raise RuleError(file, "", "extend", "rule files cannot extend others; give several with --rules")
    shared = tuple(_allowlists(top))
    own_tables = top.table("akpatrol").table("rules")
    # A rule with a path and no pattern is gitleaks' way to report a file: it finds no credential.
    with_pattern = [table for table in tables if "regex" in table.values or "path" not in table.values]
    rules = [_rule(table, own_tables, shared, file, shipped=shipped) for table in with_pattern]
    for unknown in own_tables.values.keys() - {rule.id for rule in rules}:
        raise RuleError(file, unknown, "akpatrol", "no [[rules]] entry has this id")
    return rules


def _rule(entry: Table, own_tables: Table, shared: tuple[Allowlist, ...], file: str, *, shipped: bool) -> Rule:
    rule_id = entry.text("id")
    if not rule_id:
        raise RuleError(file, "", "id", "every [[rules]] entry needs an id")

    def fail(key: str, reason: str) -> RuleError:
        return RuleError(file, rule_id, key, reason)

    table, extension = Table(entry.values, fail), Table(own_tables.values.get(rule_id, {}), fail, "akpatrol")
    table.reject_unknown(_GITLEAKS_KEYS)
    extension.reject_unknown(_OWN_KEYS)
    for key in ("required", "skipReport"):
        if table.values.get(key):
            raise fail(key, "composite rules are not supported")
    regex = table.text("regex")
    if not regex:
        raise fail("regex", "a rule needs a pattern")
    severities = [severity.name.lower() for severity in Severity]
    return Rule(
        id=rule_id,
        description=table.text("description") or rule_id,
        regex=regex,
        keywords=tuple(word.lower() for word in table.texts("keywords") if word),
        secret_group=int(table.number("secretGroup")),
        entropy=table.number("entropy"),
        path=table.text("path"),
        allowlists=(
            *(allowlist for allowlist in shared if not allowlist.rule_ids or rule_id in allowlist.rule_ids),
            *_allowlists(table),
        ),
        kind=named(extension.choice("kind", KINDS, CUSTOM)),
        anchor=extension.text("anchor"),
        severity=Severity[extension.choice("severity", severities, "high").upper()],
        page=extension.text("page"),
        references=extension.texts("references"),
        steps=extension.texts("steps"),
        examples=extension.texts("examples"),
        counterexamples=extension.texts("counterexamples"),
        shipped=shipped,
        file=file,
    )


def _allowlists(table: Table) -> Iterator[Allowlist]:
    single = [table.table("allowlist")] if "allowlist" in table.values else []
    for entry in [*single, *table.tables("allowlists")]:
        entry.reject_unknown(_ALLOWLIST_KEYS)
        yield Allowlist(
            regexes=entry.texts("regexes"),
            target=entry.choice("regexTarget", ["secret", "match", "line"], "secret"),
            stopwords=tuple(word.lower() for word in entry.texts("stopwords")),
            paths=entry.texts("paths"),
            every=entry.choice("condition", ["OR", "AND", "or", "and", "||", "&&"], "OR") in ("AND", "and", "&&"),
            by_commit=bool(entry.texts("commits")),
            rule_ids=entry.texts("targetRules"),
        )


def _contents(named: str | os.PathLike[str] | NamedFile) -> list[tuple[str, bytes]]:
    """Return the contents of the rule files that this path names."""
    if isinstance(named, tuple):
        return [(named.name, named.content)]
    return [(file, read(file)) for file in _files(os.fspath(named))]


def _files(path: str) -> list[str]:
    if not os.path.isdir(path):
        return [path]
    files = sorted(os.path.join(path, name) for name in os.listdir(path) if name.endswith(".toml"))
    if not files:
        raise RuleError(path, "", "", "no *.toml file in this directory")
    return files
