"""Configuration files: ``.akpatrol.toml``, or ``[tool.akpatrol]`` in ``pyproject.toml``.

The file of a scanned tree may only add rules, switch rules off, leave out paths, make exceptions and set the minimum
confidence. A hostile tree must not decide what is revealed, written or sent, nor name files outside itself.
"""

from __future__ import annotations

import os
import tomllib
from typing import TYPE_CHECKING, Any

from akpatrol.config import configuration_tables as tables
from akpatrol.config.environment import FILE_NAME, PYPROJECT
from akpatrol.config.files import OnDisk
from akpatrol.config.options import OPTIONS, of
from akpatrol.config.settings import Configuration, NamedFile, Stated
from akpatrol.errors import UsageError
from akpatrol.validate.toml_table import Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.config.files import Files
    from akpatrol.config.options import Option

_ENTRIES = tuple(OPTIONS.values())
TREE_KEYS = (*(entry.key for entry in _ENTRIES if entry.setter == "tree"), "accept_skip", "allow", "extends")
EXPLICIT_KEYS = (*TREE_KEYS, *(entry.key for entry in _ENTRIES if entry.setter == "caller"))
_NOT_FOR_TREES = {entry.key for entry in _ENTRIES if entry.page != "encodings"} | {"store", "cache"}
_CALLERS_OWN = _NOT_FOR_TREES - {*TREE_KEYS}
_SINGLE = {entry.key for entry in _ENTRIES if entry.setter != "nobody" and not entry.multiple}
_LISTS = {name for name, entry in OPTIONS.items() if entry.multiple}
_PATHS = ("rules", "exclude", "baseline")  # relative to their file
NUMBERS = range(1, 4096)
"""The range of a whole number."""
_RULE_SUFFIXES = (".toml", ".yml", ".yaml")
_LONGEST_BYTES = 1 << 20
_DEEPEST = 5
_LONGEST_VALUE = 200


def in_directory(directory: str, top: str, files: Files | None = None) -> str | None:
    """Return the directory's configuration file, if it has one within ``top``. Raises UsageError."""
    files = files or OnDisk(top)
    file, shared = os.path.join(directory, FILE_NAME), os.path.join(directory, PYPROJECT)
    if files.is_file(file):
        if problem := files.problem(file):
            raise UsageError(f"{files.name(file)}: {problem}")
        return file
    # Parsing costs more than this check.
    if files.is_file(shared) and not files.problem(shared):
        content = files.read(shared, _LONGEST_BYTES)
        if b"akpatrol" in content and _own_table(content, files.name(shared)):
            return shared
    return None


def load(file: str, *, tree: str | None, files: Files | None = None) -> Configuration:
    """Read a configuration; ``tree`` is the scanned tree that supplied it, None for one the caller named.

    Raises UsageError for a file that is not TOML, and for an unknown, wrong or forbidden key.
    """
    files = files or OnDisk(tree)
    configuration = Configuration()
    for path, table in reversed(_chain(os.path.abspath(file), files, is_tree=bool(tree))):
        configuration = _merged(configuration, _ConfigurationParser(path, table, files).configuration(), table.values)
    return configuration._replace(
        file=files.name(file),
        base=os.path.dirname(os.path.abspath(file)) if tree else None,
        stated=tuple(_renamed(entry, file, files) for entry in configuration.stated),
    )


def _renamed(entry: Stated, file: str, files: Files) -> Stated:
    """Call the first file as the caller did."""
    return entry._replace(file=files.name(file)) if entry.file == files.name(os.path.abspath(file)) else entry


def _chain(file: str, files: Files, *, is_tree: bool) -> list[tuple[str, Table]]:
    """Return a file and those that it extends, one after the other."""
    chain: list[tuple[str, Table]] = []
    while file:
        name = files.name(file)
        if file in (path for path, _ in chain):
            raise UsageError(f"{name}: extends: cycle")
        if len(chain) > _DEEPEST:
            raise UsageError(f"{name}: extends: more than {_DEEPEST} files, one extending the other")
        content = files.read(file, _LONGEST_BYTES)
        parsed = _own_table(content, name) if os.path.basename(file) == PYPROJECT else _parsed(content, name)
        table = Table(parsed, lambda key, reason, name=name: UsageError(f"{name}: {key}: {reason}"))  # type: ignore[misc]
        for key in table.values.keys() & (_CALLERS_OWN if is_tree else set()):
            raise UsageError(f"{name}: {key}: a scanned tree may not set this", hint="use a flag, or --config FILE")
        table.reject_unknown(TREE_KEYS if is_tree else EXPLICIT_KEYS)
        chain.append((file, table))
        file = _beside(file, table, "extends", files) if table.text("extends") else ""
    return chain


def _beside(file: str, table: Table, key: str, files: Files) -> str:
    """Return the path that a key names relative to its file."""
    path = os.path.normpath(os.path.join(os.path.dirname(file), table.text(key)))
    if problem := files.problem(path):
        raise table.wrong(key, f"{table.text(key)} {problem}")
    return path


class _ConfigurationParser:
    """One file's table as a configuration."""

    def __init__(self, path: str, table: Table, files: Files) -> None:
        self._path = path
        self._table = table
        self._files = files

    def configuration(self) -> Configuration:
        """Return what the file says."""
        table, name = self._table, self._files.name(self._path)
        options = of(dict(self._options()))
        skips = [tables.under(entry, "accept_skip", name) for entry in table.tables("accept_skip")]
        allow = [tables.under(entry, "allow", name) for entry in table.tables("allow")]
        return Configuration(
            rules=tuple(file for path in table.texts("rules") for file in self._rules(path)),
            exclude=self._exclude(),
            accept_skip=tuple(map(tables.acceptance, skips)),
            allow=tuple(tables.allowance(entry, name) for entry in allow),
            baseline=_beside(self._path, table, "baseline", self._files) if table.text("baseline") else None,
            stated=tuple(self._stated(name)),
            options=options,
        )

    def _options(self) -> Iterator[tuple[str, Any]]:
        """Yield the names and values of the options that the file sets, except paths."""
        for name, option in OPTIONS.items():
            if option.key in self._table.values and option.setter != "nobody" and name not in _PATHS:
                value = _read(self._table, option)
                if value == "":  # overrides another file
                    yield name, option.default
                else:
                    yield name, option.parse(value) if option.parse else value

    def _exclude(self) -> tuple[str, ...]:
        patterns = self._table.texts("exclude")
        for pattern in patterns:
            if tables.fits_every_path(pattern):
                raise self._table.wrong("exclude", f"{pattern}: {tables.REFUSED}; {tables.HINT}")
        return patterns

    def _rules(self, name: str) -> Iterator[NamedFile]:
        """Yield a rule file, or those of a directory."""
        path, files = os.path.normpath(os.path.join(os.path.dirname(self._path), name)), self._files
        listing = files.listing(path)
        names = [entry for entry in listing or () if entry.endswith(_RULE_SUFFIXES)]
        paths = [path] if listing is None else [os.path.join(path, entry) for entry in names]
        if not paths:
            raise self._table.wrong("rules", f"{name}: there is no *.toml, *.yml or *.yaml in this directory")
        for file in paths:
            if problem := files.problem(file):
                raise self._table.wrong("rules", f"{name} {problem}")
            try:
                yield self._named(file)
            except UsageError as error:
                raise self._table.wrong("rules", str(error)) from None

    def _named(self, file: str) -> NamedFile:
        return NamedFile(self._files.name(file), self._files.read(file, _LONGEST_BYTES), self._extended)

    def _extended(self, path: str) -> NamedFile:
        """Return what a rule file extends: where a tree names the first, it may name only files of its own."""
        return self._named(os.path.normpath(os.path.join(os.path.dirname(self._path), path)))

    def _stated(self, name: str) -> Iterator[Stated]:
        for key, value in self._table.values.items():
            for item in value if isinstance(value, list) else [value]:
                yield Stated(key, _shown(item)[:_LONGEST_VALUE], name)


def _read(table: Table, option: Option) -> Any:
    if option.form in ("flag", "switch"):
        return table.flag(option.key)
    if option.form == "whole":
        return table.integer(option.key, NUMBERS)
    if option.form == "choice":
        return table.choice(option.key, option.choices, option.choices[0])
    return table.texts(option.key) if option.multiple else table.text(option.key)


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} = {_shown(item)}" for key, item in value.items())
    return str(value).lower() if isinstance(value, bool) else str(value)


def _merged(base: Configuration, over: Configuration, stated: dict[str, Any]) -> Configuration:
    """Return a file merged onto what it extends: lists add up; other values of the later file win."""
    changes: dict[str, Any] = {"stated": _in_force(base.stated, over.stated)}
    for key in stated.keys() & {*Configuration._fields}:
        before, value = getattr(base, key), getattr(over, key)
        changes[key] = before + value if isinstance(value, tuple) else value
    lists = {name: getattr(base.options, name) + getattr(over.options, name) for name in _LISTS & over.options.explicit}
    return base._replace(options=over.options._replace(**lists).over(base.options), **changes)


def _in_force(before: tuple[Stated, ...], stated: tuple[Stated, ...]) -> tuple[Stated, ...]:
    replaced = {entry.key for entry in stated} & _SINGLE
    return (*(entry for entry in before if entry.key not in replaced), *stated)


def _parsed(content: bytes, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(content.decode())
    except ValueError as error:  # the parser's own, and int()'s for a number of more than 4,300 digits
        raise UsageError(f"{name}: not a TOML file: {error}") from None
    except RecursionError:
        raise UsageError(f"{name}: nested too deeply") from None


def _own_table(content: bytes, name: str) -> dict[str, Any]:
    """Return ``[tool.akpatrol]``, empty when there is none."""
    tools = _parsed(content, name).get("tool")
    table = tools.get("akpatrol", {}) if isinstance(tools, dict) else {}
    if not isinstance(table, dict):
        raise UsageError(f"{name}: tool.akpatrol: must be a table")
    return table
