"""``akpatrol verify``."""

from __future__ import annotations

import click

from akpatrol.cli.console import Terminal
from akpatrol.cli.options import Flags, resolve, shared
from akpatrol.errors import UsageError
from akpatrol.pipeline.verify import verify


@click.command("verify")
@shared
def command(flags: Flags) -> int:
    """Ask the API whether credentials are live: pasted at a prompt that does not show them, or piped in, one a line.

    Nothing is asked about anything else. Exits 1 when there is a credential; --fail-on live: when one is live.
    """
    if flags.verify is False:
        raise UsageError("--no-verify: this command does nothing but verify")
    # What a person pastes is meant as a credential.
    flags = flags._replace(min_confidence=flags.min_confidence or "low")
    return verify(resolve(flags, None, None), Terminal())
