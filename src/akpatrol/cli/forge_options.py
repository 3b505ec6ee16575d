"""The options of ``akpatrol sweep`` that name organizations of forges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import click

from akpatrol.pipeline.sweep import ForgeRequest

if TYPE_CHECKING:
    from collections.abc import Callable


class _Organization(NamedTuple):
    """An option that names an organization: the kind of forge, and its help."""

    option: str
    kind: str
    help: str


_ORGANIZATIONS = (
    _Organization(
        "--github-org", "github", "Every repository of an organization; token from GITHUB_TOKEN; repeatable."
    ),
    _Organization(
        "--gitlab-group",
        "gitlab",
        "Every project of a group and its subgroups; token from GITLAB_TOKEN; repeatable.",
    ),
    _Organization(
        "--gitea-org", "gitea", "The same of Gitea or Forgejo, at --gitea-url; token from GITEA_TOKEN; repeatable."
    ),
    _Organization(
        "--bitbucket-workspace",
        "bitbucket",
        "The same of Bitbucket Cloud; token from BITBUCKET_ACCESS_TOKEN; repeatable.",
    ),
    _Organization("--azure-org", "azure", "The same of Azure DevOps; token from AZURE_DEVOPS_EXT_PAT; repeatable."),
)
_URLS = {
    "--forge-url": "The API of your own GitHub or GitLab server.",
    "--gitea-url": "The Gitea or Forgejo server, such as https://codeberg.org.",
}
_INCLUDE = "Beside the code of GitHub and GitLab, read: issues, pulls, comments, logs and so on, or all."


def forge_options(function: Callable[..., int]) -> Callable[..., int]:
    """Give a command the options of forges; they arrive as one ``forges`` argument."""

    def with_forges(**arguments: Any) -> int:
        named = tuple((one.kind, name) for one in _ORGANIZATIONS for name in arguments.pop(one.kind))
        urls = tuple((option, arguments.pop(_name(option))) for option in _URLS)
        return function(forges=ForgeRequest(named, arguments.pop("include"), urls), **arguments)

    with_forges.__doc__ = function.__doc__
    with_forges.__name__ = function.__name__
    parameters = [
        *(click.Option([one.option, one.kind], multiple=True, metavar="NAME", help=one.help) for one in _ORGANIZATIONS),
        *(click.Option([option], metavar="URL", help=text) for option, text in _URLS.items()),
        click.Option(["--include"], default="", metavar="WORD,...", help=_INCLUDE),
    ]
    # click reverses what decorators add.
    earlier = getattr(function, "__click_params__", [])
    with_forges.__dict__["__click_params__"] = [*earlier, *reversed(parameters)]
    return with_forges


def _name(option: str) -> str:
    return option.removeprefix("--").replace("-", "_")
