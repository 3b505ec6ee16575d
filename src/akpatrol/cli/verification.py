"""``--verify`` and what goes with it: the API, the inventory and ``--fail-on``."""

from __future__ import annotations

import click

OPTIONS = (
    click.option("--verify/--no-verify", "verify", default=None,
                 help="Ask the API whether the credentials found are live."),
    click.option("--org", "organizations", multiple=True, metavar="ID",
                 help="An organization to ask about personal access tokens in; repeatable."),
    click.option("--api-url", metavar="URL", help="Where the API is.  [default: https://api.anyreach.ai]"),
    click.option("--ca-bundle", metavar="FILE", help="Certificates to trust besides the system's, PEM."),
    click.option("--verify-rps", type=click.FloatRange(min=0, min_open=True), metavar="N",
                 help="Requests a second at most.  [default: 5]"),
    click.option("--send-unattributed", is_flag=True,
                 help="Also send tokens that may be another vendor's."),
    click.option("--no-scopes", is_flag=True, help="Do not ask what live credentials can do."),
    click.option("--inventory", metavar="FILE",
                 help="The API's own list of keys, JSON: tells whose each organization key is, without a request."),
    click.option("--fail-on", type=click.Choice(["any", "live"]),
                 help="Exit 1 for any finding, or only for a live one.  [default: any]"),
)  # fmt: skip
