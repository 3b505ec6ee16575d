"""Markdown for a comment on a pull request, a ticket or a step's summary: the verdict, a table, then each finding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.report import changes_text, document, local_sources
from akpatrol.report.advice import Situation, leaked_action, situation
from akpatrol.report.markdown_safety import code, html_code, html_prose, prose
from akpatrol.report.messages import capital, title
from akpatrol.report.number_words import plural
from akpatrol.report.overview import allowed_words, coverage_words, findings_of, overview, verdict
from akpatrol.report.place_view import states_of
from akpatrol.report.spread import removal_words, version_words
from akpatrol.report.text_credential import telling_places
from akpatrol.report.text_safety import head, middle_out
from akpatrol.report.verification_text import allowance_words, owner_lines, verification_lines
from akpatrol.report.wording import (
    STATUSES,
    also_at,
    attribution_words,
    code_owners,
    commit_words,
    directory_of,
    doubts,
    is_address,
    location,
    moved_words,
    since_words,
    state_words,
    status_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from akpatrol.model.report import Report
    from akpatrol.report import RenderOptions
    from akpatrol.report.view import (
        ChangesView,
        CommitView,
        CredentialView,
        LocalSourceView,
        OccurrenceView,
        ReportView,
        TargetView,
    )

COMMENT_LIMIT = 65_536
"""Characters of a comment that GitHub takes; GitLab takes more."""

_TABLE = (
    "| # | severity | live? | credential | what | where |",
    "|--:|---|---|---|---|---|",
)
_NOTES = 20
"""Gaps, notices and stale allowances that are listed, of each."""
_PATH_WIDTH = 200
_NAME_WIDTH = 60
_LINE_WIDTH = 500


def render(report: Report, options: RenderOptions, room: int = COMMENT_LIMIT) -> str:
    """Return the report in at most ``room`` bytes, with secrets masked regardless of the options."""
    view = document.build_visible(report, options._replace(show_secrets=False))
    first, last = "\n".join(_opening(view, room // 4)), "\n".join(_closing(view, room // 8))
    sources = "\n".join(_sources(view["sources"], room // 8, options.now))
    room -= _size(first) + _size(sources) + _size(last) + _LINE_WIDTH
    findings = findings_of(view)
    roots = _roots(view["scan"]["targets"])
    # At most half of the room for the table: a row per finding says more than all details of one finding.
    rows = _fitting((_row(number, finding, roots) for number, finding in enumerate(findings, 1)), room // 2)
    table = [*_TABLE, *rows, *_more(len(findings) - len(rows), "in the table")] if rows else []
    room -= _size("\n".join(table))
    details = _fitting(("\n".join(_details(*pair, roots, options.now)) for pair in enumerate(findings, 1)), room)
    parts = [first, "\n".join(table), *details, *_more(len(findings) - len(details), "in detail"), sources, last]
    return "\n\n".join(part for part in parts if part) + "\n"


def _size(text: str) -> int:
    return len(text.encode())


def _fitting(texts: Iterable[str], room: int) -> list[str]:
    fitted = []
    for text in texts:
        room -= _size(text) + len("\n\n")
        if room < 0:
            break
        fitted.append(text)
    return fitted


def _more(number: int, where: str, what: str = "finding") -> list[str]:
    return [f"\n{plural(number, f'more {what}')} not shown {where}; the JSON report has them all."] if number else []


def _roots(targets: Sequence[TargetView]) -> dict[str, str]:
    """Return the prefix of each target's paths: empty when there is one target."""
    if len(targets) == 1 and not is_address(targets[0]["path"]):
        return {}
    return {target["id"]: directory_of(target["kind"], target["path"]) for target in targets}


def _opening(view: ReportView, room: int) -> Iterator[str]:
    yield f"## akpatrol: {prose(verdict(view))}"
    if view["summary"]["findings"] > 1:
        yield f"\n{prose(capital(overview(view)))}."
    if view["changes"]:
        yield from _changes(view["changes"], room)


def _changes(changes: ChangesView, room: int) -> Iterator[str]:
    yield f"\n**{prose(changes_text.heading(changes))}**\n"
    entries = changes_text.entries(changes)
    items = _fitting((_change(*entry) for entry in entries), room)
    yield from items
    if more := len(entries) - len(items):
        yield f"- and {more:,} more"


def _change(word: str, redacted: str, detail: str) -> str:
    return f"- {word}: {code(redacted)}" + f" {prose(head(detail, _LINE_WIDTH))}" * bool(detail)


def _where(place: OccurrenceView, roots: Mapping[str, str]) -> str:
    short: OccurrenceView = {**place, "refs": [middle_out(ref, _NAME_WIDTH) for ref in place["refs"]]}
    return middle_out(location(short, roots.get(place["target"], "")), _PATH_WIDTH)


def _row(number: int, finding: CredentialView, roots: Mapping[str, str]) -> str:
    places, status = finding["occurrences"], status_of(finding)
    where = [code(_where(places[0], roots))] if places else []
    if more := len(places) - 1:
        where += [f"and {plural(more, 'more place')}"] if places else []
    live = STATUSES[status] + (", though allowed" if finding["allowed"] else "")
    cells = [
        str(number),
        finding["severity"],
        f"**{live}**" if status == "active" else live,
        code(finding["redacted"]),
        prose(head(title(finding), _PATH_WIDTH)),
        " ".join(where),
    ]
    return f"| {' | '.join(cells)} |"


def _details(number: int, finding: CredentialView, roots: Mapping[str, str], now: datetime) -> Iterator[str]:
    named = f"{number}. {html_code(finding['redacted'])} {html_prose(head(title(finding), _PATH_WIDTH))}"
    yield f"<details>\n<summary>{named}</summary>\n"
    for line in _facts(finding, now):
        yield f"{'  ' * line.startswith('- ')}- {prose(capital(head(line.removeprefix('- '), _LINE_WIDTH)))}"
    for place in telling_places(finding["occurrences"]):
        yield f"- In {code(_where(place, roots))}: {prose(_history(place, now))}"
        if context := place["context"]:
            yield f"  - Line: {code(context)}"
    if more := len(finding["occurrences"]) - len(telling_places(finding["occurrences"])):
        yield f"- And {plural(more, 'more place')}"
    yield f"- **Next:** {prose(_next(finding))}"
    for step, text in enumerate(finding["remediation"]["steps"], 1):
        yield f"  - Step {step}: {prose(head(text, _LINE_WIDTH))}"
    yield f"- Fingerprint {code(finding['fingerprint'])}"
    yield "\n</details>"


def _facts(finding: CredentialView, now: datetime) -> Iterator[str]:
    yield f"{finding['confidence']} confidence, {attribution_words(finding['kind'], finding['attribution'])}"
    if not finding["verification"]:
        yield "not verified"
    yield from verification_lines(finding["verification"], now, verbose=False)
    if finding["allowed"]:
        yield f"{allowance_words(finding['allowed'])}. But it is live."
    yield from owner_lines(finding["owner"], now, verbose=False)
    if finding["exposure"]:
        yield "every visitor of a web page can read it"


def _history(place: OccurrenceView, now: datetime) -> str:
    facts = [state_words({**place, "refs": [middle_out(ref, _NAME_WIDTH) for ref in place["refs"]]})]
    if introduced := place["introduced"]:
        short: CommitView = {**introduced, "author": head(introduced["author"], _NAME_WIDTH)}
        facts.append(f"{since_words(short)} {commit_words(short, now)}")
        if introduced["summary"]:
            facts.append(f'"{head(introduced["summary"], _NAME_WIDTH)}"')
    if moved := place["moved_from"]:
        facts.append(moved_words(moved, middle_out(moved["path"], _NAME_WIDTH)))
    if others := [middle_out(path, _NAME_WIDTH) for path in place["paths"] if path != place["path"]]:
        facts.append(also_at(place, others))
    if place["removed"]:
        facts.append(removal_words(place) + commit_words(place["removed"], now))
    facts += filter(None, [version_words(place["versions"])])
    facts += doubts(place)
    facts += code_owners(place)
    return "; ".join(facts)


def _next(finding: CredentialView) -> str:
    states = states_of(finding) or {finding["state"]}
    match situation(states):
        case Situation.IGNORED:
            return "leave it there, which is the right place, and never commit it."
        case Situation.STAGED:
            return "remove it before you commit: nothing has leaked yet."
    return leaked_action(finding, states)


def _sources(sources: Sequence[LocalSourceView], room: int, now: datetime) -> Iterator[str]:
    """Yield a row for each place of a workstation that exists, and the names of the others."""
    if not sources:
        return
    yield f"**{prose(local_sources.heading(sources))}**\n"
    yield from ("| state | source | contents | what to do |", "|---|---|---|---|")
    present = [source for source in local_sources.ordered(sources) if source["state"] != "absent"]
    rows = _fitting((_source(source, now) for source in present), room)
    yield from rows
    yield from _more(len(present) - len(rows), "in this table", "source")
    if absent := [source["title"] for source in sources if source["state"] == "absent"]:
        yield f"\nAbsent: {prose(head(', '.join(absent), room // 4))}"


def _source(source: LocalSourceView, now: datetime) -> str:
    advice = source["advice"] if source["findings"] else ""
    cells = local_sources.state_words(source), source["title"], local_sources.contents(source, now), advice
    return f"| {' | '.join(prose(head(cell, _LINE_WIDTH)) for cell in cells)} |"


def _closing(view: ReportView, room: int) -> Iterator[str]:
    if allowed := allowed_words(view["summary"]):
        yield f"{prose(capital(allowed))}.\n"
    yield from _listed("Notices", view["notices"], room)
    yield from _listed(
        "Stale allowances",
        [f"{entry['entry']}, {entry['where']}: {entry['reason']}" for entry in view["stale"]],
        room,
    )
    skipped = view["coverage"]["skipped"]
    unread = [f"{skip['item']}: {skip['reason']}" for skip in skipped if skip["accepted"] is None]
    yield from _listed("Not scanned", unread, room)
    yield prose(coverage_words(view)) + "."


def _listed(heading: str, texts: Sequence[str], room: int) -> Iterator[str]:
    if not texts:
        return
    yield f"**{heading}** ({len(texts):,})\n"
    items = _fitting((f"- {code(head(text, _LINE_WIDTH))}" for text in texts[:_NOTES]), room)
    yield from items
    if more := len(texts) - len(items):
        yield f"- and {more:,} more"
    yield ""
