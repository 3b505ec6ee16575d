"""``--baseline``, ``--no-allow`` and ``--fail-on-stale``."""

from __future__ import annotations

import click

OPTIONS = (
    click.option("--baseline", type=click.Path(dir_okay=False), metavar="FILE",
                 help="The file of what was known before.  [default: .akpatrol-baseline.json]"),
    click.option("--no-allow", is_flag=True, help="Let nothing be allowed: no baseline, no allowance, no comment."),
    click.option("--fail-on-stale", is_flag=True, help="Exit 1 also for allowances that match nothing any more."),
)  # fmt: skip
