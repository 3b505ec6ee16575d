"""HTML: one page, without script and without requests, for a team to read. Needs the extra ``html``."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from akpatrol.compare import groups
from akpatrol.report import as_html
from akpatrol.report.document import visible_view
from akpatrol.report.text_safety import middle_out

if TYPE_CHECKING:
    from jinja2 import Template

    from akpatrol.compare.render import ComparisonOptions
    from akpatrol.compare.view import ComparisonView

_LONGEST = 320
_MOST_LINES = 1000
"""Findings of one report and reason on the page; the JSON lists all."""


def render(view: ComparisonView, options: ComparisonOptions) -> str:  # noqa: ARG001 - the same for all formats
    """Return the comparison as one page."""
    safe, style = visible_view(view), _part("compare.css")
    missed = [
        [group._replace(lines=tuple(map(_short, group.lines[:_MOST_LINES]))) for group in groups.missed(safe, number)]
        for number in range(len(safe["reports"]))
    ]
    totals = [[len(group.lines) for group in groups.missed(safe, number)] for number in range(len(safe["reports"]))]
    policy = f"default-src 'none'; style-src {as_html.hashed(style)}; base-uri 'none'; form-action 'none'"
    values = {
        "view": safe,
        "verdict": groups.verdict(safe),
        "scanners": [groups.scanner(report) for report in safe["reports"]],
        "missed": missed,
        "totals": totals,
        "style": style,
        "policy": policy,
    }
    return _template().render(values) + "\n"


@cache
def _template() -> Template:
    return as_html.environment().from_string(_part("compare.html"))


def _short(line: groups.MissedLine) -> groups.MissedLine:
    return groups.MissedLine(*(middle_out(text, _LONGEST) for text in line))


def _part(name: str) -> str:
    return files("akpatrol.compare").joinpath("html", name).read_text("utf-8")
