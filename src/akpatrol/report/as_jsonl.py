"""JSON Lines: a header, one line a credential, coverage and summary last, so that a cut file shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.report import document
from akpatrol.report.as_json import dumped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from akpatrol.model.report import Report
    from akpatrol.report import RenderOptions
    from akpatrol.report.view import CredentialView, ReportView


_LAST = ("coverage", "notices", "stale", "asked", "changes", "sources", "summary")


def render(report: Report, options: RenderOptions) -> str:
    """Return the report, one JSON object per line."""
    view, credentials = document.in_parts(report, options)
    return "".join(dumped(line) + "\n" for line in _lines(view, credentials))


def _lines(view: ReportView, credentials: Iterable[CredentialView]) -> Iterator[dict[str, object]]:
    fields: Mapping[str, object] = view
    yield {"type": "header", **{key: fields[key] for key in ("schema_version", "tool", "scan")}}
    for credential in credentials:
        yield {"type": "credential", **credential}
    yield {"type": "coverage", **{key: fields[key] for key in _LAST}}
