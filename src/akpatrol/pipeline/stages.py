"""The stages around a scan, for both a run and a sweep: queries, verification, policy and exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from akpatrol.config.path_patterns import by_target
from akpatrol.errors import UsageError
from akpatrol.pipeline import exit_code as exit_codes
from akpatrol.pipeline import verification
from akpatrol.policy import decide
from akpatrol.query import hashes
from akpatrol.scan.accepted_skips import acceptances
from akpatrol.scan.run import ScanOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from akpatrol.config.settings import Settings
    from akpatrol.detect.engine import Engine
    from akpatrol.errors import ExitCode
    from akpatrol.model.report import Report
    from akpatrol.pipeline.console import Console
    from akpatrol.pipeline.verification import VerifiedReport
    from akpatrol.policy.apply import Policy
    from akpatrol.query.credential_query import CredentialQuery
    from akpatrol.report import Renderer
    from akpatrol.rules.rule import RuleSet
    from akpatrol.sources.base import Source
    from akpatrol.verify.inventory import ListedKey


class Stages(NamedTuple):
    """The stages after a scan, under given settings: each takes a report and returns a report."""

    settings: Settings
    queries: Sequence[CredentialQuery]
    inventory: Sequence[ListedKey] | None
    policy: Policy | None

    @classmethod
    def prepared(
        cls, settings: Settings, sources: Sequence[Source] = (), queries: Sequence[CredentialQuery] = ()
    ) -> Stages:
        """Load what the stages need. Raises UsageError, before any scanning, for unusable settings."""
        return cls(
            settings,
            queries or hashes.load(settings, sources),
            verification.prepare(settings),
            decide.prepare(settings),
        )

    def scan_options(self, sources: Sequence[Source], interrupted: Callable[[], None]) -> ScanOptions:
        """Return how to scan the sources, so that the later stages have what they need."""
        settings, targets = self.settings, [target for source in sources for target in source.targets()]
        return ScanOptions(
            settings.jobs,
            hashes.minimum(settings, self.queries),
            acceptances(settings.accept_skip, settings.base, targets),
            by_target(settings, targets),
            decide.on_path(settings, targets),
            narrow=bool(settings.options.exclude or settings.configured_exclude),
            keep_known=bool(self.queries),
            interrupted=interrupted,
            queried=hashes.names(self.queries),
        )

    def answer(self, report: Report, expected: Sequence[str]) -> Report:
        """Answer the queries; a report that read none of the ``expected`` content gets a skip."""
        if expected:
            from akpatrol.pipeline import emptiness  # noqa: PLC0415 - a hook does without

            report = emptiness.with_skip(report, expected, allowed=self.settings.options.allow_empty)
        return hashes.answer(report, self.queries)

    def verify(self, report: Report, console: Console) -> VerifiedReport:
        """Verify the credentials and find their owners."""
        return verification.verify_report(report, self.settings, self.inventory, console.verifying)

    def decide(self, report: Report, scan_kind: str | None) -> Report:
        """Apply the policy and name code owners; ``scan_kind`` is the kind of scan, if it covered all of its kind."""
        kind = None if self.queries else scan_kind
        decided = decide.decide(report, self.policy, self.settings, scan_kind=kind)
        if not decided.credentials:
            return decided
        from akpatrol.pipeline import ownership  # noqa: PLC0415 - a clean run does without

        return ownership.with_code_owners(decided, self.settings.policy)


def conclude(
    report: Report, engine: Engine, settings: Settings, console: Console, text: Renderer | None = None
) -> ExitCode:
    """Publish the report and return the exit code."""
    code = exit_codes.exit_code(report, settings)
    silent = settings.options.quiet and not exit_codes.is_news(report) and not code
    console.publish(report, engine, settings, text, silent=silent)
    return exit_codes.final(code, report, settings)


def left_out_notices(rules: RuleSet) -> list[str]:
    """Return one notice where anything was left out of users' rule files."""
    if not rules.left_out:
        return []
    whole = sum(entry.whole for entry in rules.left_out)
    keys = len(rules.left_out) - whole
    counts = ((whole, "rule" if whole == 1 else "rules"), (keys, "key" if keys == 1 else "keys"))
    words = " and ".join(f"{number} {noun}" for number, noun in counts if number)
    verb = "is" if whole + keys == 1 else "are"
    return [f"{words} of rule files {verb} left out: `akpatrol rules check FILE...` lists them"]


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
            raise UsageError(f"{file}: two reports name this file")
