"""What text and the page show: what each report misses, by reason, and where each finding is."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from akpatrol.compare.reasons import FindingPresence
from akpatrol.compare.traits import ReasonCode
from akpatrol.compare.words import WORDS
from akpatrol.model.scan import Place
from akpatrol.report.number_words import plural
from akpatrol.report.wording import SHORT_ID

if TYPE_CHECKING:
    from akpatrol.compare.view import ComparedFindingView, ComparedReportView, ComparisonView, ReasonView

_CHAIN = " > "
_TWO = 2


class MissedLine(NamedTuple):
    """One finding that a report misses: what, where, who has it, and which reasons there are besides."""

    redacted: str
    where: str
    detail: str
    found_in: str


class MissedGroup(NamedTuple):
    """The findings that a reason explains."""

    heading: str
    explanation: str
    lines: tuple[MissedLine, ...]


def verdict(view: ComparisonView) -> str:
    """Return the first line."""
    summary, reports = view["summary"], view["reports"]
    number = plural(summary["findings"], "finding")
    missing = [report for report in reports if report["missed"]]
    credentials = plural(summary["credentials"], "credential")
    if not missing:
        unread = f", but {plural(summary['unreadable'], 'entry', 'entries')} could not be read"
        all_ = "Both" if len(reports) == _TWO else f"All {len(reports)}"
        return f"{all_} reports agree on {number} of {credentials}" + unread * bool(summary["unreadable"])
    parts = [f"{report['label']} misses {report['missed']:,}" for report in missing]
    return f"{number} of {credentials} in {len(reports)} reports: {'; '.join(parts)}"


def scanner(report: ComparedReportView) -> str:
    """Return the name and version of a report's scanner."""
    return " ".join(filter(None, (report["tool"], report["version"])))


def missed(view: ComparisonView, number: int) -> list[MissedGroup]:
    """Return what a report misses, by reason."""
    by_code: dict[ReasonCode, list[MissedLine]] = {}
    for finding in view["findings"]:
        status = finding["reports"][number]
        if status["status"] == FindingPresence.MISSED:
            first, *more = status["reasons"]
            by_code.setdefault(ReasonCode(first["code"]), []).append(_line(finding, first["detail"], more))
    return [MissedGroup(*WORDS[code], tuple(by_code[code])) for code in WORDS if code in by_code]


def _line(finding: ComparedFindingView, detail: str, more: list[ReasonView]) -> MissedLine:
    found = [one["report"] for one in finding["reports"] if one["status"] == FindingPresence.FOUND]
    also = [WORDS[ReasonCode(reason["code"])][0] for reason in more if reason["code"] not in _WEAK]
    shown = {*finding["commits"], _CHAIN.join(finding["containers"])}
    words = [detail if detail not in shown else "", *(f"also: {word.lower()}" for word in also)]
    return MissedLine(finding["redacted"], where(finding), "; ".join(filter(None, words)), ", ".join(found))


_WEAK = frozenset({ReasonCode.INCOMPLETE, ReasonCode.EXCLUDED, ReasonCode.DUPLICATE})


def where(finding: ComparedFindingView) -> str:
    """Return where a finding is, on one line."""
    commit = finding["commits"][0][:SHORT_ID] if finding["commits"] else ""
    line = f":{finding['line']}" if finding["line"] else ""
    if finding["place"] == Place.REF_NAME:
        return ", ".join(finding["refs"][:1]) or "a ref"
    if finding["path"] is None:
        objects = finding["objects"][:1]
        thing = f"commit {commit}" if commit else f"object {objects[0][:SHORT_ID]}" if objects else "no place given"
        return thing + (f", line {finding['line']}" if finding["line"] else "")
    path = _CHAIN.join([finding["path"], *finding["containers"]])
    return f"{path}{line}" + (f", {commit}" if commit else "")
