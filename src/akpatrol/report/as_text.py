"""Text: for people. The verdict first, then credentials, most urgent first, then gaps, and coverage last.

All output comes from a document whose texts were made visible, so no text can control the terminal.
"""

from __future__ import annotations

import os.path
from collections import Counter
from itertools import chain, groupby
from typing import TYPE_CHECKING

from akpatrol.model.scan import State
from akpatrol.report import document
from akpatrol.report.number_words import plural
from akpatrol.report.overview import allowed_of, allowed_words, coverage_words, findings_of, overview, verdict
from akpatrol.report.text_safety import columns, middle_out, shell_word, visible, wrapped
from akpatrol.report.text_style import Style
from akpatrol.report.wording import directory_of, is_address, location, short_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from akpatrol.model.report import Report
    from akpatrol.report import RenderOptions
    from akpatrol.report.text_credential import CredentialText
    from akpatrol.report.view import ChangesView, CredentialView, ReportView, SkipView, StaleView, SummaryView

_SHOWN = 5
"""Items a group shows without ``-v``."""

_IN_FULL = 10
"""Credentials shown in full without ``-v``; the others get a line each."""

_FEW = 3
"""Up to so many credentials each have what to do beside them; of more it is said once, after all of them."""

_SCREENFUL = 5
"""With more credentials than this the first one scrolls off the screen, so the last lines name it."""

_IGNORED_HEADING = "Ignored by git: the right place, never commit them"
_CHANGE_HEADINGS = {"new": "New", "changed": "Changed"}
_STALE_HEADING = "Stale allowances: they match nothing any more and can be removed"


def pieces(report: Report, options: RenderOptions) -> Iterator[str]:
    """Yield the report as text."""
    view = document.build_visible(report, options, digest=False)
    lead = ""
    for block in _blocks(view, options):
        for line in block:
            yield lead + line
            lead = "\n"
        lead = "\n\n" if lead else ""
    yield "\n"


def _blocks(view: ReportView, options: RenderOptions) -> Iterator[Iterable[str]]:
    """Yield the lines of each block."""
    style = Style(options.width, colour=options.colour)
    roots = _roots(view, options)
    names = short_names(credential["fingerprint"] for credential in view["credentials"])
    yield _opening(view, style)
    yield _changes(view["changes"], style)
    yield from _credential_blocks(view, roots, names, style, options)
    yield _allowing(view, names, style, options)
    yield _allowed(view["summary"], style, verbose=options.verbose > 0)
    yield _sources(view, style, options)
    yield _notices(view["notices"], style)
    yield _stale(view["stale"], style, verbose=options.verbose > 0)
    yield from _gaps(view["coverage"]["skipped"], style, verbose=options.verbose > 0)
    yield _unread_histories(view["summary"]["histories_not_read"], style, options)
    yield _closing(view, roots, style)


def _opening(view: ReportView, style: Style) -> list[str]:
    summary = view["summary"]
    return _verdict(view, style) + (wrapped(overview(view), style.width) if summary["findings"] > 1 else [])


def _verdict(view: ReportView, style: Style) -> list[str]:
    coverage, has_findings = view["coverage"], view["summary"]["findings"] > 0
    complete = coverage["complete"] and not coverage["unsearched_rules"]
    return [
        style.verdict(line, has_findings=has_findings, complete=complete)
        for line in wrapped(verdict(view), style.width)
    ]


def _changes(changes: ChangesView | None, style: Style) -> list[str]:
    if not changes:
        return []
    from akpatrol.report import changes_text  # noqa: PLC0415 - only a store has an earlier run

    lines = [style.bold(line) for line in wrapped(changes_text.heading(changes), style.width)]
    for word, redacted, detail in changes_text.entries(changes):
        lines.append(f"  {word:<8} {redacted}" + f"  {detail}" * bool(detail))
    return lines


def _credential_blocks(
    view: ReportView, roots: Mapping[str, str], names: Mapping[str, str], style: Style, options: RenderOptions
) -> Iterator[Iterable[str]]:
    if not view["credentials"]:
        return
    from akpatrol.report.text_credential import CredentialText  # noqa: PLC0415 - most runs of a hook find nothing

    text = CredentialText(style, roots, names, options)
    advise = options.verbose > 0 or len(findings_of(view)) <= _FEW
    for heading, listed in _groups(view):
        if heading:
            yield [style.bold(line) for line in wrapped(heading, style.width)]
        in_full = listed if options.verbose else listed[:_IN_FULL]
        for credential in in_full:
            yield text.lines(credential, advise=advise)
        if rest := listed[len(in_full) :]:
            more = [style.bold(line) for line in wrapped(f"{len(rest):,} more; -v shows them in full", style.width)]
            yield chain(more, ("  " + text.line(credential) for credential in rest))
    if not advise:
        yield _advice(view, text, style)
    if options.verbose and allowed_of(view):
        yield [style.bold("Allowed")]
        for credential in allowed_of(view):
            yield text.lines(credential)


def _groups(view: ReportView) -> Iterator[tuple[str, Sequence[CredentialView]]]:
    """Yield the findings under their headings: by what changed since an earlier run, those that git ignores last."""
    changes = view["changes"]["credentials"] if view["changes"] else ()
    change = {entry["fingerprint"]: entry["change"] for entry in changes}

    def heading(credential: CredentialView) -> str:
        if credential["state"] == State.IGNORED:
            return _IGNORED_HEADING
        return _CHANGE_HEADINGS.get(change.get(credential["fingerprint"], ""), "")

    from akpatrol.model.places import Remade  # noqa: PLC0415 - most runs of a hook find nothing

    findings = findings_of(view)
    places: dict[str, list[int]] = {name: [] for name in ("", *_CHANGE_HEADINGS.values(), _IGNORED_HEADING)}
    for number, credential in enumerate(findings):
        places[heading(credential)].append(number)
    for name, numbers in places.items():
        if numbers:
            is_all = len(numbers) == len(findings)
            yield name, findings if is_all else Remade(findings.__getitem__, numbers)


def _advice(view: ReportView, text: CredentialText, style: Style) -> Iterator[str]:
    """Yield each thing to do once, with the number of credentials that it is for, unless it is for all."""
    findings = findings_of(view)
    number: Counter[tuple[str, ...]] = Counter(
        tuple(block) for credential in findings for block in text.advice(credential, among_many=True)
    )
    yield style.bold("What to do")
    for lines, count in number.items():
        if count < len(findings):
            yield f"  With {count:,} of {len(findings):,}:"
        yield from lines


def _allowing(view: ReportView, names: Mapping[str, str], style: Style, options: RenderOptions) -> list[str]:
    """Say how to allow what is known and harmless, once."""
    waiting = [names[finding["fingerprint"]] for finding in _committed(view) if not finding["allowed"]]
    # No configuration of a home counts, so an allowance written there would change nothing.
    if not waiting or view["sources"]:
        return []
    from akpatrol.report.allowing import how_to_allow  # noqa: PLC0415 - most runs of a hook find nothing

    sentence, command = how_to_allow(view["scan"]["command"], waiting, options)
    lines = wrapped(sentence, style.width)
    # A command stays on one line, to be copied.
    if columns(lines[-1]) + columns(command) < style.width:
        return [*lines[:-1], f"{lines[-1]} {style.dim(command)}"]
    return [*lines, "  " + style.dim(command)]


def _sources(view: ReportView, style: Style, options: RenderOptions) -> list[str]:
    if not view["sources"]:
        return []
    from akpatrol.report import local_sources  # noqa: PLC0415 - one command has them

    return list(local_sources.lines(view["sources"], style, options.now))


def _allowed(summary: SummaryView, style: Style, *, verbose: bool) -> list[str]:
    allowed = allowed_words(summary)
    return wrapped(allowed if verbose else f"{allowed}; -v lists them", style.width) if allowed else []


def _notices(notices: Sequence[str], style: Style) -> list[str]:
    return [style.warning(line) for notice in notices for line in wrapped(notice, style.width)]


def _stale(entries: Sequence[StaleView], style: Style, *, verbose: bool) -> list[str]:
    if not entries:
        return []
    items = [f"{entry['entry']}, {entry['where']}: {entry['reason']}" for entry in entries]
    return [
        *(style.bold(line) for line in wrapped(_STALE_HEADING, style.width)),
        *("  " + item for item in _some(items, verbose=verbose)),
    ]


def _roots(view: ReportView, options: RenderOptions) -> dict[str, str]:
    """Return the prefix of each target's paths: empty for a single target without ``here``."""
    targets = view["scan"]["targets"]
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
    return "" if alone and not is_address(path) else path


def _gaps(skipped: Sequence[SkipView], style: Style, *, verbose: bool) -> Iterator[list[str]]:
    for is_accepted, heading in ((False, "Not scanned"), (True, "Not scanned, accepted")):
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
    lines = [middle_out(item, 320) for item in (items if verbose else items[:_SHOWN])]
    return [*lines, f"and {len(items) - len(lines):,} more"] if len(items) > len(lines) else lines


def _unread_histories(paths: Sequence[str], style: Style, options: RenderOptions) -> list[str]:
    if not paths:
        return []
    verbose = options.verbose > 0
    repositories = "1 repository" if len(paths) == 1 else f"{len(paths):,} repositories"
    commands = _some([f"{options.program} history {shell_word(path)}" for path in paths], verbose=verbose)
    return [
        *wrapped(f"History of {repositories} not scanned; run:", style.width),
        *("  " + line for line in commands),
    ]


def _committed(view: ReportView) -> Iterator[CredentialView]:
    """Yield the findings that git does not ignore."""
    return (finding for finding in findings_of(view) if finding["state"] != State.IGNORED)


def _closing(view: ReportView, roots: Mapping[str, str], style: Style) -> list[str]:
    below = view["summary"]["below_min_confidence"]
    more = f"{below:,} more below the minimum confidence; --min-confidence low shows them" if below else ""
    # For staged changes a notice names these places.
    in_base = view["summary"]["already_in_base"] if view["scan"]["command"] != "staged" else 0
    known = f"{plural(in_base, 'place')} already in the base, so not new" if in_base else ""
    lines = [*(wrapped(more, style.width) if more else []), *([known] if known else []), coverage_words(view)]
    if view["summary"]["findings"] > _SCREENFUL and (first := next(_committed(view), None)):
        where = next((location(place, roots.get(place["target"], "")) for place in first["occurrences"]), "")
        lines.append(style.bold(f"Start with {first['redacted']}{', ' * bool(where)}{middle_out(where, 320)}"))
    return lines
