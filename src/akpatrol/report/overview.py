"""The result of a whole run in words, all from a document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.model.scan import Exclusion, State
from akpatrol.report.number_words import listed, nothing_found, plural, scanned_words
from akpatrol.report.wording import ALLOWANCES, STATUSES, UNVERIFIED, state_name, status_of

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from akpatrol.report.view import ChangedFilesView, CredentialView, ReportView, SummaryView

_LEFT_OUT = {
    Exclusion.SYMLINK: ("symbolic link",),
    Exclusion.SPECIAL_FILE: ("special file",),
    Exclusion.GIT_DIRECTORY: ("git directory", "git directories"),
    Exclusion.SUBMODULE: ("submodule",),
    Exclusion.EXCLUDE_OPTION: ("excluded path",),
    Exclusion.DELETED: ("deleted file",),
    Exclusion.GIT_LFS_POINTER: ("Git LFS pointer",),
    Exclusion.NOT_IN_INDEX: ("file not in the index", "files not in the index"),
    Exclusion.ENCRYPTED: ("encrypted file",),
    Exclusion.NOT_RECENT: ("older file",),
}

_TARGET = ("target",)
_TARGETS = {"repository": ("repository", "repositories"), "location": ("source",)}
"""What targets of one kind are called."""


def verdict(view: ReportView) -> str:
    """Say first whether the scan is complete, then which findings need action."""
    sentence = _main_sentence(view)
    if left_out := _mostly_excluded(view["coverage"]["changed_files"]):
        sentence = f"{left_out}; {sentence[0].lower()}{sentence[1:]}"
    if unsearched := unsearched_words(view["coverage"]["unsearched_rules"]):
        sentence = f"{sentence}; {unsearched}"
    if view["coverage"]["complete"]:
        return sentence
    return f"INCOMPLETE: {sentence[0].lower()}{sentence[1:]}; {unread_words(view)}"


def unread_words(view: ReportView) -> str:
    """Say how much could not be scanned; an interrupted scan has one item for all that was still to come."""
    unread = sum(skip["accepted"] is None for skip in view["coverage"]["skipped"])
    if not view["scan"]["interrupted"]:
        return f"{plural(unread, 'item')} could not be scanned"
    others = f", and {plural(unread - 1, 'item')} could not be" if unread > 1 else ""
    return f"interrupted before the rest was scanned{others}"


def findings_of(view: ReportView) -> Sequence[CredentialView]:
    """Return the credentials that need action, which come first."""
    return view["credentials"][: view["summary"]["findings"]]


def allowed_of(view: ReportView) -> Sequence[CredentialView]:
    """Return the other credentials."""
    return view["credentials"][view["summary"]["findings"] :]


def overview(view: ReportView) -> str:
    """Say how severe the findings are and where."""
    summary = view["summary"]
    severities = ", ".join(f"{number:,} {name}" for name, number in summary["by_severity"].items() if number)
    states = ", ".join(f"{number:,} {state_name(name)}" for name, number in summary["by_state"].items() if number)
    all_streams = all(target["kind"] == "stream" for target in view["scan"]["targets"])
    return severities if all_streams else f"{severities}; {states}"


def allowed_words(summary: SummaryView) -> str:
    """Say how many credentials are allowed and by whom, or "" when none is."""
    by = [f"{number:,} {ALLOWANCES[name]}" for name, number in summary["by_allowance"].items() if number]
    return f"{summary['allowed']:,} allowed: {', '.join(by)}" if by else ""


def changed_words(changed: ChangedFilesView | None) -> str:
    """Say how many of a change's files are excluded, or "" when none is."""
    if not changed or not changed["excluded"]:
        return ""
    return f"{changed['excluded']:,} of {plural(changed['count'], 'changed file')} excluded"


def unsearched_words(rule_ids: Sequence[str]) -> str:
    """Name the rules that were switched off, or "" when none was."""
    return f"not searched for: {listed(rule_ids)}" if rule_ids else ""


def coverage_words(view: ReportView) -> str:
    """Describe what was scanned, left out and skipped."""
    coverage = view["coverage"]
    by_number = sorted(coverage["excluded"], key=lambda entry: -entry["count"])
    changed = coverage["changed_files"]
    excluded = [
        _left_out(entry["count"], entry["reason"])
        for entry in by_number
        if entry["count"] and not (changed and entry["reason"] == Exclusion.EXCLUDE_OPTION)
    ]
    accepted = sum(skip["accepted"] is not None for skip in coverage["skipped"])
    unread = len(coverage["skipped"]) - accepted
    parts = [
        scanned_words(coverage["counts"], coverage["bytes"], view["scan"]["duration_seconds"]),
        changed_words(changed),
        f"left out {', '.join(excluded)}" if excluded else "",
        f"{unread:,} not scanned" if unread else "",
        f"{accepted:,} not scanned, accepted" if accepted else "",
    ]
    return "; ".join(part for part in parts if part)


def _mostly_excluded(changed: ChangedFilesView | None) -> str:
    return changed_words(changed) if changed and 2 * changed["excluded"] > changed["count"] else ""


def _main_sentence(view: ReportView) -> str:
    summary = view["summary"]
    if not summary["findings"]:
        # With changes the report holds nothing else, however much was found before.
        noun = "new or changed credentials" if view["changes"] else "credentials"
        if summary["already_in_base"]:
            noun = "new credentials"
        return nothing_found(noun) + (" that are not allowed" if summary["allowed"] else "")
    places = plural(summary["occurrences"], "place")
    findings = findings_of(view)
    return f"{_counted_found(summary)} in {places}{_of_targets(view, findings)}{_gently(findings)}"


def _counted_found(summary: SummaryView) -> str:
    number, by_status = summary["findings"], summary["by_verification"]
    if by_status[UNVERIFIED] == number:
        return f"{plural(number, 'credential')} found ({number:,} unverified)"
    return ", ".join(f"{by_status[status]:,} {word}" for status, word in STATUSES.items() if by_status[status])


def _of_targets(view: ReportView, findings: Sequence[CredentialView]) -> str:
    targets = {target for credential in findings for target in _targets_of(credential)}
    if len(targets) <= 1:
        return ""
    kinds = {target["kind"] for target in view["scan"]["targets"] if target["id"] in targets}
    noun = _TARGETS.get(kinds.pop(), _TARGET) if len(kinds) == 1 else _TARGET
    return f" of {plural(len(targets), *noun)}"


def _targets_of(credential: CredentialView) -> Collection[str]:
    from akpatrol.report.place_view import targets_of  # noqa: PLC0415 - most runs of a hook find nothing

    return targets_of(credential)


def _gently(findings: Sequence[CredentialView]) -> str:
    ignored = [credential for credential in findings if credential["state"] == State.IGNORED]
    if not ignored:
        return ""
    number = "all" if len(ignored) == len(findings) else f"{len(ignored):,}"
    live = sum(status_of(credential) == "active" for credential in ignored)
    return f"; {number} only in files that git ignores" + (f" ({live:,} of them live)" if live else "")


def _left_out(number: int, reason: str) -> str:
    return plural(number, *_LEFT_OUT[Exclusion(reason)])
