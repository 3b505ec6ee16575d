"""Put the rules of users' files together: each file as gitleaks reads it, then what files say about one another."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.config.settings import NamedFile
from akpatrol.errors import RuleError, UsageError
from akpatrol.rules import expression_filter, gitleaks_file, kingfisher_file
from akpatrol.rules.extending import extended
from akpatrol.rules.own_tables import completed
from akpatrol.rules.pattern_checks import PatternChecks
from akpatrol.rules.re2_patterns import compiled, require_re2
from akpatrol.rules.rule import LeftOut

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from akpatrol.rules.gitleaks_file import RuleFile
    from akpatrol.rules.own_tables import OwnTable
    from akpatrol.rules.pattern_checks import CheckStore
    from akpatrol.rules.rule import Allowlist, Rule

_SUFFIXES = (".toml", *kingfisher_file.SUFFIXES)
_DEFAULT_TITLES = ("gitleaks config", "betterleaks config")
_DEFAULT_NAMES = ("gitleaks.toml", "betterleaks.toml")


class UsersRules(NamedTuple):
    """The rules of users' files, the bytes of these and of those that they extend, and what was left out.

    ``path_rules`` are those without a pattern.
    """

    rules: tuple[Rule, ...]
    path_rules: tuple[Rule, ...]
    contents: tuple[bytes, ...]
    left_out: tuple[LeftOut, ...]


def users_rules(
    given: Sequence[str | os.PathLike[str] | NamedFile],
    taken: Mapping[str, str],
    *,
    strict: bool,
    store: CheckStore | None = None,
) -> UsersRules:
    """Read the given files and directories; ``taken`` has the ids of other rules and the files that have them.

    The ``store`` keeps which patterns can be compiled.

    Raises RuleError where a file as a whole is wrong; with ``strict`` also where anything was left out.
    """
    require_re2()
    named = [file for entry in given for file in named_files(entry)]
    checks = PatternChecks(store, [file.content for file in named])
    files = _GivenFiles(named, checks)
    found = _CombinedRules(taken, checks)
    for file in files.standalone():
        found.add(file, is_new=file.name in files.new)
    rules = found.rules()
    checks.keep()
    if strict and found.left_out:
        first, more = found.left_out[0], len(found.left_out) - 1
        also = f"; {more} more {'is' if more == 1 else 'are'} left out, see akpatrol rules check" if more else ""
        raise RuleError(first.file, first.rule, first.key, first.reason + also)
    with_pattern = tuple(rule for rule in rules if rule.regex)
    required = {part.rule_id for rule in with_pattern for part in rule.required}
    path_rules = tuple(rule for rule in rules if not rule.regex and (not rule.skip_report or rule.id in required))
    return UsersRules(with_pattern, path_rules, tuple(files.contents), tuple(found.left_out))


def named_files(entry: str | os.PathLike[str] | NamedFile) -> list[NamedFile]:
    """Return the rule files that the user names, those in a directory. Raises RuleError."""
    if isinstance(entry, NamedFile):
        return [entry]
    path = os.fspath(entry)
    if not os.path.isdir(path):
        return [on_disk(path)]
    paths = sorted(os.path.join(path, name) for name in os.listdir(path) if name.endswith(_SUFFIXES))
    if not paths:
        raise RuleError(path, "", "", "no *.toml, *.yml or *.yaml file in this directory")
    return [on_disk(path) for path in paths]


def on_disk(path: str) -> NamedFile:
    """Read a file. Raises RuleError."""
    try:
        with open(path, "rb") as stream:
            return NamedFile(path, stream.read())
    except OSError as error:
        raise RuleError(path, "", "", error.strerror or "cannot be read") from None


class _GivenFiles:
    """The given files and those that they extend, each read once."""

    def __init__(self, given: Sequence[NamedFile], checks: PatternChecks) -> None:
        self._checks = checks
        self.contents = [file.content for file in given]
        self.new = {file.name for file in given if file.is_new}
        self._given = {_place(file.name): _read(file, checks) for file in given}
        self._readers = {file.name: file.read for file in given}
        self._default = _default(self._given.values())
        self._used: set[str] = set()

    def standalone(self) -> list[RuleFile]:
        """Return the files with what they extend, without those that only another extends. Raises RuleError."""
        complete = {place: extended(file, self._extending, self._default) for place, file in self._given.items()}
        if self._default and any(file.extend.use_default for file in self._given.values()):
            self._used.add(_place(self._default.name))
        return [file for place, file in complete.items() if place not in self._used or file.extend.path]

    def _extending(self, file: RuleFile, path: str) -> RuleFile:
        """Return the file that another extends under this path, relative to the current directory as in gitleaks."""
        read = self._readers.get(file.name)
        if not read and _place(path) in self._given:
            self._used.add(_place(path))
            return self._given[_place(path)]
        try:
            named = read(path) if read else on_disk(path)
        except UsageError as error:
            raise RuleError(file.name, "", "extend.path", str(error)) from None
        if _place(named.name) in self._given:
            self._used.add(_place(named.name))
            return self._given[_place(named.name)]
        self.contents.append(named.content)
        self._readers[named.name] = named.read
        return _read(named, self._checks)


def _read(file: NamedFile, checks: PatternChecks) -> RuleFile:
    is_kingfishers = file.name.endswith(kingfisher_file.SUFFIXES)
    return (kingfisher_file.read if is_kingfishers else gitleaks_file.read)(file.content, file.name, checks)


def _place(name: str) -> str:
    return os.path.realpath(name)


def _default(files: Iterable[RuleFile]) -> RuleFile | None:
    """Return the copy of the scanner's own file among them: by its title, else by its name."""
    alone = [file for file in files if not (file.extend.path or file.extend.use_default)]
    titled = [file for file in alone if file.title in _DEFAULT_TITLES]
    return next(iter(titled), None) or next(
        (file for file in alone if os.path.basename(file.name) in _DEFAULT_NAMES), None
    )


class _CombinedRules:
    """The rules of several files."""

    def __init__(self, taken: Mapping[str, str], checks: PatternChecks) -> None:
        self._checks = checks
        self.left_out: list[LeftOut] = []
        self._taken = dict(taken)
        self._rules: dict[str, Rule] = {}
        self._own: dict[str, OwnTable] = {}
        self._new: set[str] = set()
        # Those of files that have nothing else.
        self._beside: list[tuple[str, tuple[str, ...], Allowlist]] = []

    def add(self, file: RuleFile, *, is_new: bool) -> None:
        """Add a file that is complete."""
        self.left_out += file.left_out
        if is_new:
            self._new.add(file.name)
        for own in file.own:
            if own.rule_id in self._own:
                raise own.table.wrong("akpatrol", f"{self._own[own.rule_id].file} has a table for this rule too")
            self._own[own.rule_id] = own
        if not file.rules and not file.extend.path and not file.extend.use_default:
            self._add_allowlists(file)
            return
        for ids, allowlist in file.targeted:
            for missing in sorted({*ids} - file.rules.keys()):
                self._leave_out(file.name, "allowlists.targetRules", f"there is no rule {missing}")
            for rule_id in file.rules.keys() & {*ids}:
                rule = file.rules[rule_id]
                file.rules[rule_id] = rule._replace(allowlists=(*rule.allowlists, allowlist))
        filtered = expression_filter.applied(file, self.left_out, self._checks)
        for rule in self._usable(filtered.rules):
            if rule.id in self._taken:
                self._leave_out_rule(rule, "id", f"already used by a rule in {self._taken[rule.id]}")
            else:
                self._taken[rule.id] = file.name
                self._rules[rule.id] = rule._replace(allowlists=(*filtered.allowlists, *rule.allowlists))

    def rules(self) -> tuple[Rule, ...]:
        """Return the rules with what other files say about them. Raises RuleError."""
        for file, ids, allowlist in self._beside:
            for rule in [rule for rule in self._rules.values() if not ids or rule.id in ids]:
                self._rules[rule.id] = rule._replace(allowlists=(allowlist, *rule.allowlists))
            if missing := sorted({*ids} - self._rules.keys()):
                self._leave_out(file, "allowlists.targetRules", f"there is no rule {', '.join(missing)}")
        if self._beside and not self._rules:
            reason = "there is no other rule file; they never apply to the rules that akpatrol ships"
            self._leave_out(self._beside[0][0], "allowlists", reason)
        return tuple(completed(rule, self._own_of(rule)) for rule in self._with_known_tables())

    def _with_known_tables(self) -> Iterable[Rule]:
        absent = {entry.rule for entry in self.left_out if entry.whole}
        for rule_id, own in self._own.items():
            if rule_id not in self._rules and rule_id in self._taken:
                raise own.table.wrong("akpatrol", "a rule that akpatrol ships cannot be changed")
            if rule_id not in self._rules and rule_id not in absent:
                raise own.table.wrong("akpatrol", "no [[rules]] entry has this id")
        return self._rules.values()

    def _own_of(self, rule: Rule) -> OwnTable | None:
        own = self._own.get(rule.id)
        if own and own.file in self._new and own.file != rule.file:
            self._leave_out(own.file, "akpatrol", f"the change itself adds it, so it does not apply to {rule.file}")
            return None
        return own

    def _add_allowlists(self, file: RuleFile) -> None:
        if file.name in self._new and (file.allowlists or file.targeted):
            self._leave_out(file.name, "allowlists", "the change itself adds them, so they apply to no other file")
            return
        self._beside += [(file.name, (), allowlist) for allowlist in file.allowlists]
        self._beside += [(file.name, ids, allowlist) for ids, allowlist in file.targeted]

    def _usable(self, rules: Mapping[str, Rule]) -> list[Rule]:
        """Return the rules that can match, once all that they are made of is there."""
        usable = {rule.id: rule for rule in rules.values() if self._is_complete(rule)}
        while missing := [rule for rule in usable.values() if _missing(rule, usable)]:
            for rule in missing:
                lacking = ", ".join(_missing(rule, usable))
                self._leave_out_rule(rule, "required", f"there is no rule {lacking}")
            usable = {rule.id: rule for rule in usable.values() if rule not in missing}
        return [rule._replace(description=rule.description or rule.id) for rule in usable.values()]

    def _is_complete(self, rule: Rule) -> bool:
        if not rule.regex and not rule.path:
            self._leave_out_rule(rule, "regex", "a rule needs a pattern")
            return False
        if not rule.regex or not rule.secret_group:
            return True
        groups = compiled(rule.regex).groups
        if rule.secret_group > groups:
            self._leave_out_rule(rule, "secretGroup", f"the pattern has {groups} groups")
            return False
        return True

    def _leave_out_rule(self, rule: Rule, key: str, reason: str) -> None:
        self.left_out.append(LeftOut(rule.file, rule.id, key, reason, whole=True))

    def _leave_out(self, file: str, key: str, reason: str) -> None:
        self.left_out.append(LeftOut(file, "", key, reason))


def _missing(rule: Rule, usable: Collection[str]) -> list[str]:
    return [required.rule_id for required in rule.required if required.rule_id not in usable]
