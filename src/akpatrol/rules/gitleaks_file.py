"""Read one user's rule file in gitleaks' format, as gitleaks reads it.

Keys may be in any case. A rule that cannot be read is left out by name; keys that gitleaks does not know have no effect
there either, and are listed.
"""

from __future__ import annotations

import re
import tomllib
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from akpatrol.errors import RuleError
from akpatrol.rules import rule_table
from akpatrol.rules.own_tables import own_tables
from akpatrol.rules.re2_patterns import PatternError
from akpatrol.rules.rule import LeftOut
from akpatrol.validate.toml_table import Table

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from akpatrol.rules.own_tables import OwnTable
    from akpatrol.rules.pattern_checks import PatternChecks
    from akpatrol.rules.rule import Allowlist, Rule

VERSION = (8, 30, 1)
"""The release of gitleaks whose format is read."""
_EXTEND_KEYS = ("path", "url", "useDefault", "disabledRules")
_TOP_KEYS = ("title", "description", "extend", "rules", "allowlist", "allowlists", "minVersion", "akpatrol")
# What betterleaks adds.
_TOP_EXPRESSIONS, _RULE_EXPRESSION = ("prefilter", "filter"), "filter"
_MORE_TOP_KEYS = (*_TOP_EXPRESSIONS, "betterleaksMinVersion")
_MORE_RULE_KEYS = (_RULE_EXPRESSION, "validate", "tokenEfficiency", "specificity")
_TARGET = "targetRules"
_VERSION = re.compile(r"v?(\d+)(?:\.(\d+))?(?:\.(\d+))?")


class Extend(NamedTuple):
    """What a file says about the one that it extends."""

    path: str = ""
    use_default: bool = False
    disabled: tuple[str, ...] = ()


class RuleFile(NamedTuple):
    """A file's rules by id, before the file that it extends is added.

    ``allowlists`` are for all of them, ``targeted`` for the rules that each names. ``filters`` are betterleaks'
    expressions, by rule, and by key for those of the file.
    """

    name: str
    title: str
    rules: dict[str, Rule]
    allowlists: tuple[Allowlist, ...]
    targeted: tuple[tuple[tuple[str, ...], Allowlist], ...]
    extend: Extend
    own: tuple[OwnTable, ...]
    left_out: tuple[LeftOut, ...]
    filters: Mapping[str, str] = {}
    file_filters: Mapping[str, str] = {}


def document(content: bytes, file: str) -> dict[str, Any]:
    """Return the parsed TOML. Raises RuleError."""
    try:
        return tomllib.loads(content.decode())
    except ValueError as error:  # the parser's own, and int()'s for a number of more than 4,300 digits
        raise RuleError(file, "", "", f"not a TOML file: {error}") from None
    except RecursionError:
        raise RuleError(file, "", "", "not a TOML file: nested too deeply") from None


def read(content: bytes, file: str, checks: PatternChecks) -> RuleFile:
    """Read a file. Raises RuleError where the file as a whole is wrong."""
    values = checks.document(content, partial(document, file=file))
    return _RuleFileReader(values, file, checks).file()


class _RuleFileReader:
    """Reads a parsed file and keeps what it leaves out."""

    def __init__(self, values: dict[str, Any], file: str, checks: PatternChecks) -> None:
        self._file = file
        self._checks = checks
        self._left_out: list[LeftOut] = []
        self._top = self._table(values, "", (*_TOP_KEYS, *_MORE_TOP_KEYS))
        self._filters: dict[str, str] = {}
        self._validated = 0

    def file(self) -> RuleFile:
        """Return the file's content."""
        top = self._top
        extend = self._extend()
        tables, own = top.tables("rules"), tuple(own_tables(top, self._file))
        lists = list(rule_table.allowlist_tables(top))
        if not (tables or lists or own or extend.path or extend.use_default):
            raise top.wrong("rules", "no [[rules]] table")
        self._check_version(top.text("minVersion"))
        rules: dict[str, Rule] = {}
        for number, table in enumerate(tables, 1):
            if rule := self._rule(table, number):
                if rule.id in rules:
                    self._leave_out(rule.id, "id", "a later rule of the file has this id, and gitleaks takes that one")
                rules[rule.id] = rule
        every, targeted = self._file_allowlists(lists)
        expressions = {key: top.text(key) for key in _TOP_EXPRESSIONS if top.text(key)}
        if self._validated:
            self._leave_out("", "validate", f"not done: {self._validated} rules have it")
        left_out, filters = tuple(self._left_out), self._filters
        title = top.text("title")
        return RuleFile(self._file, title, rules, every, targeted, extend, own, left_out, filters, expressions)

    def _extend(self) -> Extend:
        table = self._table(self._top.table("extend").values, "", _EXTEND_KEYS, name="extend")
        extend = Extend(table.text("path"), table.flag("useDefault"), table.texts("disabledRules"))
        if extend.path and extend.use_default:
            raise self._top.wrong("extend", "has both path and useDefault; gitleaks accepts one of them")
        if table.text("url"):
            self._leave_out("", "extend.url", "gitleaks does not read it either")
        return extend

    def _check_version(self, wanted: str) -> None:
        version = _VERSION.match(wanted)
        if wanted and not version:
            self._leave_out("", "minVersion", f"{wanted} is no version")
        elif version and tuple(int(part or 0) for part in version.groups()) > VERSION:
            read_as = ".".join(map(str, VERSION))
            self._leave_out("", "minVersion", f"asks for gitleaks {wanted}, and the file is read as {read_as} reads it")

    def _rule(self, entry: Table, number: int) -> Rule | None:
        """Return a rule; None for one that is left out."""
        rule_id = f"number {number}"
        try:
            table = self._table(entry.values, rule_id, rule_table.RULE_KEYS)
            if not table.text("id").strip():
                raise table.wrong("id", "every [[rules]] entry needs an id")
            rule_id = table.text("id")
            table = self._table(entry.values, rule_id, (*rule_table.RULE_KEYS, *_MORE_RULE_KEYS), listed=True)
            for key, keys in (("allowlist", rule_table.ALLOWLIST_KEYS), ("allowlists", rule_table.ALLOWLIST_KEYS)):
                self._canonical(table, key, rule_id, keys)
            self._canonical(table, "required", rule_id, rule_table.REQUIRED_KEYS)
            rule = rule_table.rule(table, rule_id, self._file)
            check_patterns(rule, self._checks)
            self._note_expressions(table, rule_id)
        except RuleError as error:
            self._leave_out(rule_id, error.key, error.reason, whole=True)
            return None
        lists = self._with_conditions(rule.allowlists, rule_id)
        return rule if len(lists) == len(rule.allowlists) else rule._replace(allowlists=lists)

    def _with_conditions(self, allowlists: Sequence[Allowlist], rule_id: str) -> tuple[Allowlist, ...]:
        """Leave out the allowlists that cover nothing, for which gitleaks refuses the file."""
        for _ in filter(lambda entry: entry.is_empty, allowlists):
            self._leave_out(rule_id, "allowlists", "has none of commits, paths, regexes and stopwords")
        return tuple(entry for entry in allowlists if not entry.is_empty)

    def _note_expressions(self, table: Table, rule_id: str) -> None:
        """Note what betterleaks' keys say. Raises RuleError for one that would leave out matches unread."""
        if table.flag("tokenEfficiency"):
            raise table.wrong("tokenEfficiency", "betterleaks' check of how a secret splits into tokens is not there")
        if filter_ := table.text(_RULE_EXPRESSION):
            self._filters[rule_id] = filter_
        if "specificity" in table.values:
            self._leave_out(rule_id, "specificity", "akpatrol orders rules itself")
        self._validated += bool(table.text("validate"))

    def _canonical(self, table: Table, key: str, rule_id: str, keys: Collection[str]) -> None:
        """Replace the tables inside by ones with the keys as they are documented."""
        value = table.values.get(key)
        entries = value if isinstance(value, list) else [value]
        if value is not None and all(isinstance(entry, dict) for entry in entries):
            inside = [self._table(entry, rule_id, keys, listed=True, name=key).values for entry in entries]
            table.values[key] = inside if isinstance(value, list) else inside[0]

    def _file_allowlists(
        self, tables: list[Table]
    ) -> tuple[tuple[Allowlist, ...], tuple[tuple[tuple[str, ...], Allowlist], ...]]:
        every, targeted = [], []
        for entry in tables:
            try:
                keys = (*rule_table.ALLOWLIST_KEYS, _TARGET)
                table = self._table(entry.values, "", keys, listed=True, name="allowlists")
                allowlist = rule_table.allowlist(table)
                check_allowlist(allowlist, self._file, "", self._checks)
                if ids := table.texts(_TARGET):
                    targeted.append((ids, allowlist))
                else:
                    every.append(allowlist)
            except RuleError as error:
                self._leave_out("", error.key, error.reason)
        return self._with_conditions(every, ""), tuple(targeted)

    def _table(
        self, values: Any, rule_id: str, keys: Collection[str], *, listed: bool = False, name: str = ""
    ) -> Table:
        """Return a table with its known keys as they are documented, whatever their case."""
        table = Table(values, lambda key, reason: RuleError(self._file, rule_id, key, reason), name)
        known = {key.lower(): key for key in keys}
        found: dict[str, Any] = {}
        for key, value in table.values.items():
            canonical = known.get(key.lower(), key)
            if canonical in found:
                raise table.wrong(key, "is there twice, in different case")
            found[canonical] = value
            if key.lower() not in known and (listed or not rule_id):
                within = f"{name}.{key}" if name else key
                self._leave_out(rule_id, within, _unknown(key, keys))
        table.values = found
        return table

    def _leave_out(self, rule_id: str, key: str, reason: str, *, whole: bool = False) -> None:
        self._left_out.append(LeftOut(self._file, rule_id, key, reason, whole=whole))


def check_patterns(rule: Rule, checks: PatternChecks) -> None:
    """Raise RuleError for a pattern that RE2 refuses, and UsageError where RE2 is not installed."""
    for key, pattern in (("regex", rule.regex), ("path", rule.path)):
        if pattern:
            _check(pattern, rule.file, rule.id, key, checks)
    for allowlist in rule.allowlists:
        check_allowlist(allowlist, rule.file, rule.id, checks)


def check_allowlist(allowlist: Allowlist, file: str, rule_id: str, checks: PatternChecks) -> None:
    """Raise RuleError for a pattern that RE2 refuses."""
    for key, patterns in (("regexes", allowlist.regexes), ("paths", allowlist.paths)):
        for pattern in patterns:
            _check(pattern, file, rule_id, f"allowlists.{key}", checks)


def _check(pattern: str, file: str, rule_id: str, key: str, checks: PatternChecks) -> None:
    try:
        checks.check(pattern)
    except PatternError as error:
        raise RuleError(file, rule_id, key, str(error)) from None


def _unknown(key: str, keys: Collection[str]) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - only for a mistake

    close = get_close_matches(key, keys, 1)
    return "unknown key, which has no effect" + (f"; did you mean {close[0]}?" if close else "")
