"""GitHub Actions' workflow commands, which show findings at their lines in a pull request.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands. The runner keeps ten commands a
level and step (https://github.com/orgs/community/discussions/26680).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.model.scan import Place, State
from akpatrol.report import document, locations
from akpatrol.report.mask import Mask
from akpatrol.report.messages import skip_message, title
from akpatrol.report.number_words import plural
from akpatrol.report.overview import allowed_words, coverage_words, verdict
from akpatrol.report.text_safety import head, visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from akpatrol.model.report import Report
    from akpatrol.report import RenderOptions
    from akpatrol.report.locations import PathFinding
    from akpatrol.report.view import ReportView

ANNOTATION_LIMIT = 10
_COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}
_GONE = {State.REMOVED, State.UNREACHABLE}
_MESSAGE_WIDTH = 4000
_NAMED = 3
"""Items that one annotation names."""


def render(report: Report, options: RenderOptions) -> str:
    """Return the report as log lines that the runner turns into annotations, secrets always masked."""
    masked = options._replace(show_secrets=False)
    view = document.build_visible(report, masked)
    gaps = list(_gaps(view))
    notes = list(_notes(view))
    # Gaps and notes count among the ten too, because the runner drops arbitrary ones.
    room = ANNOTATION_LIMIT - len(gaps) - len(notes)
    findings = locations.in_order(report, view, Mask(masked).redact)
    annotations = [_annotation(place) for place in findings[: max(0, room)]]
    lines = [_plain(verdict(view)), *annotations]
    if more := len(findings) - len(annotations):
        lines.append(_plain(f"not annotated: {plural(more, 'more place')}"))
    if allowed := allowed_words(view["summary"]):
        lines.append(_plain(allowed))
    return "\n".join([*lines, *gaps, *notes, _plain(coverage_words(view))]) + "\n"


def command(name: str, properties: Mapping[str, str | int | None], message: str) -> str:
    """Return one workflow command; properties that are None are left out.

    Escaped as in https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts.
    """
    assignments = [f"{key}={_property(str(value))}" for key, value in properties.items() if value is not None]
    return f"::{name} {','.join(assignments)}::{_data(message)}"


def _plain(text: str) -> str:
    """Return a log line that holds no command, not even in the old form, which can occur anywhere in a line."""
    return f"akpatrol: {text}".replace("##[", "## [")


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _annotation(place: PathFinding) -> str:
    return command(_COMMANDS[place.level], {**_position(place), "title": title(place.view)}, _cut(place.message))


def _position(place: PathFinding) -> dict[str, str | int | None]:
    """Return where it is in the checkout: nothing if there is no such file, or no longer."""
    occurrence = place.occurrence
    if occurrence.place not in {Place.CONTENT, Place.PATH} or not occurrence.path or occurrence.state in _GONE:
        return {}
    position: dict[str, str | int | None] = {"file": visible(place.path)}
    if place.lines:
        line, end_line = place.lines
        position |= {"line": line, "endLine": end_line}
        if line == end_line:  # columns are of one line
            position |= {"col": occurrence.column, "endColumn": occurrence.column and occurrence.end_column}
    return position


def _gaps(view: ReportView) -> Iterator[str]:
    skipped = [skip_message(skip) for skip in view["coverage"]["skipped"] if not skip["accepted"]]
    if skipped:
        yield command("warning", {"title": f"{plural(len(skipped), 'item')} not scanned"}, _some(skipped))


def _notes(view: ReportView) -> Iterator[str]:
    if notices := view["notices"]:
        yield command("notice", {"title": "Notices"}, _some(notices))
    if stale := view["stale"]:
        entries = [f"{entry['entry']}, {entry['where']}: {entry['reason']}" for entry in stale]
        yield command("notice", {"title": "Stale allowances"}, _some(entries))


def _some(texts: Sequence[str]) -> str:
    more = [f"and {len(texts) - _NAMED:,} more"] if len(texts) > _NAMED else []
    return _cut("\n".join([*texts[:_NAMED], *more]))


def _cut(text: str) -> str:
    return head(text, _MESSAGE_WIDTH)
