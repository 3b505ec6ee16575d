"""``akpatrol baseline``: make, bring up to date and show the file of what was known before."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from akpatrol.cli.options import Flags, resolve, some
from akpatrol.cli.progress import Progress
from akpatrol.config import options as settings_
from akpatrol.config.files import OnDisk
from akpatrol.config.path_patterns import by_target, excluder
from akpatrol.errors import ExitCode, GitError, UsageError
from akpatrol.model.scan import Target
from akpatrol.policy import apply, baseline, decide, report_scan
from akpatrol.report import load, parse
from akpatrol.report.text_safety import visible
from akpatrol.report.write import check_writable, write
from akpatrol.rules import rule_file as rules_
from akpatrol.scan.accepted_skips import acceptances
from akpatrol.scan.examine import Examiner
from akpatrol.scan.run import ScanOptions, scan_sources
from akpatrol.sources.files import FilesSource
from akpatrol.sources.git import describe, repository
from akpatrol.sources.git.history import HistorySource
from akpatrol.sources.git.runner import Git

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from akpatrol.config.options import Settings
    from akpatrol.policy.baseline import BaselineEntry, Seen

_FLAGS = some("directory", "config", "rules", "baseline", "jobs", "progress")
_REPORT = click.argument("report", required=False, metavar="[REPORT]", type=click.Path(exists=True, dir_okay=False))
_BY = click.option("--by", metavar="NAME", help="Who adds the entries.  [default: git's author name, or the user's]")
_NOTE = click.option("--note", default="", metavar="TEXT", help="A note on each entry that is added.")
_MOST_BYTES = 512 << 20
_SHOWN = 20


class _BaselineFor(NamedTuple):
    """The repository, or the directory, that a baseline is for, and the baseline's file."""

    git: Git | None
    root: str
    file: str


@click.group("baseline")
def command() -> None:
    """Make, bring up to date and show the baseline: what was known on the day the gate began."""


@command.command("create")
@_REPORT
@_BY
@_NOTE
@_FLAGS
def create(flags: Flags, report: str | None, by: str | None, note: str) -> int:
    """Make a baseline from a JSON REPORT, or from history and tracked files, which are looked through then."""
    place = _place(flags)
    if os.path.lexists(place.file):
        raise UsageError(f"{place.file}: it exists already", hint="akpatrol baseline update")
    return _change(flags, place, report, _template(place, by, note), {})


@command.command("update")
@_REPORT
@_BY
@_NOTE
@_FLAGS
def update(flags: Flags, report: str | None, by: str | None, note: str) -> int:
    """Add what is found, and drop what complete scans of the kinds that once saw it see no more."""
    place = _place(flags)
    return _change(flags, place, report, _template(place, by, note), _read(place.file))


@command.command("show")
@click.option("-f", "--format", "format_", type=click.Choice(["text", "json"]), default="text", help="Format.")
@some("directory", "config", "baseline")
def show(flags: Flags, format_: str) -> int:
    """Show the entries."""
    place = _place(flags)
    entries = _read(place.file)
    if format_ == "json":
        click.echo(
            json.dumps({"file": place.file, "entries": [entry._asdict() for entry in entries.values()]}, indent=2)
        )
        return ExitCode.CLEAN
    for entry in entries.values():
        by = f" by {entry.by}" if entry.by else ""
        scans = ", ".join(entry.scans)
        click.echo(visible(f"{_named(entry)}  {entry.added}{by}  {scans}" + (f"  {entry.note}" if entry.note else "")))
    click.echo(visible(f"{place.file}: {_number(len(entries), 'entry', 'entries')}"))
    return ExitCode.CLEAN


def _place(flags: Flags) -> _BaselineFor:
    found = repository.find(os.fsencode(os.path.realpath(".")))
    root = os.fsdecode(found.root) if found else os.path.realpath(".")
    top = root if not found or found.work_tree else None
    configured = settings_.configuration_of(flags.config, top, top).baseline
    file = flags.baseline or configured or os.path.join(root, settings_.BASELINE)
    if found and not top and not flags.baseline:
        raise UsageError(f"{root}: a bare repository has no place for it", hint="name one with --baseline FILE")
    return _BaselineFor(Git(found, common=True) if found else None, root, os.path.abspath(file))


def _read(file: str) -> dict[str, BaselineEntry]:
    if not os.path.exists(file):
        raise UsageError(f"{file}: there is no such baseline", hint="make it: akpatrol baseline create")
    return baseline.parse(OnDisk(os.path.dirname(file)).read(file, _MOST_BYTES), file)


def _text(file: str) -> str:
    """Return the file with the line ends that it is written with, whatever git made of them."""
    with open(file, encoding="utf-8") as stream:
        return stream.read()


def _change(
    flags: Flags, place: _BaselineFor, report: str | None, template: BaselineEntry, old: dict[str, BaselineEntry]
) -> int:
    check_writable(Path(place.file))
    code = ExitCode.CLEAN
    if report:
        told = load.report_of(parse.document_of(OnDisk().read(report, _MOST_BYTES), report), report)
        here = report_scan.BaselineTarget(place.root, describe.remote_url(place.git) if place.git else None)
        learned = report_scan.learned(told, report, here, template)
        scans: Sequence[Seen] = [learned.seen]
        if learned.partial:
            click.echo(f"{visible(report)}: nothing is dropped: {learned.partial}")
        if learned.live:
            click.echo(
                f"{_number(learned.live, 'credential is', 'credentials are')} live: found again whenever verified"
            )
    else:
        scans = _scan(flags, place, template)
        if not all(scan.complete for scan in scans):
            click.echo("the scan is incomplete: nothing of its kind is dropped; `akpatrol history` says why")
            code = ExitCode.INCOMPLETE
    done = baseline.update(old, scans)
    text = baseline.dump(done.entries.values())
    if not os.path.exists(place.file) or text != _text(place.file):
        write(text, Path(place.file))
    _tell(place.file, done)
    return code


def _scan(flags: Flags, place: _BaselineFor, template: BaselineEntry) -> list[Seen]:
    """Look through history and tracked files; what a configuration or a comment allows needs no entry."""
    if not place.git:
        raise UsageError(f"{place.root}: not in a git repository", hint="give a report: akpatrol scan -f json -o FILE")
    top = place.root if place.git.repository.work_tree else None
    settings = resolve(flags._replace(no_allow=True), top, top)
    allow = settings_.configuration_of(flags.config, top, top).allow
    settings = settings._replace(policy=settings_.PolicySettings(allow, inline=bool(top)))
    examiner = Examiner(rules_.load(settings.rules), settings.limits)
    target = Target("0", "repository", place.root, base=place.root)
    sources: dict[str, HistorySource | FilesSource] = {baseline.HISTORY: HistorySource(place.git, target)}
    if top:
        files = [target._replace(kind="directory")]
        sources[baseline.TRACKED] = FilesSource(files, excluder(settings), tracked=True)
    return [_seen(kind, source, examiner, settings, template) for kind, source in sources.items()]


def _seen(
    kind: str, source: HistorySource | FilesSource, examiner: Examiner, settings: Settings, template: BaselineEntry
) -> Seen:
    targets = source.targets()
    wishes = ScanOptions(
        settings.jobs,
        settings.min_confidence,
        acceptances(settings.accept_skip, settings.base, targets),
        by_target(settings, targets),
    )
    with Progress([source], settings) as progress:
        report = scan_sources(kind, [source], examiner, wishes, progress.update)
    judged = decide.decide(report, decide.prepare(settings), settings, None)
    return baseline.Seen(kind, apply.entries(judged.findings, template), judged.coverage.complete)


def _template(place: _BaselineFor, by: str | None, note: str) -> BaselineEntry:
    from akpatrol.cli.written import clean  # noqa: PLC0415 - the engine

    today = datetime.now(UTC).date().isoformat()
    return baseline.BaselineEntry("", "", "", today, clean("--by", by or _person(place.git)), (), clean("--note", note))


def _person(git: Git | None) -> str:
    variables = settings_.environment()
    if name := variables.get("GIT_AUTHOR_NAME"):
        return name
    if git:
        try:
            if name := git.run("config", "--get", "user.name", accept=(0, 1)).decode("utf-8", "replace").strip():
                return name
        except GitError:
            pass  # its configuration is not needed for more than this
    return variables.get("USER") or variables.get("LOGNAME") or ""


def _tell(file: str, done: baseline.BaselineUpdate) -> None:
    kept = len(done.entries) - len(done.added)
    click.echo(
        f"{visible(file)}: {_number(len(done.added), 'entry', 'entries')} added, "
        f"{len(done.dropped):,} dropped, {kept:,} kept"
    )
    for mark, entries in (("+", done.added), ("-", done.dropped)):
        _listed(entries, lambda entry, mark=mark: f"{mark} {_named(entry)}")  # type: ignore[misc]
    if done.unseen:
        click.echo("not seen, and kept, as only complete scans of every kind that saw them drop entries:")
        _listed(done.unseen, lambda entry: f"  {_named(entry)}  ({', '.join(entry.scans)})")


def _listed(entries: Sequence[BaselineEntry], line: Callable[[BaselineEntry], str]) -> None:
    for entry in entries[:_SHOWN]:
        click.echo(visible(line(entry)))
    if len(entries) > _SHOWN:
        click.echo(f"  and {len(entries) - _SHOWN:,} more")


def _named(entry: BaselineEntry) -> str:
    return f"{entry.fingerprint}  {entry.kind}  {entry.redacted}"


def _number(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"
