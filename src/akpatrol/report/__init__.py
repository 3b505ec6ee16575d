"""Render a ``Report`` as text, one module per format.

A format's module is imported when it is used, so that hooks do not pay for the others.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from akpatrol.model.report import Report
    from akpatrol.rules.rule import RuleSet


class RenderOptions(NamedTuple):
    """Options that renderers share.

    ``redact`` masks every secret in a text, which can be any ``str``: bytes that are not UTF-8 arrive as lone
    surrogates (PEP 383). It must mask even when ``show_secrets`` is set, because SARIF never shows a secret.
    ``width`` is in terminal columns, ``now`` has a time zone, ``verbose`` is the number of ``-v`` options.
    Text shows paths relative to the directory ``here``, or by default to their target.
    ``link_template`` is the address of a place in a page, with ``links.PLACEHOLDERS`` in braces. ``app_url`` is the
    address of the Anyreach application. ``program`` is the word that starts akpatrol where the reader is; ``in_hook``
    says that it is on the PATH of a hook alone.
    """

    redact: Callable[[str], str]
    rules: RuleSet
    now: datetime
    show_secrets: bool = False
    colour: bool = False
    width: int = 80
    verbose: int = 0
    here: str | None = None
    link_template: str | None = None
    app_url: str | None = None
    program: str = "akpatrol"
    in_hook: bool = False


Renderer = Callable[["Report", RenderOptions], str]
PieceRenderer = Callable[["Report", RenderOptions], "Iterator[str]"]

# name -> module in this package: a format's module is imported when the format is rendered.
FORMATS = {
    "text": "as_text",
    "json": "as_json",
    "jsonl": "as_jsonl",
    "sarif": "as_sarif",
    "github": "as_github",
    "gitlab": "as_gitlab",
    "gitlab-codequality": "as_codequality",
    "markdown": "as_markdown",
    "html": "as_html",
    "csv": "as_csv",
    "junit": "as_junit",
    "index": "as_index",
}

# These have no bound of their own: such a module has ``pieces``, which yields the text, instead of ``render``.
_STREAMED = frozenset(("text", "json", "jsonl", "sarif", "csv"))

# A report of a store has its earlier runs only for these.
_WITH_HISTORY = frozenset(("index",))


# A page shows none either, and says why.
_SHOWING_SECRETS = frozenset(("text", "json", "jsonl", "html"))


def shows_history(outputs: Iterable[tuple[str, str | None]]) -> bool:
    """Return whether one of the formats, each with its file, shows earlier runs."""
    return any(format_ in _WITH_HISTORY for format_, _ in outputs)


def render(report: Report, format: str, options: RenderOptions) -> str:  # noqa: A002 - the option's name
    """Return the report in one of FORMATS, newline at its end. Raises UsageError for an unknown format."""
    return "".join(pieces(report, format, options))


def pieces(report: Report, format: str, options: RenderOptions) -> Iterable[str]:  # noqa: A002 - the option's name
    """Return the same in pieces, so that of a large report few are in memory at once.

    A UsageError, such as for an unknown format, is raised before the first one.
    """
    name = FORMATS.get(format)
    if name is None:
        from difflib import get_close_matches  # noqa: PLC0415 - only for a mistake

        close = get_close_matches(format, FORMATS, 1)
        hint = f"did you mean {close[0]}?" if close else "choose one of " + ", ".join(FORMATS)
        raise UsageError(f"unknown format {format!r}", hint)
    # Unless a format is named here, it is made to be uploaded.
    options = options._replace(show_secrets=options.show_secrets and format in _SHOWING_SECRETS)
    module = import_module(f"akpatrol.report.{name}")
    if format in _STREAMED:
        stream: PieceRenderer = module.pieces
        return stream(report, options)
    renderer: Renderer = module.render
    return (renderer(report, options),)
