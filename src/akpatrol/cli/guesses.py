"""Guesses for words that are no command, option or format of this program: typos, and the words of other scanners."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

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
    "--since": "--range COMMIT..HEAD",
    "--since-commit": "--range COMMIT..HEAD",
    "--branch": "--range A..BRANCH",
}

# An option that every command has which scans.
_SCANNING = "--exit-zero"


def command(word: str, known: Iterable[str]) -> str:
    """Return the command that is meant, "" without a guess."""
    return _COMMANDS.get(word.lower()) or close(word, known)


def option(name: str, known: Collection[str]) -> str:
    """Return what to write for another program's option in a command with these options, "" without a guess."""
    guess = _OPTIONS.get(name, "")
    first = guess.partition(" ")[0]
    if not first.startswith("--") or first in known:
        return guess
    return f"the command: akpatrol history {guess}" if first == "--range" and _SCANNING in known else ""


def close(word: str, known: Iterable[str]) -> str:
    """Return the known word that is most like one, "" where none is."""
    from difflib import get_close_matches  # noqa: PLC0415 - only for a mistake

    return next(iter(get_close_matches(word.lower(), list(known), 1)), "")
