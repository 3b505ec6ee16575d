"""Index: one page over all targets of a store, for those who answer for many. Needs the extra ``html``.

Like the page of one report it is one file that makes no requests. It says first what was scanned, then has a row for
each target, live ones first, and how many credentials were open in each run of the store. A report of another command,
or one that is read from JSON, has no earlier runs. Raises UsageError when Jinja2 is not installed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

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
    masked = options._replace(show_secrets=False)
    values = index_page.build(*document.in_parts(report, masked, with_context=False), report.history, options.now)
    return as_html.page_text("index.html", values, STYLES, SCRIPTS)
