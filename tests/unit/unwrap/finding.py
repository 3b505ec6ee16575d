"""Scans one content as a scan does, and tells what is found and what is skipped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.model.credential import RawFinding
from akpatrol.model.scan import Content, Skipped
from akpatrol.rules.rule_file import load
from akpatrol.scan.examine import Examiner
from tests.unit.unwrap.opening import ORIGIN

if TYPE_CHECKING:
    from akpatrol.config.limits import Limits

_EXAMINER = Examiner(load())


def found(data: bytes | Content, limits: Limits | None = None) -> tuple[list[RawFinding], list[Skipped]]:
    """Return the findings and the skips of a content."""
    content = data if isinstance(data, Content) else Content(ORIGIN, data, size=len(data))
    items = list((Examiner(load(), limits) if limits else _EXAMINER).examine_item(content))
    return [item for item in items if isinstance(item, RawFinding)], [
        item for item in items if isinstance(item, Skipped)
    ]


def secrets(findings: list[RawFinding]) -> set[str]:
    """Return the secrets that were found."""
    return {finding.match.secret.reveal().decode() for finding in findings}


def places(findings: list[RawFinding]) -> dict[str, list[str]]:
    """Return the innermost containers of each secret."""
    by_secret: dict[str, list[str]] = {}
    for finding in findings:
        by_secret.setdefault(finding.match.secret.reveal().decode(), []).extend(finding.origin.containers[-1:])
    return by_secret
