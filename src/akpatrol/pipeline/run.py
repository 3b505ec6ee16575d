"""One run from its sources to its exit code, the same for every command that scans."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from akpatrol.cache.pattern_cache import PatternCache
from akpatrol.errors import ExitCode
from akpatrol.pipeline import rules_in_force
from akpatrol.pipeline.stages import Stages, check_outputs, conclude, left_out_notices
from akpatrol.runtime.interrupts import close, first_noted
from akpatrol.scan import run as scan_run
from akpatrol.scan.examine import Examiner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from akpatrol.config.settings import Settings
    from akpatrol.detect.engine import Engine
    from akpatrol.model.report import Report
    from akpatrol.pipeline.console import Console
    from akpatrol.query.credential_query import CredentialQuery
    from akpatrol.report import Renderer
    from akpatrol.rules.rule import Rule
    from akpatrol.sources.base import Source


class CommandHooks(NamedTuple):
    """A command's own steps of a run.

    ``amend`` may add to the report what the sources cannot know. ``scan_kind`` is the kind of scan, as a baseline knows
    it, when all of a repository is read. With ``queries`` only the queried credentials are reported. ``text`` renders
    the report for a person. At least one of ``expected``, names in ``coverage.counts``, must be read; a change may be
    empty. ``remarks`` are notices about what the policy decided. A ``rule`` of this run alone is cached nowhere and not
    part of the rules' digest.
    """

    amend: Callable[[Report], Report] = lambda report: report
    scan_kind: str | None = None
    queries: Sequence[CredentialQuery] = ()
    text: Renderer | None = None
    expected: Sequence[str] = ()
    remarks: Callable[[Report], Iterable[str]] = lambda _report: ()
    rule: Rule | None = None


_PLAIN = CommandHooks()


def run(
    command: str, sources: Sequence[Source], settings: Settings, console: Console, hooks: CommandHooks = _PLAIN
) -> ExitCode:
    """Scan the sources, verify, apply the policy, publish every report and return the exit code."""
    check_outputs(settings)
    stages = Stages.prepared(settings, sources, hooks.queries)
    examiner = _examiner(settings, hooks.rule)
    if settings.options.verbose:
        _explain(settings, examiner.engine, console)
    # After a first Ctrl-C a second one exits at once, even in the middle of a write.
    with first_noted(console.interrupted) as noted:
        with console.scanning(sources, settings) as progress:
            options = stages.scan_options(sources, console.interrupted)
            scanned = hooks.amend(scan_run.scan_sources(command, sources, examiner, options, progress))
            answered = stages.answer(scanned, hooks.expected)
        verified, interrupted = stages.verify(answered, console)
        report = stages.decide(verified, hooks.scan_kind)
        about_rules = (*left_out_notices(examiner.rules), *rules_in_force.notices(examiner.rules, settings))
        report = report._replace(notices=(*report.notices, *about_rules, *hooks.remarks(report)))
        code = conclude(report, examiner.engine, settings, console, hooks.text)
        close()
    return ExitCode.INTERRUPTED if interrupted or noted.interrupted else code


def _examiner(settings: Settings, rule: Rule | None) -> Examiner:
    rules = rules_in_force.load(settings)
    if rule:
        rules = rules._replace(rules=(*rules.rules, rule))
    examiner = Examiner(rules, settings.limits)
    examiner.engine.prefilter.keep_in(PatternCache(None if rule else settings.cache))
    return examiner


def _explain(settings: Settings, engine: Engine, console: Console) -> None:
    from akpatrol.detect.redact import Redactor  # noqa: PLC0415 - only with -v
    from akpatrol.report.text_safety import visible  # noqa: PLC0415

    rules = engine.rules
    configuration = visible(Redactor(engine)(settings.configuration or "none"))
    console.say(f"configuration: {configuration}")
    console.say(f"{len(rules.rules)} rules, digest {rules.digest[:12]}")
    console.say(f"at most {settings.jobs} processes")
