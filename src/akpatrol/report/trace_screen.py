"""Every place of one credential on one screen: what it is, since and until when, who, live or not, what to do."""

from __future__ import annotations

import os.path
from typing import TYPE_CHECKING

from akpatrol.model.credential import Taken
from akpatrol.model.scan import Place, State
from akpatrol.report import document
from akpatrol.report.advice import leaked_action
from akpatrol.report.number_words import plural
from akpatrol.report.overview import coverage_words, unsearched_words
from akpatrol.report.spread import version_words
from akpatrol.report.text_safety import head, middle_out, visible, wrapped
from akpatrol.report.text_style import Style
from akpatrol.report.verification_text import owner_lines, verification_lines
from akpatrol.report.wording import (
    SHORT_ID,
    attribution_words,
    credential_name,
    date_words,
    directory_of,
    doubts,
    location,
    moved_words,
    short_ref,
    since_words,
    state_name,
    state_words,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from akpatrol.model.report import Report
    from akpatrol.report import RenderOptions
    from akpatrol.report.view import (
        CommitView,
        CredentialView,
        OccurrenceView,
        QueryView,
        RemovalView,
        ReportView,
        TargetView,
    )

_COLUMNS, _ROWS = 80, 24
_LEAST_PLACES = 2
_ROWS_A_PLACE = 2
_REASONS = 2
_NAME_WIDTH = 40
_IN_TREES = (Place.CONTENT, Place.PATH)
_TAKEN = {
    Taken.CREDENTIAL: "a credential",
    Taken.FINGERPRINT: "a fingerprint",
    Taken.SHA256: "a SHA-256",
    Taken.KEY_ID: "a key id",
    Taken.TEXT: "a text",
}
_GONE = (State.REMOVED, State.UNREACHABLE)


def render(report: Report, options: RenderOptions) -> str:
    """Return the screen; with ``-v`` all places, however many."""
    view = document.build_visible(report, options, digest=False)
    style = Style(min(options.width, _COLUMNS), colour=options.colour)
    queries = list(dict.fromkeys(query.what for query in report.answers))
    verdict = [*_verdict(view, queries, style), *wrapped(_readings(view["asked"]), style.width)]
    blocks = [
        (
            list(_about(credential, options, style)),
            _places(credential, view, options, style),
            list(_next(credential, style)),
        )
        for credential in view["credentials"]
    ]
    closing = [*_gaps(view, style), *wrapped(coverage_words(view), style.width)]
    rows = len(verdict) + len(closing) + sum(len(about) + len(next_) + 1 for about, _, next_ in blocks) + 1
    room = max(_LEAST_PLACES, (_ROWS - rows) // _ROWS_A_PLACE // max(1, len(blocks)))
    lines = verdict
    for about, places, next_ in blocks:
        visible_places = places if options.verbose else places[:room]
        more = len(places) - len(visible_places)
        rest = [f"  and {plural(more, 'more place')}; -v shows all"] if more else []
        lines += [*about, *(line for place in visible_places for line in place), *rest, *next_]
    return "".join(f"{line}\n" for line in [*lines, *closing])


def _verdict(view: ReportView, queries: Sequence[str], style: Style) -> Iterator[str]:
    credentials, complete = view["credentials"], view["coverage"]["complete"]
    name = visible(", ".join(queries))
    if credentials:
        places = plural(sum(len(credential["occurrences"]) for credential in credentials), "place")
        which = "" if len(credentials) == 1 else f"; {len(credentials):,} credentials match"
        sentence = f"{name}: found in {places}{which}" + ("" if complete else "; not everything could be scanned")
    elif complete:
        sentence = f"{name}: found nowhere"
    else:
        sentence = f"{name}: INCOMPLETE: not found, but not everything could be scanned"
    if unsearched := unsearched_words(view["coverage"]["unsearched_rules"]):
        sentence, complete = f"{sentence}; rules {unsearched}", False
    yield from (
        style.verdict(line, has_findings=bool(credentials), complete=complete)
        for line in wrapped(sentence, style.width)
    )


def _readings(queries: Sequence[QueryView]) -> str:
    """Return how the query was interpreted, and how it was found."""
    names = [_TAKEN[Taken(query["taken_for"])] for query in queries if query["taken_for"]]
    readings = [_TAKEN[Taken(query["taken_for"])] for query in queries if query["taken_for"] and query["found"]]
    return f"read as {' and as '.join(names)}" + (f"; found as {readings[0]}" if len(names) > 1 and readings else "")


def _about(credential: CredentialView, options: RenderOptions, style: Style) -> Iterator[str]:
    kind, attribution = credential["kind"], credential["attribution"]
    id_ = f", key id {head(credential['key_id'], _NAME_WIDTH)}" if credential["key_id"] else ""
    name = f"{credential_name(credential)}{id_}"
    yield f"{style.severity(credential['severity'])}  {style.bold(credential['redacted'])}  {name}"
    facts = [f"{attribution_words(kind, attribution)}; {_time(credential['occurrences'], options.now)}"]
    if credential["verification"]:
        facts += verification_lines(credential["verification"], options.now, verbose=False)
    else:
        facts.append("not verified: --verify checks whether it is live and what it can do")
    facts += owner_lines(credential["owner"], options.now, verbose=False)
    yield from ("  " + line for fact in facts for line in wrapped(fact, style.width - 2))


def _time(places: Sequence[OccurrenceView], now: datetime) -> str:
    """Say from when until when it existed anywhere, and who introduced it."""
    first = min((place["introduced"] for place in places if place["introduced"]), key=_date, default=None)
    since = (
        f"{since_words(first)} {date_words(first['date'], now)}, by {_author(first)}" if first else "start date unknown"
    )
    removed = [place["removed"] for place in places if place["removed"]]
    if removed and all(place["state"] in _GONE for place in places):
        return f"{since}, until {date_words(max(removed, key=_date)['date'], now)}"
    return since


def _places(credential: CredentialView, view: ReportView, options: RenderOptions, style: Style) -> list[list[str]]:
    """Return the lines of each place, most important first: the git directory's own files repeat what commits hold."""
    roots = {target["id"]: _root(target, options.here) for target in view["scan"]["targets"]}
    ordered = sorted(credential["occurrences"], key=lambda place: bool(place["place"] == Place.GIT_DIR))
    return [list(_place(place, roots.get(place["target"], ""), style)) for place in ordered]


def _place(place: OccurrenceView, root: str, style: Style) -> Iterator[str]:
    short: OccurrenceView = {**place, "refs": [middle_out(short_ref(ref), _NAME_WIDTH) for ref in place["refs"]]}
    in_files = place["path"] is not None
    where = location(short, root if in_files else "")
    yield "  " + style.path(middle_out(where if in_files or not root else f"{root}: {where}", style.width - 2))
    state = state_name(place["state"]) if place["place"] in _IN_TREES else state_words(short)
    since, until = place["introduced"], place["removed"]
    times = f"{since_words(since)} {since['date'][:10]}" if since else ""
    times += f" until {until['date'][:10]}" if until else ""
    facts = [times.strip(), f"{_author(since)} in {since['id'][:SHORT_ID]}" if since else "", state]
    facts += filter(None, [version_words(place["versions"])])
    if moved := place["moved_from"]:
        facts.append(moved_words(moved, middle_out(moved["path"], _NAME_WIDTH)))
    if place["paths_truncated"]:
        facts.append(f"on more than {len(place['paths']):,} paths")
    facts += [f"encoded as {', '.join(place['encodings'])}"] if place["encodings"] else []
    facts += doubts(place)
    yield "    " + head("; ".join(filter(None, facts)), style.width - 4)


def _next(credential: CredentialView, style: Style) -> Iterator[str]:
    action = leaked_action(credential, {place["state"] for place in credential["occurrences"]})
    lines = wrapped(f"Next: {action}", style.width)
    yield style.action("Next:") + lines[0].removeprefix("Next:")
    yield from lines[1:]
    yield style.dim(credential["fingerprint"])


def _gaps(view: ReportView, style: Style) -> Iterator[str]:
    unread = [skip for skip in view["coverage"]["skipped"] if skip["accepted"] is None]
    for skip in unread[:_REASONS]:
        line = f"not scanned: {middle_out(skip['item'], _NAME_WIDTH)}: {skip['reason']}"
        yield from (style.warning(part) for part in wrapped(line, style.width))
    if len(unread) > _REASONS:
        yield style.warning(f"not scanned: {len(unread) - _REASONS:,} more; -f json lists all")


def _root(target: TargetView, here: str | None) -> str:
    """Return the prefix of a target's paths, relative to the current directory when they are below it."""
    path = directory_of(target["kind"], target["path"])
    relative = os.path.relpath(path, visible(here)) if here and os.path.isabs(path) else path
    return "" if relative == "." else path if relative.startswith("..") else relative


def _author(commit: CommitView) -> str:
    return head(commit["author"].partition(" <")[0] or "nobody", _NAME_WIDTH)


def _date(commit: RemovalView) -> str:
    return str(commit["date"])
