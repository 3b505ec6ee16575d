"""Guesses for words that are no command, option or format of this program: typos, and the words of other scanners."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterable

# The words of gitleaks, betterleaks, kingfisher and trufflehog for what is a command here.
_COMMANDS = {
    "detect": "history",
    "git": "history",
    "log": "history",
    "dir": "scan",
    "directory": "scan",
    "file": "scan",
    "filesystem": "scan",
    "files": "scan",
    "stdin": "scan -",
    "protect": "staged",
    "pre-commit": "staged",
    "index": "staged",
    "diff": "staged",
    "validate": "verify",
    "find": "trace",
    "organization": "sweep",
    "view": "report",
    "ignore": "allow",
}
_OPTIONS = {
    "--json": "--format json",
    "--jsonl": "--format jsonl",
    "--sarif": "--format sarif",
    "--html": "--format html",
    "--report-format": "--format",
    "--report-path": "--output",
    "--staged": "the command: akpatrol staged",
    "--all": "the command: akpatrol history, which scans all that git holds",
    "--log-opts": "--range A..B",
    "--colour": "--color",
    "--no-color": "--color never",
    "--no-colour": "--color never",
    "--source": "the path itself: akpatrol scan PATH",
    "--exit-code": "--exit-zero",
    "--only-verified": "--verify --fail-on live",
    "--only-valid": "--verify --fail-on live",
    "--validate": "--verify",
    "--redact": "nothing: secrets are always masked",
    "--baseline-path": "--baseline",
    "--since-commit": "--range COMMIT..HEAD",
}
_OF_HISTORY = {"--since": "--range COMMIT..HEAD", "--branch": "--range A..BRANCH"}


def command(word: str, known: Iterable[str]) -> str:
    """Return the command that is meant, "" without a guess."""
    return _COMMANDS.get(word.lower()) or close(word, known)


def option(name: str, command_name: str) -> str:
    """Return what stands for another program's option in a command, "" without a guess."""
    words = _OPTIONS | (_OF_HISTORY if command_name in ("history", "staged", "scan") else {})
    return words.get(name, "")


def close(word: str, known: Iterable[str]) -> str:
    """Return the known word that is most like one, "" where none is."""
    from difflib import get_close_matches  # noqa: PLC0415 - only for a mistake

    return next(iter(get_close_matches(word.lower(), list(known), 1)), "")


class GuessingChoice(click.Choice):  # type: ignore[type-arg]  # generic in new versions only
    """A choice that guesses which one was meant."""

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the choice. Raises BadParameter with a guess."""
        try:
            return str(super().convert(value, param, ctx))
        except click.BadParameter:
            if guess := close(str(value), map(str, self.choices)):
                self.fail(f"{str(value)!r} is none of them; did you mean {guess}?", param, ctx)
            raise
