"""Index: one page over all targets of a store, for those who answer for many. Needs the extra ``html``.

Like the page of one report it is one file that makes no requests. It says first what was scanned, then has a row for
each target, live ones first, and how many credentials were open in each run of the store. A report of another command,
or one that is read from JSON, has no earlier runs. Raises UsageError when Jinja2 is not installed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.model.places import changed
from akpatrol.report import as_html, document, index_page

if TYPE_CHECKING:
    from akpatrol.model.report import Report
    from akpatrol.report import RenderOptions

STYLES = (*as_html.STYLES, "index.css")
SCRIPTS = ("index_rows.js", "index_trend.js", "index_list.js", "index.js")
"""The files of the page's script, in the order in which they are joined; the last one starts it."""


def render(report: Report, options: RenderOptions) -> str:
    """Return the report as one HTML page."""
    # What it is made from is no longer in memory while the page is put together.
    values = index_page.build(
        *document.in_parts(_without_lines(report), options._replace(show_secrets=False)), report.history, options.now
    )
    return as_html.page_text("index.html", values, STYLES, SCRIPTS)


def _without_lines(report: Report) -> Report:
    """Return the report without the lines around its findings: to mask what is not shown takes half of the time."""
    credentials = (
        one._replace(occurrences=changed(one.occurrences, lambda place: place._replace(context=())))
        for one in report.credentials
    )
    return report._replace(credentials=tuple(credentials))
