"""Telling people and programs what a run found: a ``Report`` in, text out, one module a format.

A format is loaded when it is rendered, so that a hook pays for none that it does not use.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.errors import UsageError

if TYPE_CHECKING:
    from datetime import datetime

    from akpatrol.model import Report
    from akpatrol.rules import RuleSet


class RenderOptions(NamedTuple):
    """How to tell it.

    ``redact`` masks every secret in a text, any ``str`` at all: bytes that are not UTF-8 arrive as lone
    surrogates (PEP 383). It must mask even when ``show_secrets`` is set, because SARIF never shows a secret.
    ``width`` is in terminal columns, ``now`` has a time zone, ``verbose`` is how often ``-v`` was given.
    Text shows paths relative to the directory ``here``, or to their target when it is not given.
    """

    redact: Callable[[str], str]
    rules: RuleSet
    now: datetime
    show_secrets: bool = False
    colour: bool = False
    width: int = 80
    verbose: int = 0
    here: str | None = None


Renderer = Callable[["Report", RenderOptions], str]


def _text(report: Report, options: RenderOptions) -> str:
    from akpatrol.report import as_text  # noqa: PLC0415 - only the format that is asked for

    return as_text.render(report, options)


def _json(report: Report, options: RenderOptions) -> str:
    from akpatrol.report import as_json  # noqa: PLC0415 - only the format that is asked for

    return as_json.render(report, options)


def _jsonl(report: Report, options: RenderOptions) -> str:
    from akpatrol.report import as_jsonl  # noqa: PLC0415 - only the format that is asked for

    return as_jsonl.render(report, options)


def _sarif(report: Report, options: RenderOptions) -> str:
    from akpatrol.report import as_sarif  # noqa: PLC0415 - only the format that is asked for

    return as_sarif.render(report, options)


def _github(report: Report, options: RenderOptions) -> str:
    from akpatrol.report import as_github  # noqa: PLC0415 - only the format that is asked for

    return as_github.render(report, options)


def _gitlab(report: Report, options: RenderOptions) -> str:
    from akpatrol.report import as_gitlab  # noqa: PLC0415 - only the format that is asked for

    return as_gitlab.render(report, options)


def _codequality(report: Report, options: RenderOptions) -> str:
    from akpatrol.report import as_codequality  # noqa: PLC0415 - only the format that is asked for

    return as_codequality.render(report, options)


def _markdown(report: Report, options: RenderOptions) -> str:
    from akpatrol.report import as_markdown  # noqa: PLC0415 - only the format that is asked for

    return as_markdown.render(report, options)


FORMATS: dict[str, Renderer] = {
    "text": _text,
    "json": _json,
    "jsonl": _jsonl,
    "sarif": _sarif,
    "github": _github,
    "gitlab": _gitlab,
    "gitlab-codequality": _codequality,
    "markdown": _markdown,
}


def render(report: Report, format: str, options: RenderOptions) -> str:  # noqa: A002 - the option's name
    """Return the report in one of FORMATS, newline at its end. Raises UsageError for an unknown format."""
    renderer = FORMATS.get(format)
    if renderer is None:
        from difflib import get_close_matches  # noqa: PLC0415 - only for a mistake

        close = get_close_matches(format, FORMATS, 1)
        hint = f"did you mean {close[0]}?" if close else "choose one of " + ", ".join(FORMATS)
        raise UsageError(f"there is no format {format!r}", hint)
    return renderer(report, options)
