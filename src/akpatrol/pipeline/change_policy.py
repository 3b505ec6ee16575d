"""Findings of a range that its own policy files allow: that counts only once the range is merged."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from akpatrol.errors import GitError, UsageError
from akpatrol.model.credential import AllowanceSource
from akpatrol.policy import decide

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.model.report import Report
    from akpatrol.policy.in_force import Configure
    from akpatrol.sources.git.runner import Git

_SHORT = 12


def allowed_by_change(report: Report, configure: Configure, git: Git, top: str, base: str | None) -> Iterator[str]:
    """Yield a notice for each finding that the checkout's policy allows; ``base`` is the range's base commit."""
    if not report.findings:
        return
    try:
        settings = configure(top, top)
        policy = decide.prepare(settings)
    except UsageError:
        return  # reported as the checkout's problem
    only = report._replace(credentials=report.findings, notices=(), known=())
    for credential in decide.decide(only, policy, settings, None).credentials:
        allowed = credential.allowed
        # A comment that the range adds has a notice of its own.
        if allowed and allowed.source is not AllowanceSource.INLINE and not credential.is_live:
            where = _inside(allowed.where, top)
            yield (
                f"{credential.secret.redacted} is allowed in this change by {where}, but only what {_name(git, base)} "
                "already allows counts: have the allowance merged first, by somebody who may"
            )


def _inside(file: str, top: str) -> str:
    return os.path.relpath(file, top) if file.startswith(top + os.sep) else file


def _name(git: Git, base: str | None) -> str:
    """Return the remote branch that holds the base, or the base's id."""
    if not base:
        return "the default branch"
    try:
        options = ("--name-only", "--no-undefined", "--refs=refs/remotes/*")
        name = git.run("name-rev", *options, base).decode("utf-8", "replace").strip()
    except GitError:
        return f"commit {base[:_SHORT]}"
    return name.removeprefix("remotes/").partition("~")[0].partition("^")[0]
