"""Text: for people. The verdict first, then credentials, most urgent first, then gaps, and coverage last.

Everything printed comes from a document whose texts were made visible, so no text can steer the terminal.
"""

from __future__ import annotations

import os.path
from itertools import groupby
from typing import TYPE_CHECKING, Any

from akpatrol.model import Exclusion, State
from akpatrol.report import document
from akpatrol.report.text_safety import middle_out, shell_word, visible, wrapped
from akpatrol.report.text_style import Style
from akpatrol.report.words import (
    STATUSES,
    UNVERIFIED,
    directory_of,
    duration_words,
    plural,
    size_words,
    state_name,
    status_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from akpatrol.model import Report
    from akpatrol.report import RenderOptions

_SHOWN = 5
"""Items a group shows without ``-v``."""

_COUNTS = ("files", "blobs", "commits", "tags", "trees", "refs", "members")
_LEFT_OUT = {
    Exclusion.SYMLINK: ("symbolic link",),
    Exclusion.SPECIAL_FILE: ("special file",),
    Exclusion.GIT_DIRECTORY: ("git directory", "git directories"),
    Exclusion.SUBMODULE: ("submodule",),
    Exclusion.EXCLUDE_OPTION: ("excluded path",),
    Exclusion.DELETED: ("deleted file",),
    Exclusion.GIT_LFS_POINTER: ("Git LFS pointer",),
    Exclusion.NOT_IN_INDEX: ("file not in the index", "files not in the index"),
}
_IGNORED_HEADING = "Ignored by git: the right place, never commit them"


def render(report: Report, options: RenderOptions) -> str:
    """Return the report as text."""
    whole = document.visible_tree(document.build(report, options, digest=False))
    style = Style(options.width, colour=options.colour)
    blocks = [
        _opening(whole, style),
        *_credential_blocks(whole, style, options),
        *_gaps(whole["coverage"]["skipped"], style, verbose=options.verbose > 0),
        _unread_histories(whole["summary"]["histories_not_read"], style, verbose=options.verbose > 0),
        _closing(whole, style),
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _opening(whole: Mapping[str, Any], style: Style) -> list[str]:
    summary = whole["summary"]
    unread = sum(skip["accepted"] is None for skip in whole["coverage"]["skipped"])
    found = _found(whole)
    if not whole["coverage"]["complete"]:
        found = f"INCOMPLETE: {found[0].lower()}{found[1:]}; {plural(unread, 'item')} could not be looked at"
    lines = wrapped(found, style.width)
    verdict = [
        style.verdict(line, found=summary["credentials"] > 0, complete=whole["coverage"]["complete"]) for line in lines
    ]
    return verdict + (wrapped(_overview(summary), style.width) if summary["credentials"] > 1 else [])


def _found(whole: Mapping[str, Any]) -> str:
    number = whole["summary"]["credentials"]
    if not number:
        return "No credentials found"
    places = plural(whole["summary"]["occurrences"], "place")
    return f"{_counted_found(whole['summary'])} in {places}{_of_targets(whole)}{_gently(whole['credentials'])}"


def _counted_found(summary: Mapping[str, Any]) -> str:
    number, by_status = summary["credentials"], summary["by_verification"]
    if by_status[UNVERIFIED] == number:
        return f"{plural(number, 'credential')} found ({number:,} unverified)"
    return ", ".join(f"{by_status[status]:,} {word}" for status, word in STATUSES.items() if by_status[status])


def _of_targets(whole: Mapping[str, Any]) -> str:
    found = {place["target"] for credential in whole["credentials"] for place in credential["occurrences"]}
    if len(found) <= 1:
        return ""
    kinds = {target["kind"] for target in whole["scan"]["targets"] if target["id"] in found}
    noun = ("repository", "repositories") if kinds == {"repository"} else ("target",)
    return f" of {plural(len(found), *noun)}"


def _gently(credentials: Sequence[Mapping[str, Any]]) -> str:
    ignored = [credential for credential in credentials if credential["state"] == State.IGNORED]
    if not ignored:
        return ""
    number = "all" if len(ignored) == len(credentials) else f"{len(ignored):,}"
    live = sum(status_of(credential) == "active" for credential in ignored)
    return f"; {number} only in files that git ignores" + (f" ({live:,} of them live)" if live else "")


def _overview(summary: Mapping[str, Any]) -> str:
    severities = ", ".join(f"{number:,} {name}" for name, number in summary["by_severity"].items() if number)
    states = ", ".join(f"{number:,} {state_name(name)}" for name, number in summary["by_state"].items() if number)
    return f"{severities}; {states}"


def _credential_blocks(whole: Mapping[str, Any], style: Style, options: RenderOptions) -> Iterator[list[str]]:
    if not whole["credentials"]:
        return
    from akpatrol.report.text_credential import CredentialText  # noqa: PLC0415 - most runs of a hook find nothing

    text = CredentialText(style, _roots(whole, options), options.now, verbose=options.verbose > 0)
    for is_ignored, group in groupby(whole["credentials"], lambda found: found["state"] == State.IGNORED):
        if is_ignored:
            yield [style.bold(line) for line in wrapped(_IGNORED_HEADING, style.width)]
        for credential in group:
            yield list(text.lines(credential))


def _roots(whole: Mapping[str, Any], options: RenderOptions) -> dict[str, str]:
    """Return what stands before each target's paths: nothing for one alone when there is no ``here``."""
    targets = whole["scan"]["targets"]
    return {
        target["id"]: _root(directory_of(target["kind"], target["path"]), options.here, alone=len(targets) == 1)
        for target in targets
    }


def _root(path: str, here: str | None, *, alone: bool) -> str:
    if here is not None and os.path.isabs(path):
        relative = os.path.relpath(path, visible(here))
        if relative == ".":
            return ""
        if not relative.startswith(".."):
            return relative
    return "" if alone else path


def _gaps(skipped: Sequence[Mapping[str, Any]], style: Style, *, verbose: bool) -> Iterator[list[str]]:
    for is_accepted, heading in ((False, "Not looked at"), (True, "Not looked at, accepted")):
        skips = [skip for skip in skipped if (skip["accepted"] is not None) == is_accepted]
        if not skips:
            continue
        lines = [style.bold(heading) if is_accepted else style.warning(heading)]
        reasons = groupby(skips, lambda skip: (skip["reason"], skip["accepted"]))
        groups = [(reason, list(group)) for reason, group in reasons]
        groups.sort(key=lambda item: -len(item[1]))
        for (reason, accepted), group in groups if verbose else groups[:_SHOWN]:
            because = f"; accepted: {accepted}" if accepted else ""
            lines += ["  " + line for line in wrapped(f"{reason}{because} ({len(group):,})", style.width - 2)]
            lines += ["    " + item for item in _some([skip["item"] for skip in group], verbose=verbose)]
        if more := 0 if verbose else len(groups[_SHOWN:]):
            lines.append(f"  and {plural(more, 'more reason')}; -v shows them")
        yield lines


def _some(items: Sequence[str], *, verbose: bool) -> list[str]:
    shown = [middle_out(item, 320) for item in (items if verbose else items[:_SHOWN])]
    return [*shown, f"and {len(items) - len(shown):,} more"] if len(items) > len(shown) else shown


def _unread_histories(paths: Sequence[str], style: Style, *, verbose: bool) -> list[str]:
    if not paths:
        return []
    repositories = "1 repository" if len(paths) == 1 else f"{len(paths):,} repositories"
    commands = _some([f"akpatrol history {shell_word(path)}" for path in paths], verbose=verbose)
    return [
        *wrapped(f"History of {repositories} not read; run:", style.width),
        *("  " + line for line in commands),
    ]


def _closing(whole: Mapping[str, Any], style: Style) -> list[str]:
    below = whole["summary"]["below_min_confidence"]
    more = f"{below:,} more below the minimum confidence; --min-confidence low shows them" if below else ""
    return [*(wrapped(more, style.width) if more else []), _coverage(whole)]


def _coverage(whole: Mapping[str, Any]) -> str:
    coverage = whole["coverage"]
    counts = dict(coverage["counts"])
    names = [name for name in _COUNTS if name in counts] + [name for name in counts if name not in _COUNTS]
    looked = [_counted(counts[name], name) for name in names if counts[name]] or ["nothing"]
    by_number = sorted(coverage["excluded"], key=lambda entry: -entry["count"])
    excluded = [_left_out(entry["count"], entry["reason"]) for entry in by_number if entry["count"]]
    accepted = sum(skip["accepted"] is not None for skip in coverage["skipped"])
    unread = len(coverage["skipped"]) - accepted
    looked_at = f"Looked at {', '.join(looked)}, {size_words(coverage['bytes'])}"
    parts = [
        f"{looked_at} in {duration_words(whole['scan']['duration_seconds'])}",
        f"left out {', '.join(excluded)}" if excluded else "",
        f"{unread:,} not readable" if unread else "",
        f"{accepted:,} not looked at, accepted" if accepted else "",
    ]
    return "; ".join(part for part in parts if part)


def _counted(number: int, name: str) -> str:
    return plural(number, name.replace("_", " ").removesuffix("s"))


def _left_out(number: int, reason: str) -> str:
    return plural(number, *_LEFT_OUT[Exclusion(reason)])
