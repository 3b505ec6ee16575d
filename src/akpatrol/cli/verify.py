"""``akpatrol verify``."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from akpatrol.cli.options import Flags, resolve, shared
from akpatrol.cli.run import execute
from akpatrol.errors import UsageError
from akpatrol.model import Confidence, Secret, Skipped, Target
from akpatrol.sources.stream import StreamSource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.model import Report

_LONGEST_BYTES = 16 << 20
_UNKNOWN_SHAPE = "no Anyreach credential on this line: ak_<id>.<secret> or pat_..."


@click.command("verify")
@shared
def command(flags: Flags) -> int:
    """Ask the API whether credentials are live: pasted at a prompt that does not show them, or piped in, one a line.

    Nothing is asked about anything else. Exits 1 when there is a credential; --fail-on live: when one is live.
    """
    if flags.verify is False:
        raise UsageError("--no-verify: this command does nothing but verify")
    settings = resolve(flags, None, None)
    settings = settings._replace(verification=settings.verification._replace(verify=True))
    if not flags.min_confidence:  # what a person pastes is meant as a credential
        settings = settings._replace(min_confidence=Confidence.LOW)
    typed = _typed()
    source = StreamSource(Target("0", "stream", "-"), Secret(typed))
    return execute("verify", [source], settings, lambda report: _with_unread_lines(report, typed))


def _typed() -> bytes:
    if not sys.stdin:
        raise UsageError("standard input is closed", hint="give the credentials on standard input, one a line")
    if not sys.stdin.isatty():
        typed = sys.stdin.buffer.read(_LONGEST_BYTES + 1)
        if len(typed) > _LONGEST_BYTES:
            raise UsageError(f"more than {_LONGEST_BYTES >> 20} MiB on standard input", hint="akpatrol scan --verify -")
    else:
        typed = _prompted()
    if not typed.strip():
        raise UsageError("no credential was given", hint="give them on standard input, one a line")
    return typed


def _prompted() -> bytes:
    """Return lines typed or pasted without echo, up to an empty one or the end of input.

    Not getpass: it drops what is typed ahead, which is all but the first of several pasted lines.
    """
    sys.stderr.write("Credentials, one a line (not shown; an empty line ends):\n")
    sys.stderr.flush()
    lines = []
    with _without_echo(sys.stdin.fileno()):
        while (line := sys.stdin.buffer.readline()).strip():
            lines.append(line)
    return b"".join(lines)


@contextmanager
def _without_echo(terminal: int) -> Iterator[None]:
    import termios  # noqa: PLC0415 - only for a person

    before = termios.tcgetattr(terminal)
    silent = [*before[:3], before[3] & ~termios.ECHO, *before[4:]]
    termios.tcsetattr(terminal, termios.TCSADRAIN, silent)
    try:
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def _with_unread_lines(report: Report, typed: bytes) -> Report:
    """Say of every line in which nothing was recognised; silence would pass for an answer."""
    found = {place.line for credential in report.credentials for place in credential.occurrences}
    lines = enumerate(typed.split(b"\n"), 1)
    unread = [
        Skipped(f"line {number}", _UNKNOWN_SHAPE) for number, line in lines if line.strip() and number not in found
    ]
    coverage = report.coverage._replace(skipped=(*report.coverage.skipped, *unread))
    return report._replace(coverage=coverage)
