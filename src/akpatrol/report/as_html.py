"""HTML: one page for a responder to read first, work from and pass on. Needs the extra ``html``.

One file that makes no requests: style and script are inline, and the Content-Security-Policy allows only these,
by SHA-256 (https://www.w3.org/TR/CSP3/). Secrets are masked regardless of the options. ``page`` lists what is
there without JavaScript. Raises UsageError when Jinja2 is not installed or the link template is invalid.
"""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING

from akpatrol.errors import UsageError
from akpatrol.report import document, page, page_bound, page_locations, summary
from akpatrol.report.mask import Mask

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from jinja2 import Environment

    from akpatrol.model.report import Report
    from akpatrol.report import RenderOptions

STYLES = ("page.css", "screen.css", "print.css")
"""The files of the page's style, in the order in which they are joined."""

SCRIPTS = ("ticks.js", "exchange.js", "search.js", "list.js", "copy.js", "panel.js", "page.js")
"""The files of the page's script, in the order in which they are joined; the last one starts it."""

_HINT = "pip install 'akpatrol[html]'"


def render(report: Report, options: RenderOptions) -> str:
    """Return the report as one HTML page, which shows the most urgent part of a very large one."""
    masked = options._replace(show_secrets=False)
    shown, words = page_bound.bounded(report)
    view = document.build(shown, masked, at_once=True)
    if words:
        view["summary"] = summary.build(report, Mask(masked))
        view["notices"] = [words, *view["notices"]]
    values = page.build(view, options.now, options.link_template)
    return page_text("page.html", values, STYLES, SCRIPTS, secrets_asked_for=options.show_secrets)


def page_text(
    template: str, values: Mapping[str, object], styles: Iterable[str], scripts: Iterable[str], **more: object
) -> str:
    """Return a page of a template's values, with its style, its script and its data inside."""
    style, early, script = "\n".join(map(_part, styles)), _part("early.js"), "\n".join(map(_part, scripts))
    policy = {
        "default-src": "'none'",
        "style-src": hashed(style),
        "script-src": f"{hashed(early)} {hashed(script)}",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return (
        environment()
        .get_template(template)
        .render(
            values,
            policy="; ".join(f"{name} {value}" for name, value in policy.items()),
            style=style,
            early=early,
            script=script,
            **more | {"data": page_locations.for_script(values["data"])},
        )
        + "\n"
    )


def _part(name: str) -> str:
    return files("akpatrol.report").joinpath("html", name).read_text("utf-8")


def hashed(text: str) -> str:
    """Return what allows an inline style or script in a Content-Security-Policy."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


@cache
def environment() -> Environment:
    """Return Jinja2's environment, which escapes every value. Raises UsageError when it is not installed."""
    try:
        from jinja2 import Environment, FunctionLoader, StrictUndefined  # noqa: PLC0415 - an extra
    except ImportError:
        raise UsageError("the HTML page needs Jinja2, which is not installed", _HINT) from None
    return Environment(
        loader=FunctionLoader(_part),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
