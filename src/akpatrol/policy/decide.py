"""Apply the settings' policy to a report: allowances, and notices about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.config.limits import Limits
from akpatrol.model.scan import Confidence

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from akpatrol.config.settings import Settings
    from akpatrol.model.report import Report
    from akpatrol.model.scan import Target
    from akpatrol.policy.apply import Policy

# Nobody has reviewed the comments of a stream or a message.
_WITH_COMMENTS = ("directory", "file", "repository", "index")


def prepare(settings: Settings) -> Policy | None:
    """Return the policy in force, None when it is empty. Raises UsageError for a baseline that is damaged."""
    policy = settings.policy
    for pattern in [entry.path for entry in policy.allow if entry.path]:
        _matcher(pattern)
    if not (policy.allow or policy.baseline or policy.ignored):
        return None
    from akpatrol.policy import baseline  # noqa: PLC0415 - most runs have none
    from akpatrol.policy.apply import Policy  # noqa: PLC0415

    file = policy.baseline
    prepared = Policy(baseline=baseline.parse(file.content, file.name), file=file.name) if file else Policy()
    if not policy.ignored:
        return prepared
    from akpatrol.policy import gitleaks_ignore  # noqa: PLC0415 - most runs have none

    return prepared._replace(ignored=gitleaks_ignore.parse(policy.ignored))


def decide(report: Report, policy: Policy | None, settings: Settings, scan_kind: str | None) -> Report:
    """Return the report with allowances and notices."""
    policy_settings = settings.policy
    ignored = policy.ignored if policy else None
    notices = (*policy_settings.notices, *(ignored.notices() if ignored else ()))
    report = report._replace(notices=(*report.notices, *notices))
    is_whole = report.coverage.complete and not report.coverage.unsearched_rules
    covered = scan_kind if is_whole and not _is_narrow(settings) else None
    if not report.credentials and not report.known and not (policy and covered):
        return report
    from datetime import UTC, datetime  # noqa: PLC0415 - only with something to decide

    from akpatrol.policy import apply  # noqa: PLC0415
    from akpatrol.policy.allowances import Allowing  # noqa: PLC0415

    commented = {target.id for target in report.targets if target.kind in _WITH_COMMENTS}
    policy = (policy or apply.Policy())._replace(
        allow=[Allowing(entry, _matches(entry.path, report.targets, settings)) for entry in policy_settings.allow],
        inline=commented if policy_settings.inline else (),
        trusted=policy_settings.trusted,
        custom=bool(settings.rules),
        ignored=ignored._replace(above=_above(report.targets, policy_settings.top)) if ignored else None,
    )
    today = datetime.now(UTC).date()
    done = apply.apply(report.credentials, policy, today, covered)
    # The base holds it, so its allowance needs no notice.
    before = apply.apply(report.known, policy._replace(trusted=None), today).credentials
    known = tuple(credential for credential in before if not credential.allowed)
    return report._replace(
        credentials=done.credentials,
        notices=(*report.notices, *done.notices),
        stale=done.stale,
        known=known,
        already_in_base=len(
            {(credential.secret, place.target, place.path) for credential in known for place in credential.occurrences}
        ),
    )


def _is_narrow(settings: Settings) -> bool:
    """Return whether flags leave out what an earlier scan may have found."""
    return (
        bool(settings.options.exclude)
        or settings.limits != Limits()
        or settings.options.min_confidence > Confidence.MEDIUM
    )


def _above(targets: Sequence[Target], top: str | None) -> dict[str, bytes]:
    """Return what makes each target's paths relative to a directory."""
    from akpatrol.config.path_patterns import directory, prefix  # noqa: PLC0415 - only with patterns

    return {target.id: prefix(top, directory(target)) for target in targets}


def on_path(settings: Settings, targets: Sequence[Target]) -> Callable[[str, bytes], bool]:
    """Return whether an allowance with a path pattern covers a target's path."""
    patterns = [entry.path for entry in settings.policy.allow if entry.path]
    matchers = [matches for pattern in patterns if (matches := _matches(pattern, targets, settings))]
    return lambda target, path: any(matches(target, path) for matches in matchers)


def _matches(pattern: str, targets: Sequence[Target], settings: Settings) -> Callable[[str, bytes], bool] | None:
    """Return whether the pattern matches a path of a target, given by its id."""
    if not pattern:
        return None
    from functools import cache  # noqa: PLC0415 - only with patterns

    by_path, above = _matcher(pattern), _above(targets, settings.base)
    # Many credentials share the same few files.
    return cache(lambda target, path: by_path(above[target] + path, False))  # noqa: FBT003 - a callable's argument


def _matcher(pattern: str) -> Callable[[bytes, bool], bool]:
    from akpatrol.config.path_patterns import matcher  # noqa: PLC0415 - only with patterns

    return matcher([pattern])
