"""Why a report has not what another has: from what the reports say, and from what the repository says."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.compare import traits
from akpatrol.compare.findings import files_of
from akpatrol.compare.traits import MissReason, ReasonCode
from akpatrol.kinds import KINDS
from akpatrol.model.scan import Place, State

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from akpatrol.compare.findings import ComparedFinding, Grouping
    from akpatrol.compare.git_facts import GitFacts
    from akpatrol.compare.rows import NamedReport

_OURS = frozenset(str(kind) for kind in KINDS if not kind.is_custom)
_LEVELS = ("low", "medium", "high")
_NOT_COMMITTED = frozenset({State.WORKTREE, State.IGNORED, State.STAGED})
_NOT_IN_FILES = frozenset({State.REMOVED, State.UNREACHABLE})


class FindingPresence(StrEnum):
    """Whether a report has a finding."""

    FOUND = "found"
    FOLDED = "folded"
    MISSED = "missed"


class FindingStatus(NamedTuple):
    """Whether a report has a finding; ``folded`` if it has the secret in this file in another version or line."""

    status: FindingPresence
    reasons: tuple[MissReason, ...] = ()


class Explainer:
    """Says of each report and finding whether it is there, and if not, why."""

    def __init__(self, reports: Sequence[NamedReport], grouping: Grouping, facts: GitFacts) -> None:
        self._reports = reports
        self._grouping = grouping
        self._facts = facts
        self._traits = {id(finding): tuple(traits.traits_of(finding, facts)) for finding in grouping.findings}
        self._shown = [self._all_shown(number) for number in range(len(reports))]
        self._kinds = _kinds_of_rules(grouping.findings)
        self._families = [self._all_families(number) for number in range(len(reports))]
        self._lines = [self._all_lines(number) for number in range(len(reports))]

    def status(self, number: int, finding: ComparedFinding) -> FindingStatus:
        """Return whether a report has a finding."""
        if number in finding.rows:
            return FindingStatus(FindingPresence.FOUND)
        siblings = self._grouping.secrets.get(finding.secret, ()) if finding.secret is not None else ()
        there = [sibling for sibling in siblings if number in sibling.rows]
        if any(not sibling.files.isdisjoint(finding.files) for sibling in there):
            return FindingStatus(FindingPresence.FOLDED)
        reasons = tuple(dict.fromkeys(self._reasons(number, finding)))
        if not reasons:
            reasons = (MissReason(ReasonCode.DUPLICATE if there else ReasonCode.UNEXPLAINED),)
        return FindingStatus(FindingPresence.MISSED, reasons)

    def _reasons(self, number: int, finding: ComparedFinding) -> Iterator[MissReason]:
        report = self._reports[number]
        if not report.rows:
            yield MissReason(ReasonCode.EMPTY)
        yield from self._judged(report, finding)
        if is_ours(report):
            yield from self._of_rules(number, finding)
        yield from _skipped(report, finding)
        yield from self._on_line(number, finding)
        if not is_ours(report):
            yield from self._of_rules(number, finding)
        for trait in self._traits[id(finding)]:
            if traits.key(trait) not in self._shown[number]:
                yield trait
        yield from self._of_scope(report, finding)
        if report.facts.incomplete and not is_ours(report):
            yield MissReason(ReasonCode.INCOMPLETE, report.facts.incomplete[0])
        if report.facts.excluded and finding.best.place is Place.CONTENT:
            counts = ", ".join(f"{reason} {count:,}" for reason, count in sorted(report.facts.excluded.items()))
            yield MissReason(ReasonCode.EXCLUDED, counts)

    def _on_line(self, number: int, finding: ComparedFinding) -> Iterator[MissReason]:
        """Yield the rules by which a report lists another text on the line."""
        for row in finding.all_rows:
            for file in files_of(row):
                if rule := self._lines[number].get((*file, row.line)):
                    yield MissReason(ReasonCode.SAME_LINE, rule)

    @staticmethod
    def _judged(report: NamedReport, finding: ComparedFinding) -> Iterator[MissReason]:
        """Yield what puts a finding below the confidence from which a report lists it."""
        rows = finding.all_rows
        if is_ours(report):
            judged = {row.judged for row in rows if row.judged is not None and row.kind}
            if judged and judged <= {"", "low"}:
                low = "of low confidence to akpatrol"
                yield MissReason(ReasonCode.CONFIDENCE, low if "low" in judged else "a placeholder to akpatrol")
        elif report.facts.minimum in _LEVELS:
            below = _LEVELS[: _LEVELS.index(report.facts.minimum)]
            words = next((row.confidence for row in rows if row.confidence in below and row.state is None), "")
            if words:
                yield MissReason(ReasonCode.CONFIDENCE, f"{words}, and it lists from {report.facts.minimum}")

    def _of_rules(self, number: int, finding: ComparedFinding) -> Iterator[MissReason]:
        """Yield what says that a report's scanner has no such rule."""
        report, families = self._reports[number], self._of_families(finding)
        if is_ours(report) and families & _OURS:
            return
        known = self._families[number] | (report.facts.rules or frozenset())
        if report.rows and families.isdisjoint(known):
            rules = sorted({row.rule for row in finding.all_rows})
            yield MissReason(ReasonCode.RULE, ", ".join(rules))

    def _of_scope(self, report: NamedReport, finding: ComparedFinding) -> Iterator[MissReason]:
        """Yield what a scanner of files alone, or of history alone, cannot have seen."""
        rows, head = finding.all_rows, self._facts.in_head
        states = {row.state for row in rows if row.state}
        paths = {row.path for row in rows if row.path}
        gone = head is not None and bool(paths) and paths.isdisjoint(head)
        if report.facts.is_history is False:
            if states & _NOT_IN_FILES or (not states and gone and all(row.commit for row in rows)):
                yield MissReason(ReasonCode.HISTORY)
        elif report.facts.is_history and (
            (states and states <= _NOT_COMMITTED) or (not states and gone and not finding.commits)
        ):
            yield MissReason(ReasonCode.WORKTREE)

    def _all_shown(self, number: int) -> set[tuple[ReasonCode, str]]:
        """Return the traits of findings that a report has: they do not explain what it has not."""
        found = (finding for finding in self._grouping.findings if number in finding.rows)
        return {traits.key(trait) for finding in found for trait in self._traits[id(finding)]}

    def _all_families(self, number: int) -> set[str]:
        found = (finding for finding in self._grouping.findings if number in finding.rows)
        return {family for finding in found for family in self._of_families(finding)}

    def _of_families(self, finding: ComparedFinding) -> set[str]:
        """Return what says of which rules a finding is: its kind, or its rules' ids and its visible prefix."""
        rows = finding.all_rows
        kinds = {row.kind for row in rows if row.kind}
        if not kinds and all(row.kind is None for row in rows):
            # No report shows the secret.
            kinds = {kind for row in rows for kind in self._kinds.get(row.rule, ())}
        prefixes = {row.masked.partition("_")[0] + "_" for row in rows if "_" in row.masked[:4]}
        return kinds or {row.rule for row in rows} | prefixes

    def _all_lines(self, number: int) -> dict[tuple[object, ...], str]:
        """Return the rule of a finding on each line of each file in a report."""
        rows = [row for row in self._reports[number].rows if row.line is not None]
        return {(*file, row.line): row.rule for row in rows for file in files_of(row)}


def is_ours(report: NamedReport) -> bool:
    """Return whether a report is akpatrol's."""
    return report.facts.tool.partition(" ")[0] == "akpatrol"


def _kinds_of_rules(findings: Iterable[ComparedFinding]) -> dict[str, set[str]]:
    """Return the kinds of credentials that each rule finds, where that is known of one of its findings."""
    kinds: dict[str, set[str]] = {}
    for finding in findings:
        rows = finding.all_rows
        known = {row.kind for row in rows if row.kind}
        for row in rows if known else ():
            kinds.setdefault(row.rule, set()).update(known)
    return kinds


def _skipped(report: NamedReport, finding: ComparedFinding) -> Iterator[MissReason]:
    """Yield what a report says of an item that its scanner could not read, if it is this finding's."""
    wanted = {part for row in finding.all_rows for part in (row.path, row.commit, *row.objects) if part}
    for skip in report.facts.skipped:
        if any(skip.item == part or skip.item.startswith((f"{part}:", f"{part} ", f"{part}!")) for part in wanted):
            yield MissReason(ReasonCode.SKIPPED, skip.reason)
            return
