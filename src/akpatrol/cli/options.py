"""Options that commands share, and what becomes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import click

from akpatrol.cli import directory, policy, unwrapping, verification
from akpatrol.config import options as settings_
from akpatrol.config.limits import Limits
from akpatrol.errors import UsageError
from akpatrol.model.scan import Confidence
from akpatrol.policy.in_force import in_force
from akpatrol.report import FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable

    from akpatrol.config.options import Settings
    from akpatrol.policy.in_force import BasePolicy


class ReportParameter(click.ParamType):  # type: ignore[type-arg]  # generic in new versions only
    """``FORMAT:FILE``."""

    name = "format:file"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """Split at the first colon and check the format."""
        if isinstance(value, tuple):
            return value
        name, colon, file = str(value).partition(":")
        if not colon or not file or name not in FORMATS:
            self.fail(f"write FORMAT:FILE with FORMAT one of {', '.join(FORMATS)}", param, ctx)
        return name, file


_OPTIONS = (
    directory.option(),
    click.option("-f", "--format", "format_", type=click.Choice(list(FORMATS)), default="text", show_default=True,
                 help="Format of the report."),
    click.option("-o", "--output", type=click.Path(dir_okay=False), metavar="FILE",
                 help="Write the report to FILE instead of standard output."),
    click.option("--report", "reports", type=ReportParameter(), multiple=True, metavar="FORMAT:FILE",
                 help="Write a further report; repeatable."),
    click.option("--rules", type=click.Path(exists=True), multiple=True, metavar="PATH",
                 help="A rule file in gitleaks' format, or a directory of them; repeatable."),
    click.option("--config", type=click.Path(exists=True, dir_okay=False), metavar="FILE",
                 help="Use this configuration instead of the scanned tree's."),
    click.option("--exclude", multiple=True, metavar="GLOB",
                 help="Leave out paths that match, as in .gitignore; repeatable, counted in the report."),
    click.option("--allow-empty", is_flag=True,
                 help="Exit 0 also when there was nothing to look at."),
    click.option("--min-confidence", type=click.Choice(["low", "medium", "high"]),
                 help="Report credentials of at least this confidence.  [default: medium]"),
    click.option("--hashes", metavar="FILE",
                 help="Report only these: a fingerprint, SHA-256 or key id a line, `-` for standard input."),
    click.option("--jobs", type=click.IntRange(min=1), metavar="N", help="Processes at most.  [default: processors]"),
    click.option("--no-cache", is_flag=True, help="Use nothing that earlier runs remember, and remember nothing."),
    click.option("--show-secrets", is_flag=True, help="Write raw secrets into the report."),
    click.option("--exit-zero", is_flag=True, help="Exit 0 instead of 1 when something is found."),
    click.option("--progress/--no-progress", default=None,
                 help="Show progress on standard error.  [default: on a terminal]"),
    click.option("-q", "--quiet", is_flag=True, help="Say nothing when nothing is found and nothing was missed."),
    click.option("-v", "--verbose", count=True, help="Say more on standard error; twice for more still."),
)  # fmt: skip


class Flags(NamedTuple):
    """The shared options exactly as they were typed."""

    directory: str | None = None
    format_: str = "text"
    output: str | None = None
    reports: tuple[tuple[str, str], ...] = ()
    rules: tuple[str, ...] = ()
    config: str | None = None
    exclude: tuple[str, ...] = ()
    allow_empty: bool = False
    min_confidence: str | None = None
    hashes: str | None = None
    jobs: int | None = None
    no_cache: bool = False
    show_secrets: bool = False
    exit_zero: bool = False
    progress: bool | None = None
    quiet: bool = False
    verbose: int = 0
    verify: bool | None = None
    organizations: tuple[str, ...] = ()
    api_url: str | None = None
    ca_bundle: str | None = None
    verify_rps: float | None = None
    send_unattributed: bool = False
    no_scopes: bool = False
    inventory: str | None = None
    fail_on: str | None = None
    baseline: str | None = None
    no_allow: bool = False
    fail_on_stale: bool = False
    limits: Limits = Limits()


def _parameters() -> list[click.Parameter]:
    """Return all shared options, in the order of the help."""

    def none() -> None:
        """Have the options put on."""

    for option in reversed((*_OPTIONS, *policy.OPTIONS, *unwrapping.OPTIONS, *verification.OPTIONS)):
        option(none)
    found: list[click.Parameter] = none.__dict__["__click_params__"]
    return found


def some(*names: str) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Give a command those shared options that fields of ``Flags`` name; they arrive as one ``flags`` argument."""

    def decorate(function: Callable[..., int]) -> Callable[..., int]:
        def with_flags(**arguments: Any) -> int:
            given = {name: arguments.pop(name) for name in names if name != "limits"}
            if "limits" in names:
                given["limits"] = unwrapping.limits(arguments)
            return function(flags=Flags(**given), **arguments)

        with_flags.__doc__ = function.__doc__
        with_flags.__name__ = function.__name__
        chosen = [
            one for one in _parameters() if one.name in names or ("limits" in names and one.name not in Flags._fields)
        ]
        own = getattr(function, "__click_params__", [])
        with_flags.__dict__["__click_params__"] = [*chosen, *own]
        return with_flags

    return decorate


def shared(function: Callable[..., int]) -> Callable[..., int]:
    """Give a command all shared options."""
    return some(*Flags._fields)(function)


def _check_exclude(patterns: tuple[str, ...]) -> None:
    if not patterns:
        return
    from akpatrol.config import configuration_tables  # noqa: PLC0415 - only with patterns

    for pattern in patterns:
        if configuration_tables.fits_every_path(pattern):
            raise UsageError(f"--exclude {pattern}: {configuration_tables.REFUSED}", hint=configuration_tables.HINT)


def resolve(flags: Flags, start: str | None, top: str | None, base: BasePolicy | None = None) -> Settings:
    """Return the run's settings; the scanned tree's configuration lies from ``start`` up to ``top``, if anywhere.

    With a ``base`` the checkout's files are read there instead.
    """
    _check_exclude(flags.exclude)
    found, allowing, rules = in_force(flags, start, top, base)
    variables = settings_.environment()
    minimum = Confidence[flags.min_confidence.upper()] if flags.min_confidence else found.min_confidence
    return settings_.Settings(
        outputs=tuple(
            (name, None if path == "-" else path) for name, path in ((flags.format_, flags.output), *flags.reports)
        ),
        rules=(*found.rules, *rules),
        exclude=flags.exclude,
        allow_empty=flags.allow_empty,
        configured_exclude=found.exclude,
        base=found.base,
        min_confidence=minimum or Confidence.MEDIUM,
        accept_skip=found.accept_skip,
        hashes=flags.hashes,
        jobs=settings_.most_jobs(flags.jobs or found.jobs),
        cache=None if flags.no_cache else settings_.cache_directory(variables),
        show_secrets=flags.show_secrets or found.show_secrets,
        exit_zero=flags.exit_zero,
        progress=flags.progress,
        quiet=flags.quiet,
        verbose=flags.verbose,
        configuration=found.file,
        environment=variables,
        limits=flags.limits,
        verification=settings_.VerificationSettings(
            verify=found.verify if flags.verify is None else flags.verify,
            organizations=flags.organizations or found.organizations,
            api_url=flags.api_url or variables.get("AKPATROL_API_URL") or found.api_url,
            ca_bundle=flags.ca_bundle or variables.get("AKPATROL_CA_BUNDLE") or found.ca_bundle,
            verify_rps=flags.verify_rps,
            send_unattributed=flags.send_unattributed,
            no_scopes=flags.no_scopes,
            inventory=flags.inventory,
            fail_on=flags.fail_on,
        ),
        policy=allowing,
    )
