"""The values in force for a command line, each with its origin."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from click.core import ParameterSource

from akpatrol.config.options import OPTIONS
from akpatrol.model.scan import Confidence

if TYPE_CHECKING:
    from collections.abc import Iterator

    import click

    from akpatrol.config.options import Option
    from akpatrol.config.settings import Configuration, Settings

_ADDED = ("rules", "exclude")
_REPLACED = ("only_rules", "skip_rule", "org")
_BOUNDS = ("whole", "number", "size")  # shown where they were set
_NOT_SHOWN = ("directory", "config", "verbose", "help")


class Value(NamedTuple):
    """One value in force; ``origin`` is a flag, a variable of the environment, a file, or ``default``."""

    key: str
    value: str
    origin: str


class ValuesInForce:
    """Every value in force: what a flag says, else the environment, else the configuration, else the default."""

    def __init__(self, context: click.Context, settings: Settings, configuration: Configuration) -> None:
        self._context = context
        self._environment = settings.environment
        self._stated: dict[str, list[Value]] = defaultdict(list)
        for stated in configuration.stated:
            self._stated[stated.key].append(Value(*stated))
        baseline = settings.policy.baseline.name if settings.policy.baseline else None
        self._in_force = settings.options._replace(jobs=settings.jobs, baseline=baseline)

    def values(self) -> Iterator[Value]:
        """Yield them in the order of the options; what only a configuration says comes last."""
        for parameter in self._context.command.params:
            name = parameter.name or ""
            if name in _NOT_SHOWN:
                continue
            entry = OPTIONS[name]
            key = entry.key
            flag = self._context.get_parameter_source(name) is ParameterSource.COMMANDLINE and parameter.opts[-1]
            if key in _ADDED or (key in _REPLACED and not flag):
                yield from self._stated[key]
            if flag:
                value = getattr(self._in_force, name)
                for item in value if entry.multiple else [value]:
                    yield Value(key, _text(item), flag)
            elif key not in (*_ADDED, *_REPLACED):
                yield from self._single(name, entry)
        for key in ("accept_skip", "allow", "extends"):
            yield from self._stated[key]

    def _single(self, name: str, entry: Option) -> Iterator[Value]:
        key, value = entry.key, getattr(self._in_force, name)
        if self._environment.get(entry.variable):
            yield Value(key, _text(value), entry.variable)
        elif self._stated[key]:
            yield Value(key, _text(value), self._stated[key][-1].origin)
        elif value not in (None, "", ()) and (entry.form not in _BOUNDS or entry.setter != "nobody"):
            yield Value(key, _text(value), "default")


def _text(value: Any) -> str:
    if isinstance(value, Confidence):
        return value.name.lower()
    return str(value).lower() if isinstance(value, bool) else str(value)
