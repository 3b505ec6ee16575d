"""Text and days that a person gives for a file that is committed."""

from __future__ import annotations

from datetime import UTC, date, datetime

from akpatrol.errors import UsageError

_LONGEST = 500


def clean(option: str, text: str) -> str:
    """Return the text on one line. Raises UsageError when it is too long or holds a credential."""
    from akpatrol.detect.engine import Engine  # noqa: PLC0415
    from akpatrol.detect.redact import Redactor  # noqa: PLC0415
    from akpatrol.rules import rule_file  # noqa: PLC0415 - not for --help

    line = " ".join(text.split())
    if len(line) > _LONGEST:
        raise UsageError(f"{option}: longer than {_LONGEST} characters")
    if line and Redactor(Engine(rule_file.load()))(line) != line:
        raise UsageError(f"{option}: contains a credential", hint="use its fingerprint")
    return line


def end(option: str, text: str | None) -> date | None:
    """Return the first day without an allowance, None without a text. Raises UsageError unless it is to come."""
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{option} {text}: not a date, YYYY-MM-DD") from None
    if day <= datetime.now(UTC).date():
        raise UsageError(f"{option} {text}: must be a later day")
    return day
