"""Load the rules of a run: the shipped files, and those that users bring.

A file has gitleaks' TOML format and, for what that format cannot say, ``[akpatrol.rules.<id>]``. Shipped rules run on
``re``, users' on RE2.
"""

from __future__ import annotations

import os
import tomllib
from typing import TYPE_CHECKING

from akpatrol.errors import RuleError
from akpatrol.rules import own_tables, rule_table
from akpatrol.rules.rule import Rule, RuleSet
from akpatrol.validate.toml_table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from akpatrol.config.settings import NamedFile
    from akpatrol.rules.pattern_checks import CheckStore


def shipped_files() -> list[str]:
    """Return the paths of the shipped rule files, in a wheel and in an editable install alike."""
    package = os.path.dirname(os.path.abspath(__file__))
    installed = os.path.join(package, "shipped")
    source = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(package))), "rules")
    directory = installed if os.path.isdir(installed) else source
    return sorted(os.path.join(directory, name) for name in os.listdir(directory) if name.endswith(".toml"))


def load(
    extra: Sequence[str | os.PathLike[str] | NamedFile] = (), *, strict: bool = False, store: CheckStore | None = None
) -> RuleSet:
    """Read the shipped rules and then those of ``extra``: files, directories of them, or contents read before.

    What cannot be read of users' rules is left out by name. Raises RuleError where a file as a whole is wrong, and with
    ``strict`` where anything was left out. The ``store`` keeps which patterns can be compiled.
    """
    contents: list[bytes] = []
    rules: dict[str, Rule] = {}
    for file in shipped_files():
        contents.append(_read(file))
        rules |= {rule.id: rule for rule in shipped_rules(contents[-1], file)}
    if not extra:
        return RuleSet(tuple(rules.values()), tuple(contents))
    from akpatrol.rules.users_files import users_rules  # noqa: PLC0415 - a hook without rule files does without

    taken = {rule.id: rule.file for rule in rules.values()}
    users = users_rules(extra, taken, strict=strict, store=store)
    return RuleSet((*rules.values(), *users.rules), (*contents, *users.contents), users.left_out, users.path_rules)


def load_alone(files: Sequence[str], *, strict: bool = False) -> RuleSet:
    """Read users' files without the shipped rules, whose ids they may have where they are the same files.

    Raises RuleError as ``load`` does.
    """
    from akpatrol.rules.users_files import users_rules  # noqa: PLC0415 - a hook without rule files does without

    others = [file for file in shipped_files() if os.path.realpath(file) not in set(map(os.path.realpath, files))]
    taken = {rule.id: file for file in others for rule in shipped_rules(_read(file), file)}
    users = users_rules(files, taken, strict=strict)
    return RuleSet(users.rules, users.contents, users.left_out, users.path_rules)


def _read(file: str) -> bytes:
    with open(file, "rb") as stream:
        return stream.read()


def parse(content: bytes, file: str, *, shipped: bool = False) -> list[Rule]:
    """Return the rules of one file. Raises RuleError, also for a rule that would be left out."""
    if shipped:
        return shipped_rules(content, file)
    from akpatrol.config.settings import NamedFile  # noqa: PLC0415 - a hook without rule files does without
    from akpatrol.rules.users_files import users_rules  # noqa: PLC0415

    return list(users_rules([NamedFile(file, content)], {}, strict=True).rules)


def shipped_rules(content: bytes, file: str) -> list[Rule]:
    """Return the rules of a shipped file. Raises RuleError."""

    def fail(key: str, reason: str) -> RuleError:
        return RuleError(file, "", key, reason)

    top = Table(tomllib.loads(content.decode()), fail)
    own = {table.rule_id: table for table in own_tables.own_tables(top, file)}
    rules = [rule_table.rule(table, table.text("id"), file) for table in top.tables("rules")]
    return [own_tables.completed(rule, own.get(rule.id))._replace(shipped=True) for rule in rules]
