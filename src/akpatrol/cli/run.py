"""One run from sources to exit code: the same for every command that looks for credentials."""

from __future__ import annotations

import os
import sys
from contextlib import nullcontext, suppress
from typing import TYPE_CHECKING, NamedTuple

import click

from akpatrol import pipeline
from akpatrol.cache.pattern_cache import PatternCache
from akpatrol.cli import hashes, policy, verification
from akpatrol.cli.progress import Progress
from akpatrol.config.path_patterns import acceptances, by_target
from akpatrol.errors import ExitCode, UsageError
from akpatrol.report import RenderOptions, render
from akpatrol.rules import rule_file as rules_
from akpatrol.runtime.interrupts import first_noted
from akpatrol.scan.examine import Examiner

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from akpatrol.config.options import Settings
    from akpatrol.detect.engine import Engine
    from akpatrol.model.credential import Credential
    from akpatrol.model.report import Report
    from akpatrol.query.credential_query import CredentialQuery
    from akpatrol.report import Renderer
    from akpatrol.rules.rule_file import Rule
    from akpatrol.sources.base import Source

_WIDTH = 100


class CommandHooks(NamedTuple):
    """What a command does in a way of its own.

    ``amend`` may add to the report what the sources cannot know. ``whole`` is the kind of scan, as a baseline knows it,
    when all of a repository is looked at. Of what is ``asked`` for alone is told; ``text`` tells it to a person. At
    least one of the things is ``expected``, which ``coverage.counts`` names; a change may be empty. ``known`` makes a
    notice of what was there before. A ``rule`` of this run alone is kept nowhere, and no digest tells of it.
    """

    amend: Callable[[Report], Report] = lambda report: report
    whole: str | None = None
    asked: Sequence[CredentialQuery] = ()
    text: Renderer | None = None
    expected: Sequence[str] = ()
    known: Callable[[Sequence[Credential]], str] | None = None
    rule: Rule | None = None


_PLAIN = CommandHooks()


def execute(command: str, sources: Sequence[Source], settings: Settings, manner: CommandHooks = _PLAIN) -> int:
    """Run the sources through the pipeline, ask what is to be asked, write every report, return the exit code."""
    check_outputs(settings)
    questions = manner.asked or hashes.prepare(settings, sources)
    inventory = verification.prepare(settings)
    known = policy.prepare(settings)
    rules = rules_.load(settings.rules)
    if manner.rule:
        rules = rules._replace(rules=(*rules.rules, manner.rule))
    examiner = Examiner(rules, settings.limits)
    engine = examiner.engine
    engine.gate.keep_on(PatternCache(None if manner.rule else settings.cache))
    if settings.verbose:
        _explain(settings, engine)
    with Progress(sources, settings) as progress:
        targets = [target for source in sources for target in source.targets()]
        wishes = pipeline.ScanOptions(
            settings.jobs,
            hashes.least(settings, questions),
            acceptances(settings, targets),
            by_target(settings, targets),
            policy.on_path(settings, targets),
            narrow=bool(settings.exclude or settings.configured_exclude),
            keep_known=bool(questions),
            interrupted=_tell_interrupted,
            asked=hashes.names(questions),
        )
        read = manner.amend(pipeline.run(command, sources, examiner, wishes, progress.update))
        if manner.expected:
            from akpatrol.cli import emptiness  # noqa: PLC0415 - a hook does without

            read = emptiness.told(read, manner.expected, allowed=settings.allow_empty)
        found = hashes.answer(read, questions)
    verified, interrupted = verification.answer(found, settings, inventory)
    # After a first Ctrl-C a second one ends it at once, whatever is being written.
    with nullcontext() if interrupted else first_noted(_tell_interrupted) as noted:
        report = policy.judge(verified, known, settings, whole=None if questions else manner.whole)
        if report.known and manner.known:
            report = report._replace(notices=(*report.notices, manner.known(report.known)))
        code = conclude(report, engine, settings, manner.text)
    return ExitCode.INTERRUPTED if interrupted or (noted and noted.interrupted) else code


def _tell_interrupted() -> None:
    # Not through sys.stderr, to which this process may be writing as the signal comes.
    with suppress(OSError):
        line = b"akpatrol: interrupted: what was found is told; Ctrl-C again ends at once\n"
        os.write(2, b"\n" * os.isatty(2) + line)


def conclude(report: Report, engine: Engine, settings: Settings, teller: Renderer | None = None) -> ExitCode:
    """Tell what a run came to, in every format that is asked for, and return the exit code."""
    code = hashes.exit_code(report, settings, verification.exit_code(report, settings))
    silent = settings.quiet and not is_news(report) and code is ExitCode.CLEAN
    _publish(report, engine, settings, teller, silent=silent)
    if settings.exit_zero and code is ExitCode.FINDINGS:
        return ExitCode.CLEAN if report.coverage.complete else ExitCode.INCOMPLETE
    return code


def is_news(report: Report) -> bool:
    """Tell whether there is more to say than what was looked at."""
    changed = report.changes and report.changes.credentials
    mostly = report.coverage.changed and report.coverage.changed.is_mostly_excluded
    return bool(report.findings or report.notices or report.stale or report.asked or changed or mostly)


def check_outputs(settings: Settings) -> None:
    """Raise UsageError, before any scanning, for a report that could not be written."""
    named = [file for _, file in settings.outputs if file]
    if not named:
        return
    from pathlib import Path  # noqa: PLC0415 - only with files

    from akpatrol.report.write import check_writable  # noqa: PLC0415

    files = [Path(file) for file in named]
    for index, file in enumerate(files):
        check_writable(file)
        if file.resolve() in (other.resolve() for other in files[:index]) and not file.is_char_device():
            raise UsageError(f"{file}: two reports would be written to it")


def _publish(report: Report, engine: Engine, settings: Settings, teller: Renderer | None, *, silent: bool) -> None:
    from datetime import UTC, datetime  # noqa: PLC0415 - after the scan

    from akpatrol.detect.redact import Redactor  # noqa: PLC0415 - only when there is something to say

    redact = Redactor(engine, [credential.secret for credential in report.credentials])
    rendered = []
    for format_, file in settings.outputs:
        on_terminal = file is None and bool(sys.stdout) and sys.stdout.isatty()
        options = RenderOptions(
            redact=redact,
            show_secrets=settings.show_secrets,
            colour=on_terminal and _coloured(settings.environment),
            width=_columns() if on_terminal else _WIDTH,
            rules=engine.rules,
            now=datetime.now(UTC),
            verbose=settings.verbose,
            here=_here(),
            link_template=settings.link_template,
        )
        if file or not (silent and format_ == "text"):
            own = teller if format_ == "text" and not file else None
            rendered.append((file, own(report, options) if own else render(report, format_, options)))
    summary = settings.environment.get("GITHUB_STEP_SUMMARY")
    if summary and any(format_ == "github" for format_, _ in settings.outputs):
        _append_summary(report, options, summary)
    # Everything is rendered before anything is written, and files before a pipe whose reader may go away.
    for file, text in sorted(rendered, key=lambda one: one[0] is None):
        tell(text, file)


def _append_summary(report: Report, options: RenderOptions, file: str) -> None:
    """Add the report to the summary of a step of GitHub Actions; that it cannot be written changes nothing else."""
    from pathlib import Path  # noqa: PLC0415 - only there

    from akpatrol.report import step_summary  # noqa: PLC0415

    try:
        step_summary.append(report, options, Path(file))
    except UsageError as error:
        click.echo(f"akpatrol: {options.redact(str(error))}", err=True)


def _here() -> str | None:
    try:
        return os.getcwd()
    except OSError:  # it was deleted
        return None


def tell(text: str, file: str | None) -> None:
    """Write a text to a file, or to standard output."""
    if file:
        from pathlib import Path  # noqa: PLC0415 - only with files

        from akpatrol.report.write import write  # noqa: PLC0415

        write(text, Path(file))
    elif not sys.stdout:
        raise BrokenPipeError
    else:
        click.echo(text.encode(), nl=False)


def _columns() -> int:
    from shutil import get_terminal_size  # noqa: PLC0415 - only for a person

    return get_terminal_size().columns


def _coloured(environment: Mapping[str, str]) -> bool:
    return not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"


def _explain(settings: Settings, engine: Engine) -> None:
    from akpatrol.detect.redact import Redactor  # noqa: PLC0415 - only with -v
    from akpatrol.report.text_safety import visible  # noqa: PLC0415

    rules = engine.rules
    configuration = visible(Redactor(engine)(settings.configuration or "none"))
    click.echo(f"akpatrol: configuration: {configuration}", err=True)
    click.echo(f"akpatrol: {len(rules.rules)} rules, digest {rules.digest[:12]}", err=True)
    click.echo(f"akpatrol: {settings.jobs} processes at most", err=True)
