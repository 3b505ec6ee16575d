"""``akpatrol report``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from akpatrol.cli.console import Terminal
from akpatrol.cli.options import shared_with
from akpatrol.errors import UsageError
from akpatrol.pipeline.notifier import NotifyRequest
from akpatrol.pipeline.report import report
from akpatrol.pipeline.resolve import resolve
from akpatrol.report import links

if TYPE_CHECKING:
    from akpatrol.config.options import Options


@click.command("report")
@click.argument("source", metavar="REPORT|STORE")
@click.option(
    "--since",
    metavar="RUN",
    help="For a store: show only what is new, changed or gone since RUN: a run's number, `previous`, a date, or an age "
    "such as 7d or 12h.",
)
@click.option(
    "--coverage", is_flag=True, help="For a store: list the targets that were not fully read, and why, as text or json."
)
@click.option("--runs", is_flag=True, help="For a store: list its runs, the last one first, as text or json.")
@click.option(
    "--notify",
    "to",
    metavar="URL",
    help="With --since: also send what is new, or that nothing is, to a URL of Apprise. @FILE has one URL a line, and "
    "`env` means AKPATROL_NOTIFY; other users can see a URL on the command line.",
)
@click.option(
    "--notify-dry-run", "dry_run", is_flag=True, help="With --since: print what --notify would send, and nothing else."
)
@click.option(
    "--link-template",
    metavar="URL",
    help="Template of a page's links: {repository} (`team/service`, of the remote), {commit}, {path}, {line} and "
    "{object} are filled in.",
)
@shared_with("report")
def command(  # noqa: PLR0913 - click gives each option its own
    flags: Options,
    source: str,
    *,
    since: str | None,
    to: str | None,
    dry_run: bool,
    link_template: str | None,
    **lists: bool,
) -> int:
    """Render a JSON or JSON Lines report, `-` for standard input, or a store of sweeps, in any format.

    Shows all credentials of a report, unless --min-confidence is given. Secrets are masked, even those that the report
    shows. --since lists only credentials that are new or changed, and names those that are gone: for example for
    a mail after a nightly sweep, which --notify sends. Exits as the scan would have: 1 for findings, 3 for gaps.
    """
    if link_template is not None:
        links.check(link_template)
    settings = resolve(flags, None, None)._replace(link_template=link_template)
    minimum = settings.options.min_confidence if "min_confidence" in flags.explicit else None
    wanted = [name for name, is_wanted in lists.items() if is_wanted]
    if len(wanted) > 1:
        raise UsageError(f"--{' and --'.join(wanted)} cannot be combined")
    notifying = NotifyRequest(to, dry_run=dry_run)
    return report(source, settings, Terminal(), minimum, since=since, listing="".join(wanted), notifying=notifying)
