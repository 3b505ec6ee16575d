"""``akpatrol verify``."""

from __future__ import annotations

import click

from akpatrol.cli.console import Terminal
from akpatrol.cli.options import shared
from akpatrol.config.options import Options, of
from akpatrol.errors import UsageError
from akpatrol.model.scan import Confidence
from akpatrol.pipeline.resolve import resolve
from akpatrol.pipeline.verify import verify


@click.command("verify")
@shared
def command(flags: Options) -> int:
    """Ask the API whether credentials are live. Paste them at a prompt that does not show them, or pipe one per line.

    Nothing else is sent. Exits 1 when there is a credential; --fail-on live: when one is live.
    """
    if "verify" in flags.explicit and not flags.verify:
        raise UsageError("--no-verify: this command only verifies")
    # A person who pastes something means it as a credential.
    flags = flags.over(of({"min_confidence": Confidence.LOW}))
    return verify(resolve(flags, None, None), Terminal())
