"""What an earlier run found, as it is kept for the next one: everything but the secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from akpatrol.model.scan import Attribution, Confidence, End, Exposure, JoinedRule


class KnownSecret(NamedTuple):
    """A secret and how it was judged, without itself; ``digest`` is its SHA-256. Versions of a file have the same."""

    rule_id: str
    digest: str
    confidence: Confidence
    attribution: Attribution
    exposure: Exposure | None
    others: tuple[JoinedRule, ...]
    ending: End
    lines_before: int = 0


class KnownFinding(NamedTuple):
    """A raw finding in plain content without its secret, as it is kept from one run to the next.

    The secret is in ``[start, end)``; ``position`` is its line, column, end line, end column.
    """

    secret: KnownSecret
    start: int
    end: int
    position: tuple[int, int, int, int]
    masks: tuple[tuple[int, int], ...]
