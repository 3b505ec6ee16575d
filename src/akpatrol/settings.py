"""What the caller wants: flags over configuration, and the only reader of the environment.

Paths are strings and nothing here is parsed: a hook starts on every commit. ``akpatrol.configuration`` reads the files.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.limits import Limits
from akpatrol.model import Confidence

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

FILE_NAME = ".akpatrol.toml"
PYPROJECT = "pyproject.toml"


class SkipAcceptance(NamedTuple):
    """``[[accept_skip]]``: what can never be read, by path pattern or object id, why, and until when."""

    path: str
    object: str
    reason: str
    expires: date | None


class VerificationSettings(NamedTuple):
    """What to ask the API and the inventory; ``fail_on`` is ``any`` when None."""

    verify: bool = False
    organizations: tuple[str, ...] = ()
    api_url: str | None = None
    ca_bundle: str | None = None
    verify_rps: float | None = None
    send_unattributed: bool = False
    no_scopes: bool = False
    inventory: str | None = None
    fail_on: str | None = None


class Configuration(NamedTuple):
    """A configuration file's content; ``file`` is None when there is none."""

    file: str | None = None
    rules: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    min_confidence: Confidence | None = None
    accept_skip: tuple[SkipAcceptance, ...] = ()
    jobs: int | None = None
    show_secrets: bool = False
    verify: bool = False
    organizations: tuple[str, ...] = ()
    api_url: str | None = None
    ca_bundle: str | None = None


class Settings(NamedTuple):
    """One run's settings, from flags, configuration and environment; an output's file None is standard output."""

    environment: Mapping[str, str]
    outputs: tuple[tuple[str, str | None], ...] = (("text", None),)
    rules: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    min_confidence: Confidence = Confidence.MEDIUM
    accept_skip: tuple[SkipAcceptance, ...] = ()
    jobs: int = 1
    show_secrets: bool = False
    exit_zero: bool = False
    progress: bool | None = None
    quiet: bool = False
    verbose: int = 0
    configuration: str | None = None
    limits: Limits = Limits()
    verification: VerificationSettings = VerificationSettings()


def environment() -> dict[str, str]:
    """Return the process's environment."""
    return dict(os.environ)


def hook_environment(variables: Mapping[str, str], names: tuple[str, ...]) -> dict[str, str]:
    """Return those of git's own variables that are set, with relative paths made absolute."""
    found = {name: variables[name] for name in names if variables.get(name)}
    single = {name: value for name, value in found.items() if name != "GIT_ALTERNATE_OBJECT_DIRECTORIES"}
    return found | {name: os.path.abspath(value) for name, value in single.items()}


def default_jobs() -> int:
    """Return the number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def configuration_of(named: str | None, start: str | None, top: str | None) -> Configuration:
    """Return the configuration that the caller named, else the scanned tree's, from ``start`` up to ``top``, if any.

    Raises UsageError for a file that cannot be used.
    """
    if named:
        from akpatrol import configuration  # noqa: PLC0415 - most runs have none

        return configuration.load(named, tree=None)
    for directory in _upwards(start, top):
        if any(os.path.isfile(os.path.join(directory, name)) for name in (FILE_NAME, PYPROJECT)):
            from akpatrol import configuration  # noqa: PLC0415 - most runs have none

            if file := configuration.in_directory(directory, top or directory):
                return configuration.load(file, tree=top)
    return Configuration()


def _upwards(start: str | None, top: str | None) -> list[str]:
    directories = []
    while start and top:
        directories.append(start)
        parent = os.path.dirname(start)
        start = None if start in (parent, top) else parent
    return directories
