"""The values in force for a command line, each with its origin."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from click.core import ParameterSource

if TYPE_CHECKING:
    from collections.abc import Iterator

    import click

    from akpatrol.config.options import Configuration, Settings

# A flag's parameter -> the configuration's key, where these differ.
_KEYS = {"organizations": "org", "format_": "format", "reports": "report"}
_ADDED = ("rules", "exclude")
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
        for one in configuration.stated:
            self._stated[one.key].append(Value(*one))
        self._in_force: dict[str, Any] = {
            "min_confidence": settings.min_confidence.name.lower(),
            "jobs": settings.jobs,
            "show_secrets": settings.show_secrets,
            "verify": settings.verification.verify,
            "api_url": settings.verification.api_url or "https://api.anyreach.ai",
            "ca_bundle": settings.verification.ca_bundle,
            "baseline": settings.policy.baseline.name if settings.policy.baseline else None,
            "fail_on": settings.verification.fail_on or "any",
        }

    def values(self) -> Iterator[Value]:
        """Yield them in the order of the options; what only a configuration says comes last."""
        for parameter in self._context.command.params:
            name = parameter.name or ""
            key = _KEYS.get(name, name)
            if name in _NOT_SHOWN:
                continue
            flag = self._context.get_parameter_source(name) is ParameterSource.COMMANDLINE and parameter.opts[-1]
            if key in _ADDED or (key == "org" and not flag):
                yield from self._stated[key]
            if flag:
                given = self._context.params[name]
                for one in given if isinstance(given, tuple) else [self._in_force.get(key, given)]:
                    yield Value(key, _text(one), flag)
            elif key not in _ADDED and key != "org":
                yield from self._single(key, self._context.params.get(name))
        for key in ("accept_skip", "allow", "extends"):
            yield from self._stated[key]

    def _single(self, key: str, default: Any) -> Iterator[Value]:
        value, variable = self._in_force.get(key, default), f"AKPATROL_{key.upper()}"
        if key in ("api_url", "ca_bundle") and self._environment.get(variable):
            yield Value(key, _text(value), variable)
        elif self._stated[key]:
            yield Value(key, _text(value), self._stated[key][-1].origin)
        elif value not in (None, "", ()):
            yield Value(key, _text(value), "default")


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
