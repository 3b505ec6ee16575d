"""Read one rule, or one allowlist, from its table in gitleaks' format.

The keys are those of gitleaks 8.30's configuration (https://github.com/gitleaks/gitleaks, config/config.go).
"""

from __future__ import annotations

from itertools import product
from math import prod
from typing import TYPE_CHECKING

from akpatrol.rules.rule import Allowlist, Required, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.validate.toml_table import Table

RULE_KEYS = (
    *("id", "description", "regex", "keywords", "secretGroup", "entropy", "path", "tags"),
    *("allowlist", "allowlists", "skipReport", "required"),
)
ALLOWLIST_KEYS = ("id", "description", "regexes", "regexTarget", "stopwords", "paths", "commits", "condition")
REQUIRED_KEYS = ("id", "withinLines", "withinColumns")
_EVERY, _ANY = ("AND", "&&"), ("", "OR", "||")
_DISTANCES = range(1 << 31)
_MOST_SPELLINGS = 32


def rule(table: Table, rule_id: str, file: str) -> Rule:
    """Return the rule of a table; its description may be empty, and its pattern too. Raises the table's error."""
    return Rule(
        id=rule_id,
        description=table.text("description"),
        regex=table.text("regex"),
        keywords=tuple(spelling for word in table.texts("keywords") if word for spelling in spelled(word)),
        secret_group=int(table.number("secretGroup")),
        entropy=table.number("entropy"),
        path=table.text("path"),
        allowlists=tuple(map(allowlist, allowlist_tables(table))),
        tags=table.texts("tags"),
        required=tuple(map(_required, table.tables("required"))),
        skip_report=table.flag("skipReport"),
        file=file,
    )


def spelled(word: str) -> tuple[str, ...]:
    """Return a word with its ASCII letters in lower case, and others in both cases: data are searched in bytes.

    If there are too many of these, all are in one case.
    """
    word = word.lower()
    cases = [{letter, letter if letter.isascii() or len(letter.upper()) > 1 else letter.upper()} for letter in word]
    if prod(map(len, cases)) > _MOST_SPELLINGS:
        return word, "".join(letter if letter.isascii() else letter.upper() for letter in word)
    return tuple(sorted(map("".join, product(*cases))))


def allowlist_tables(table: Table) -> Iterator[Table]:
    """Yield the tables of a rule's, or a file's, allowlists; ``allowlist`` is their older form."""
    if "allowlist" in table.values:
        # gitleaks before 8.21 took one table; some files have an array of them under the same name.
        single = isinstance(table.values["allowlist"], dict)
        yield from [table.table("allowlist")] if single else table.tables("allowlist")
    yield from table.tables("allowlists")


def allowlist(table: Table) -> Allowlist:
    """Return the allowlist of a table. Raises the table's error."""
    condition = table.text("condition").upper()
    if condition not in (*_EVERY, *_ANY):
        raise table.wrong("condition", "must be one of OR, AND")
    return Allowlist(
        regexes=table.texts("regexes"),
        target=table.choice("regexTarget", ["secret", "match", "line", ""], "secret") or "secret",
        stopwords=tuple(spelling for word in table.texts("stopwords") for spelling in spelled(word)),
        paths=table.texts("paths"),
        every=condition in _EVERY,
        commits=tuple(commit.strip().lower() for commit in table.texts("commits")),
    )


def _required(table: Table) -> Required:
    if not (rule_id := table.text("id")):
        raise table.wrong("required", "names no rule")
    lines, columns = table.integer("withinLines", _DISTANCES), table.integer("withinColumns", _DISTANCES)
    return Required(rule_id, lines, columns)
