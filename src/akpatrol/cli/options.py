"""Options that commands share, and what becomes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from akpatrol.cli.parameters import explicit_arguments, parameter
from akpatrol.config import settings as settings_
from akpatrol.config.options import OPTIONS, Options, in_environment, of
from akpatrol.errors import UsageError
from akpatrol.policy.in_force import in_force

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from akpatrol.config.settings import Settings
    from akpatrol.policy.in_force import BasePolicy


def shared(function: Callable[..., int]) -> Callable[..., int]:
    """Give a command all shared options; they arrive as one ``flags`` argument."""
    return _with(OPTIONS, function)


def shared_with(command: str) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Give a command that scans nothing those shared options whose entries name it."""
    names = [name for name, entry in OPTIONS.items() if command in entry.also]
    return lambda function: _with(names, function)


def _with(names: Collection[str], function: Callable[..., int]) -> Callable[..., int]:
    def with_flags(**arguments: Any) -> int:
        return function(flags=of(explicit_arguments({name: arguments.pop(name) for name in names})), **arguments)

    with_flags.__doc__ = function.__doc__
    with_flags.__name__ = function.__name__
    parameters = getattr(function, "__click_params__", [])
    # click reverses what decorators add.
    with_flags.__dict__["__click_params__"] = [*reversed([parameter(name) for name in names]), *parameters]
    return with_flags


def _check_exclude(patterns: tuple[str, ...]) -> None:
    if not patterns:
        return
    from akpatrol.config import configuration_tables  # noqa: PLC0415 - only with patterns

    for pattern in patterns:
        if configuration_tables.fits_every_path(pattern):
            raise UsageError(f"--exclude {pattern}: {configuration_tables.REFUSED}", hint=configuration_tables.HINT)


def _check_app_url(address: str | None) -> None:
    if address is None:
        return
    scheme, _, rest = address.partition("://")
    if scheme not in ("http", "https") or not rest.strip("/") or not address.isprintable() or " " in address:
        raise UsageError(f"--app-url {address}: must be https://host[:port][/path]")


def resolve(flags: Options, start: str | None, top: str | None, base: BasePolicy | None = None) -> Settings:
    """Return the run's settings; the scanned tree's configuration is searched for from ``start`` up to ``top``.

    With a ``base`` the checkout's files are read there instead.
    """
    _check_exclude(flags.exclude)
    configuration, allowing, rules = in_force(flags, start, top, base)
    variables = settings_.environment()
    options = flags.over(in_environment(variables)).over(configuration.options)
    _check_app_url(options.app_url)
    outputs = ((options.format_, options.output), *options.reports)
    return settings_.Settings(
        environment=variables,
        options=options,
        outputs=tuple((name, None if path == "-" else path) for name, path in outputs),
        rules=(*configuration.rules, *rules),
        configured_exclude=configuration.exclude,
        base=configuration.base,
        accept_skip=configuration.accept_skip,
        jobs=settings_.most_jobs(options.jobs),
        cache=None if options.no_cache else settings_.cache_directory(variables),
        configuration=configuration.file,
        limits=options.limits,
        policy=allowing,
    )
