"""Notify of what is new in a store since an earlier run."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from akpatrol.errors import UsageError
from akpatrol.pipeline.notifier import Notifier, addresses
from akpatrol.report import RenderOptions, notification
from akpatrol.sweep.store.coverage import UNFINISHED
from akpatrol.sweep.store.store import SweepStore

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from akpatrol.model.report import Report
    from akpatrol.pipeline.notifier import NotifyRequest
    from akpatrol.report.notification import Notification
    from akpatrol.rules.rule import RuleSet
    from akpatrol.sweep.store.coverage import IncompleteTarget


def prepared(request: NotifyRequest, environment: Mapping[str, str], since: str | None) -> Notifier | None:
    """Return what sends, None for nothing. Raises UsageError, before anything is reported, for an unusable request."""
    if request.is_wanted and not since:
        raise UsageError("--notify requires --since", hint="for example: --since previous")
    return Notifier(addresses(request.to, environment)) if request.to is not None else None


def notification_of(report: Report, store: str, redact: Callable[[str], str], rules: RuleSet) -> Notification:
    """Return the notification of a store's report since an earlier run."""
    options = RenderOptions(redact, rules, datetime.now(UTC))
    with SweepStore(store, create=False) as opened:
        read, targets = _counted(report, opened.gaps())
    return notification.build(report, options, read, targets)


def _counted(report: Report, gaps: list[IncompleteTarget]) -> tuple[int, int]:
    """Return how many targets were fully read in the last run, and how many the store knows."""
    known = {name for target in report.targets for name in (target.root, target.remote)}
    # A target that was never read has no kind; nor has the run itself, if it did not finish.
    never = {gap.target for gap in gaps if gap.kind is None and gap.reason != UNFINISHED} - known
    partly = sum(gap.kind is not None for gap in gaps)
    return len(report.targets) - partly, len(report.targets) + len(never)
