"""Resolve a run's settings: flags over the environment over the configuration that is in force."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.config import settings as settings_
from akpatrol.config.environment import cache_directory, environment
from akpatrol.config.options import OPTIONS, in_environment
from akpatrol.errors import UsageError
from akpatrol.policy.in_force import in_force

if TYPE_CHECKING:
    from akpatrol.config.options import Options
    from akpatrol.config.settings import Configuration, Settings
    from akpatrol.policy.in_force import BasePolicy


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


def _globs(name: str, flags: Options, options: Options, configuration: Configuration) -> settings_.RuleGlobs:
    globs = getattr(options, name)
    if not globs:
        return settings_.RuleGlobs()
    if name in flags.explicit:
        return settings_.RuleGlobs(globs, OPTIONS[name].flags[0])
    file = next((stated.file for stated in configuration.stated if stated.key == name), configuration.file)
    return settings_.RuleGlobs(globs, f"{file}: {name}")


def resolve(flags: Options, start: str | None, top: str | None, base: BasePolicy | None = None) -> Settings:
    """Return the run's settings; the scanned tree's configuration is searched for from ``start`` up to ``top``.

    With a ``base`` the checkout's files are read there instead.
    """
    _check_exclude(flags.exclude)
    configuration, allowing, rules = in_force(flags, start, top, base)
    variables = environment()
    options = flags.over(in_environment(variables)).over(configuration.options)
    _check_app_url(options.app_url)
    outputs = ((options.format_, options.output), *options.reports)
    return settings_.Settings(
        environment=variables,
        options=options,
        outputs=tuple((name, None if path == "-" else path) for name, path in outputs),
        rules=(*configuration.rules, *rules),
        only_rules=_globs("only_rules", flags, options, configuration),
        skip_rule=_globs("skip_rule", flags, options, configuration),
        configured_exclude=configuration.exclude,
        base=configuration.base,
        accept_skip=configuration.accept_skip,
        jobs=settings_.most_jobs(options.jobs),
        cache=None if options.no_cache else cache_directory(variables),
        configuration=configuration.file,
        limits=options.limits,
        policy=allowing,
    )
