"""``--baseline``, ``--no-allow`` and ``--fail-on-stale``: what is known, and what that changes about a report."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple, Protocol

import click

from akpatrol.config.limits import Limits
from akpatrol.config.load import configuration_of
from akpatrol.config.options import BASELINE, Configuration, NamedFile, PolicySettings
from akpatrol.errors import UsageError
from akpatrol.model.scan import Confidence

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from akpatrol.cli.options import Flags
    from akpatrol.config.files import Files
    from akpatrol.config.options import Settings
    from akpatrol.model.credential import Credential
    from akpatrol.model.report import Report
    from akpatrol.model.scan import Target
    from akpatrol.policy.apply import Policy

OPTIONS = (
    click.option("--baseline", type=click.Path(dir_okay=False), metavar="FILE",
                 help="The file of what was known before.  [default: .akpatrol-baseline.json]"),
    click.option("--no-allow", is_flag=True, help="Let nothing be allowed: no baseline, no allowance, no comment."),
    click.option("--fail-on-stale", is_flag=True, help="Exit 1 also for allowances that match nothing any more."),
)  # fmt: skip

_MOST_BYTES = 32 << 20
# Of a stream or a message nobody has reviewed the comments.
_WITH_COMMENTS = ("directory", "file", "repository", "index")


class TrustedPolicy(Protocol):
    """Where policy comes from when the checkout is the change's own: a range's base."""

    files: Files
    notices: list[str]

    def own(self, path: str) -> str | None:
        """Return what ``files`` calls a path that the caller names, None for one outside of the checkout."""

    def trusts(self, credential: Credential) -> bool:
        """Tell whether the credential's inline allowances were there before."""


class InForce(NamedTuple):
    """A configuration and what else may allow a credential."""

    configuration: Configuration
    policy: PolicySettings
    rules: tuple[str | NamedFile, ...]


def in_force(flags: Flags, start: str | None, top: str | None, side: TrustedPolicy | None = None) -> InForce:
    """Return what flags and the scanned tree say; with a ``side``, all that the checkout holds is read there instead.

    Raises UsageError for a file that cannot be used.
    """
    configuration = _configuration(flags, start, top, side)
    rules = tuple(_rules(path, side) for path in flags.rules)
    policy = PolicySettings(fail_on_stale=flags.fail_on_stale)
    if not flags.no_allow:
        policy = policy._replace(
            inline=bool(top),  # without a tree nobody speaks for what is looked at
            allow=configuration.allow,
            baseline=_baseline(flags, configuration, top, side),
            trusted=side.trusts if side else None,
        )
    return InForce(configuration, policy._replace(notices=tuple(side.notices) if side else ()), rules)


def _configuration(flags: Flags, start: str | None, top: str | None, side: TrustedPolicy | None) -> Configuration:
    if side and flags.config and (own := side.own(flags.config)):
        if side.files.is_file(own):
            return configuration_of(own, None, None, side.files)
        side.notices.append(f"--config {flags.config} is not in force: the range's base has no such file")
        return Configuration()
    return configuration_of(flags.config, start, top, None if flags.config or not side else side.files)


def _rules(path: str, side: TrustedPolicy | None) -> str | NamedFile:
    if side and (own := side.own(path)) and side.files.is_file(own):
        return NamedFile(side.files.name(own), side.files.read(own, _MOST_BYTES))
    return path


def _baseline(flags: Flags, found: Configuration, top: str | None, side: TrustedPolicy | None) -> NamedFile | None:
    path = flags.baseline or found.baseline
    if not path and not top:
        return None
    wanted = path or os.path.join(top or "", BASELINE)
    if side and (own := side.own(wanted)):
        if side.files.is_file(own):
            return _read(own, side.files)
        if path:
            side.notices.append(f"the baseline {path} is not in force: the range's base has no such file")
        return None
    if not os.path.isfile(wanted):
        if path:
            raise UsageError(f"{path}: there is no such baseline", hint="make it: akpatrol baseline create")
        return None
    from akpatrol.config.files import OnDisk  # noqa: PLC0415 - most runs have no baseline

    # What a scanned tree names lies in it; what the caller does may lie anywhere.
    return _read(wanted, OnDisk(None if flags.baseline or (path and not found.base) else top))


def _read(path: str, files: Files) -> NamedFile:
    return NamedFile(files.name(path), files.read(path, _MOST_BYTES))


def prepare(settings: Settings) -> Policy | None:
    """Return the policy in force, None when it is empty. Raises UsageError for a baseline that is damaged."""
    given = settings.policy
    for pattern in [entry.path for entry in given.allow if entry.path]:
        _matcher(pattern)
    if not (given.allow or given.baseline):
        return None
    from akpatrol.policy import baseline  # noqa: PLC0415 - most runs have none
    from akpatrol.policy.apply import Policy  # noqa: PLC0415

    file = given.baseline
    return Policy(baseline=baseline.parse(file.content, file.name), file=file.name) if file else Policy()


def flaw_of_checkout(flags: Flags, top: str) -> str:
    """Return what will be wrong with policy once a range is merged: by then nobody could merge what repairs it."""
    try:
        file = in_force(flags, top, top).policy.baseline
        if file:
            from akpatrol.policy import baseline  # noqa: PLC0415 - most runs have none

            baseline.parse(file.content, file.name)
    except UsageError as error:
        return f"the checkout's own policy, in force once it is merged, is wrong: {error}"
    return ""


def judge(report: Report, policy: Policy | None, settings: Settings, whole: str | None) -> Report:
    """Return the report with what is allowed, by whom, and what there is to say of it."""
    given = settings.policy
    report = report._replace(notices=(*report.notices, *given.notices))
    covered = whole if report.coverage.complete and not _is_narrow(settings) else None
    if not report.credentials and not report.known and not (policy and covered):
        return report
    from datetime import UTC, datetime  # noqa: PLC0415 - only with something to decide

    from akpatrol.policy import apply  # noqa: PLC0415
    from akpatrol.policy.allowances import Allowing  # noqa: PLC0415

    commented = {target.id for target in report.targets if target.kind in _WITH_COMMENTS}
    policy = (policy or apply.Policy())._replace(
        allow=[Allowing(entry, _matches(entry.path, report.targets, settings)) for entry in given.allow],
        inline=commented if given.inline else (),
        trusted=given.trusted,
        custom=bool(settings.rules),
    )
    today = datetime.now(UTC).date()
    done = apply.apply(report.credentials, policy, today, covered)
    # The base holds it, and what it allows is nothing to tell of.
    before = apply.apply(report.known, policy._replace(trusted=None), today).credentials
    known = tuple(credential for credential in before if not credential.allowed)
    return report._replace(
        credentials=done.credentials,
        notices=(*report.notices, *done.notices),
        stale=done.stale,
        known=known,
        already_in_base=len({(one.secret, place.target, place.path) for one in known for place in one.occurrences}),
    )


def _is_narrow(settings: Settings) -> bool:
    """Tell whether flags leave out what an earlier scan may have found."""
    return bool(settings.exclude) or settings.limits != Limits() or settings.min_confidence > Confidence.MEDIUM


def on_path(settings: Settings, targets: Sequence[Target]) -> Callable[[str, bytes], bool]:
    """Return whether an allowance for its path alone, or with more, speaks of a path of a target."""
    patterns = [entry.path for entry in settings.policy.allow if entry.path]
    found = [matches for pattern in patterns if (matches := _matches(pattern, targets, settings))]
    return lambda target, path: any(matches(target, path) for matches in found)


def _matches(pattern: str, targets: Sequence[Target], settings: Settings) -> Callable[[str, bytes], bool] | None:
    """Return whether the pattern matches a path of a target, given by its id."""
    if not pattern:
        return None
    from functools import cache  # noqa: PLC0415 - only with patterns

    from akpatrol.config.path_patterns import directory, prefix  # noqa: PLC0415

    by_path = _matcher(pattern)
    above = {target.id: prefix(settings.base, directory(target)) for target in targets}
    # Many credentials stand in the same few files.
    return cache(lambda target, path: by_path(above[target] + path, False))  # noqa: FBT003 - a callable's argument


def _matcher(pattern: str) -> Callable[[bytes, bool], bool]:
    from akpatrol.config.path_patterns import matcher  # noqa: PLC0415 - only with patterns

    return matcher([pattern])
