"""The exceptions akpatrol raises on purpose, and the exit code that each of them means.

AkpatrolError
├── UsageError            2: the command line, a path, a rule file or the configuration is wrong
│   └── RuleError         2: a rule file; names file, rule, key and reason
└── GitError              internal to ``sources.git``: git failed; becomes a skip or a UsageError
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What the process says to its caller; a shell adds 128 to a signal's number."""

    CLEAN = 0
    FINDINGS = 1
    USAGE = 2
    INCOMPLETE = 3
    BUG = 4
    INTERRUPTED = 130
    READER_GONE = 141
    TERMINATED = 143


class AkpatrolError(Exception):
    """A failure whose message is written for the person who reads it."""

    exit_code = ExitCode.USAGE


class UsageError(AkpatrolError):
    """Something the caller gave cannot be used; ``hint`` is the next thing to try."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class RuleError(UsageError):
    """A rule file that cannot be used."""

    def __init__(self, file: str, rule: str, key: str, reason: str) -> None:
        where = f"{file}: " + (f"rule {rule}: " if rule else "") + (f"{key}: " if key else "")
        super().__init__(where + reason)


class GitError(AkpatrolError):
    """Git answered with an error or not in time; the message is git's own first line."""


class OutOfTime(BaseException):
    """The caller's time is spent; derives from BaseException so that no stage mistakes it for a bad file."""


class Terminated(BaseException):
    """SIGTERM arrived; derives from BaseException so that no stage mistakes it for a bad file."""


class WorkersLostError(UsageError):
    """Nobody is left to do any task."""
