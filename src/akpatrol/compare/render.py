"""Render a comparison, one module per format."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple, Protocol

from akpatrol.report.as_json import indented

if TYPE_CHECKING:
    from akpatrol.compare.view import ComparisonView

# name -> module in this package, imported when the format is rendered; none for JSON, which is the view itself.
FORMATS = {"text": "as_text", "json": "", "html": "as_html"}


class ComparisonOptions(NamedTuple):
    """Options that renderers share: ``width`` in terminal columns; ``verbose`` lists every finding."""

    width: int = 100
    colour: bool = False
    verbose: bool = False


class ComparisonRenderer(Protocol):
    """Returns a comparison as text, a newline at its end."""

    def __call__(self, view: ComparisonView, options: ComparisonOptions) -> str:
        """Return the text."""


def render(view: ComparisonView, format: str, options: ComparisonOptions) -> str:  # noqa: A002 - the option's name
    """Return the comparison in one of FORMATS."""
    if not FORMATS[format]:
        return indented(view) + "\n"
    renderer: ComparisonRenderer = import_module(f"akpatrol.compare.{FORMATS[format]}").render
    return renderer(view, options)
