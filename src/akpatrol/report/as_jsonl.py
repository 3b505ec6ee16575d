"""JSON Lines: a header, one line a credential, coverage and summary last, so that a cut file shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.report import document
from akpatrol.report.as_json import dumped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from akpatrol.model.report import Report
    from akpatrol.report import RenderOptions
    from akpatrol.report.view import CredentialView


_NO_PLACES = '"occurrences": []'
_LAST = ("coverage", "notices", "stale", "asked", "changes", "sources", "summary")


def pieces(report: Report, options: RenderOptions) -> Iterator[str]:
    """Yield the report, one JSON object per line."""
    view, credentials = document.in_parts(report, options)
    fields: Mapping[str, object] = view
    yield dumped({"type": "header", **{key: fields[key] for key in ("schema_version", "tool", "scan")}}) + "\n"
    for credential in credentials:
        yield from _credential(credential)
        yield "\n"
    yield dumped({"type": "coverage", **{key: fields[key] for key in _LAST}}) + "\n"


def _credential(credential: CredentialView) -> Iterator[str]:
    places = credential["occurrences"]
    if isinstance(places, list):
        yield dumped({"type": "credential", **credential})
        return
    # No text holds this: its quotes would be escaped.
    before, empty, after = dumped({"type": "credential", **credential, "occurrences": []}).partition(_NO_PLACES)
    yield before + empty[:-1]
    for number, place in enumerate(places):
        yield ", " * (number > 0) + dumped(place)
    yield "]" + after
