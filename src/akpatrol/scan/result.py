"""The scan result: the sum of the items that units yield."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from akpatrol.model.scan import Counted, Excluded, Skipped, Uncacheable

if TYPE_CHECKING:
    from akpatrol.model.credential import RawFinding


class ScanResult:
    """Raw findings, skips, counts by name, exclusions by reason, bytes read, and items that must not be cached.

    ``stored`` is the number of compressed bytes that were read of object databases.
    """

    __slots__ = ("counts", "excluded", "findings", "size", "skipped", "stored", "uncacheable")

    def __init__(self) -> None:
        self.findings: list[RawFinding] = []
        self.skipped: list[Skipped] = []
        self.counts: Counter[str] = Counter()
        self.excluded: Counter[str] = Counter()
        self.size = self.stored = 0
        self.uncacheable: list[str] = []

    def add(self, item: RawFinding | Skipped | Counted | Excluded) -> None:
        """Add one item."""
        if isinstance(item, Counted):
            self.counts[item.name] += item.number
            self.size += item.size
            self.stored += item.stored
        elif isinstance(item, Uncacheable):
            self.uncacheable.append(item.item)
        elif isinstance(item, Skipped):
            self.skipped.append(item)
        elif isinstance(item, Excluded):
            self.excluded[item.reason] += item.number
        else:
            self.findings.append(item)

    def merge(self, other: ScanResult) -> None:
        """Add another unit's result."""
        self.findings += other.findings
        self.skipped += other.skipped
        self.counts += other.counts
        self.excluded += other.excluded
        self.size += other.size
        self.stored += other.stored
        self.uncacheable += other.uncacheable

    def without_counts(self) -> ScanResult:
        """Return what was found and skipped alone."""
        result = ScanResult()
        result.findings, result.skipped, result.uncacheable = self.findings, self.skipped, self.uncacheable
        return result
