"""Create, update and read a baseline, from a report or from a scan of history and tracked files."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.config.environment import BASELINE, environment
from akpatrol.config.files import OnDisk
from akpatrol.config.load import configuration_of
from akpatrol.errors import ExitCode, UsageError
from akpatrol.pipeline import baseline_scan
from akpatrol.policy import apply, baseline, report_scan
from akpatrol.report import load
from akpatrol.report.text_safety import visible
from akpatrol.report.write import check_writable, write
from akpatrol.sources.git import describe, person, repository
from akpatrol.sources.git.runner import Git

if TYPE_CHECKING:
    from collections.abc import Sequence

    from akpatrol.pipeline.console import Console
    from akpatrol.policy.baseline import BaselineEntry, BaselineUpdate, Seen
    from akpatrol.policy.in_force import Configure

_MOST_BYTES = 512 << 20


class BaselineFile(NamedTuple):
    """A baseline: the repository, or the directory ``root``, that it is for, and its file."""

    git: Git | None
    root: str
    file: str


class BaselineRequest(NamedTuple):
    """How to change a baseline.

    The entries come from a JSON ``report`` if there is one, else from a scan with ``configure`` and the configuration
    file ``config``, if any. New entries are signed ``by`` a person. They carry a ``note``, an ``owner`` and the expiry
    date ``expires``, YYYY-MM-DD.
    """

    configure: Configure
    config: str | None
    report: str | None = None
    by: str | None = None
    note: str = ""
    owner: str = ""
    expires: str | None = None


class BaselineChange(NamedTuple):
    """A change that was written, notes about it, and the exit code."""

    update: BaselineUpdate
    notes: list[str]
    code: ExitCode


def locate(config: str | None, named: str | None) -> BaselineFile:
    """Return the baseline for the current directory. Raises UsageError for a repository without a place for it."""
    repo = repository.find(os.fsencode(os.path.realpath(".")))
    root = os.fsdecode(repo.root) if repo else os.path.realpath(".")
    top = root if not repo or repo.work_tree else None
    configured = configuration_of(config, top, top).baseline
    file = named or configured or os.path.join(root, BASELINE)
    if repo and not top and not named:
        raise UsageError(f"{root}: a bare repository has no place for a baseline", hint="name one with --baseline FILE")
    return BaselineFile(Git(repo, common=True) if repo else None, root, os.path.abspath(file))


def read(file: str) -> dict[str, BaselineEntry]:
    """Return the entries by fingerprint. Raises UsageError without a file, or for a damaged one."""
    if not os.path.exists(file):
        raise UsageError(f"{file}: no such baseline", hint="create it: akpatrol baseline create")
    return baseline.parse(OnDisk(os.path.dirname(file)).read(file, _MOST_BYTES), file)


def create(place: BaselineFile, request: BaselineRequest, console: Console) -> BaselineChange:
    """Write a new baseline. Raises UsageError if there is one."""
    if os.path.lexists(place.file):
        raise UsageError(f"{place.file}: already exists", hint="use akpatrol baseline update")
    return _change(place, request, console, template(place, request), {})


def update(place: BaselineFile, request: BaselineRequest, console: Console) -> BaselineChange:
    """Add new entries, and drop those that complete scans of the same kinds no longer find."""
    return _change(place, request, console, template(place, request), read(place.file))


def _change(
    place: BaselineFile,
    request: BaselineRequest,
    console: Console,
    template: BaselineEntry,
    old: dict[str, BaselineEntry],
) -> BaselineChange:
    check_writable(Path(place.file))
    code, notes = ExitCode.CLEAN, []
    if request.report:
        source = learned(place, request.report, template)
        scans: Sequence[Seen] = [source.seen]
        if source.partial:
            notes.append(f"{visible(request.report)}: nothing is dropped: {source.partial}")
        if source.live:
            credentials = "credential is" if source.live == 1 else "credentials are"
            notes.append(f"{source.live:,} {credentials} live: the baseline does not cover a live one")
    else:
        reports = dict(baseline_scan.scan(place.git, place.root, request.configure, request.config, console))
        scans = [
            baseline.Seen(
                kind,
                apply.entries(report.findings, template),
                complete=report.coverage.complete and not report.coverage.unsearched_rules,
            )
            for kind, report in reports.items()
        ]
        if any(report.coverage.unsearched_rules for report in reports.values()):
            notes.append("some rules were not searched for, so no entry is dropped")
        if not all(report.coverage.complete for report in reports.values()):
            notes.append("the scan is incomplete, so no entry of that kind is dropped; `akpatrol history` shows why")
            code = ExitCode.INCOMPLETE
    done = baseline.update(old, scans)
    text = baseline.dump(done.entries.values())
    if not os.path.exists(place.file) or text != _text(place.file):
        write(text, Path(place.file))
    return BaselineChange(done, notes, code)


def learned(place: BaselineFile, report: str, template: BaselineEntry) -> report_scan.BaselineSource:
    """Return the findings of a JSON report as entries. Raises UsageError if it is not one."""
    loaded = load.loads(OnDisk().read(report, _MOST_BYTES), report)
    here = report_scan.BaselineTarget(place.root, describe.remote_url(place.git) if place.git else None)
    return report_scan.learned(loaded, report, here, template)


def _text(file: str) -> str:
    """Return the file with the line ends that it is written with, regardless of git's conversions."""
    with open(file, encoding="utf-8") as stream:
        return stream.read()


def template(place: BaselineFile, request: BaselineRequest) -> BaselineEntry:
    """Return an entry with all that new ones share. Raises UsageError for an unusable text or day."""
    from akpatrol.pipeline.committed_text import clean, end  # noqa: PLC0415 - the engine

    expires = end("--expires", request.expires)
    return baseline.BaselineEntry(
        fingerprint="",
        kind="",
        redacted="",
        added=datetime.now(UTC).date().isoformat(),
        by=clean("--by", request.by or _person(place.git)),
        scans=(),
        note=clean("--note", request.note),
        owner=clean("--owner", request.owner),
        expires=expires.isoformat() if expires else "",
    )


def _person(git: Git | None) -> str:
    variables = environment()
    by_git = variables.get("GIT_AUTHOR_NAME") or (person.name(git, variables) if git else "")
    return by_git or variables.get("USER") or variables.get("LOGNAME") or ""
