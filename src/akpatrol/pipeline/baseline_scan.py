"""The scan that a baseline is made of and compared with: history and tracked files of one repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.config import settings as settings_
from akpatrol.config.load import configuration_of
from akpatrol.config.path_patterns import by_target, excluder
from akpatrol.errors import UsageError
from akpatrol.model.scan import Target
from akpatrol.pipeline import rules_in_force
from akpatrol.policy import baseline, decide
from akpatrol.policy.in_force import ignore_file
from akpatrol.scan.accepted_skips import acceptances
from akpatrol.scan.examine import Examiner
from akpatrol.scan.run import ScanOptions, scan_sources
from akpatrol.sources.files import FilesSource
from akpatrol.sources.git.history import HistorySource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.config.settings import Settings
    from akpatrol.model.report import Report
    from akpatrol.pipeline.console import Console
    from akpatrol.policy.in_force import Configure
    from akpatrol.sources.git.runner import Git


def scan(
    git: Git | None, root: str, configure: Configure, config: str | None, console: Console
) -> Iterator[tuple[str, Report]]:
    """Scan history and tracked files, and yield each kind of scan with its report, without the baseline's allowances.

    Raises UsageError for a directory that is in no repository.
    """
    if not git:
        raise UsageError(f"{root}: not in a git repository", hint="give a report: akpatrol scan -f json -o FILE")
    top = root if git.repository.work_tree else None
    settings = configure(top, top)
    allow = configuration_of(config, top, top).allow
    ignored = ignore_file(top, None) if settings.rules else None
    settings = settings._replace(policy=settings_.PolicySettings(allow, inline=bool(top), top=top, ignored=ignored))
    examiner = Examiner(rules_in_force.load(settings), settings.limits)
    target = Target("0", "repository", root, base=root)
    sources: dict[str, HistorySource | FilesSource] = {baseline.HISTORY: HistorySource(git, target)}
    if top:
        files = [target._replace(kind="directory")]
        sources[baseline.TRACKED] = FilesSource(files, excluder(settings), tracked=True)
    for kind, source in sources.items():
        yield kind, _report(kind, source, examiner, settings, console)


def _report(
    kind: str, source: HistorySource | FilesSource, examiner: Examiner, settings: Settings, console: Console
) -> Report:
    targets = source.targets()
    options = ScanOptions(
        settings.jobs,
        settings.options.min_confidence,
        acceptances(settings.accept_skip, settings.base, targets),
        by_target(settings, targets),
    )
    with console.scanning([source], settings) as progress:
        report = scan_sources(kind, [source], examiner, options, progress)
    return decide.decide(report, decide.prepare(settings), settings, None)
