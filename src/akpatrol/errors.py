"""The exceptions that akpatrol raises on purpose, and the exit code of each.

AkpatrolError
├── UsageError            2: the command line, a path, a rule file or the configuration is wrong
│   └── RuleError         2: a rule file; names file, rule, key and reason
└── GitError              internal to ``sources.git``: git failed; becomes a skip or a UsageError
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes of the process; 128 plus the signal's number when a signal ends it, as shells report it."""

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
    """Unusable input from the caller; ``hint`` is the next thing to try."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class RuleError(UsageError):
    """An unusable rule file."""

    def __init__(self, file: str, rule: str, key: str, reason: str) -> None:
        where = f"{file}: " + (f"rule {rule}: " if rule else "") + (f"{key}: " if key else "")
        super().__init__(where + reason)
        self.rule, self.key, self.reason = rule, key, reason


class GitError(AkpatrolError):
    """Git failed or timed out; the message is the first line of its error output."""


class OutOfTime(BaseException):
    """The caller's time limit is reached; derives from BaseException so that no stage mistakes it for a bad file."""


class Terminated(BaseException):
    """SIGTERM arrived; derives from BaseException so that no stage mistakes it for a bad file."""


class WorkersLostError(UsageError):
    """No worker is left to run any task."""
