"""What a store knows of earlier runs: which credentials were open, in which target and since when."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class PastRun(NamedTuple):
    """A run of a store: its number, and when it began, RFC 3339 in UTC."""

    id: int
    started_at: str


class OpenSpan(NamedTuple):
    """A credential that was open in a target from run ``since`` on and before run ``until``, None while it still is.

    It is open while a sweep finds it there, nothing allows it, and the API has not refused it.
    """

    target: str
    fingerprint: str
    since: int
    until: int | None


class SweepHistory(NamedTuple):
    """The runs up to the report's, in order; ``scans`` has the last run that scanned each target, by the target's id.

    ``failed`` names targets that could not be scanned at all. ``spans`` are ordered by fingerprint, target and run; two
    of one credential and target do not touch.
    """

    runs: tuple[PastRun, ...]
    scans: Mapping[str, int]
    failed: frozenset[str]
    spans: tuple[OpenSpan, ...]
