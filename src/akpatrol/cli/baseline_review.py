"""The dialogue of ``akpatrol baseline review``: one entry at a time, and nothing is written before the end."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NamedTuple

import click

from akpatrol.errors import UsageError
from akpatrol.pipeline import committed_text
from akpatrol.report import baseline_text

if TYPE_CHECKING:
    from datetime import date

    from akpatrol.pipeline.baseline_entries import Review
    from akpatrol.policy.baseline import BaselineEntry

_KNOWN = "keep, drop, end, note, quit [k/d/e/n/q]? "
_NEW = "add, skip, end, note, quit [a/s/e/n/q]? "
_HELP = """\
  k, a  keep the entry, or add the finding, as shown
  d, s  drop the entry, which makes it a finding again, or leave the finding out
  e     set or remove the day from which it is a finding again
  n     set or remove its note
  q     write what was decided, and leave the rest as it is; Ctrl-C writes nothing"""


class Decisions(NamedTuple):
    """The entries to write, by fingerprint, and those to drop."""

    changed: dict[str, BaselineEntry]
    dropped: set[str]


def check_terminal() -> None:
    """Raise UsageError without a terminal."""
    if not (sys.stdin and sys.stdout and sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(
            "baseline review requires a terminal",
            hint="instead: akpatrol baseline show, drop FINGERPRINT..., or update REPORT --owner NAME --expires DATE",
        )


def decide(review: Review, today: date) -> Decisions:
    """Ask about every entry; the end of input is as good as ``q``."""
    decisions = Decisions({}, set())
    for number, entry in enumerate(review.pending, 1):
        click.echo(f"{number:,} of {len(review.pending):,}")
        if not _decided(entry, decisions, today, is_new=review.is_new(entry)):
            break
    return decisions


def _decided(entry: BaselineEntry, decisions: Decisions, today: date, *, is_new: bool) -> bool:
    """Ask about one entry until it is decided; return whether to go on."""
    now = entry
    while True:
        click.echo(baseline_text.entry_line(now, today))
        match _answer(_NEW if is_new else _KNOWN):
            case "k" | "a" as answer if (answer == "a") == is_new:
                if is_new or now != entry:
                    decisions.changed[now.fingerprint] = now
                return True
            case "d" if not is_new:
                decisions.dropped.add(now.fingerprint)
                return True
            case "s" if is_new:
                return True
            case "e":
                now = _with_end(now)
            case "n":
                now = _with_note(now)
            case "q" | None:
                return False
            case _:
                click.echo(_HELP)


def _with_end(entry: BaselineEntry) -> BaselineEntry:
    text = _answer("first day on which it is a finding again, YYYY-MM-DD, nothing for none: ")
    try:
        end = committed_text.end("the end", text)
    except UsageError as error:
        click.echo(str(error))
        return entry
    return entry._replace(expires=end.isoformat() if end else "")


def _with_note(entry: BaselineEntry) -> BaselineEntry:
    text = _answer("note, nothing for none: ", is_word=False)
    try:
        return entry._replace(note=committed_text.clean("the note", text or ""))
    except UsageError as error:
        click.echo(str(error))
        return entry


def _answer(question: str, *, is_word: bool = True) -> str | None:
    """Return what is typed, None at the end of input."""
    click.echo(question, nl=False)
    line = sys.stdin.readline()
    if not line:
        click.echo()
        return None
    return line.strip().lower() if is_word else line.strip()
