"""The options of ``akpatrol sweep`` that name organizations of forges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from akpatrol.pipeline.sweep import FORGE_OPTIONS, FORGE_URLS, ForgeRequest

if TYPE_CHECKING:
    from collections.abc import Callable

_INCLUDE = "Beside the code of GitHub and GitLab, read: issues, pulls, comments, logs and so on, or all."


def forge_options(function: Callable[..., int]) -> Callable[..., int]:
    """Give a command the options of forges; they arrive as one ``forges`` argument."""

    def with_forges(**arguments: Any) -> int:
        named = tuple((kind, name) for _, kind, _ in FORGE_OPTIONS for name in arguments.pop(kind))
        urls = tuple((option, arguments.pop(_name(option))) for option in FORGE_URLS)
        return function(forges=ForgeRequest(named, arguments.pop("include"), urls), **arguments)

    with_forges.__doc__ = function.__doc__
    with_forges.__name__ = function.__name__
    parameters = [
        *(
            click.Option([option, kind], multiple=True, metavar="NAME", help=text)
            for option, kind, text in FORGE_OPTIONS
        ),
        *(click.Option([option], metavar="URL", help=text) for option, text in FORGE_URLS.items()),
        click.Option(["--include"], default="", metavar="WORD,...", help=_INCLUDE),
    ]
    # click reverses what decorators add.
    earlier = getattr(function, "__click_params__", [])
    with_forges.__dict__["__click_params__"] = [*earlier, *reversed(parameters)]
    return with_forges


def _name(option: str) -> str:
    return option.removeprefix("--").replace("-", "_")
