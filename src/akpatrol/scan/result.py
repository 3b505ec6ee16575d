"""The scan result so far: the sum of what units yield."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from akpatrol.model.scan import Counted, Excluded, Skipped, Uncacheable

if TYPE_CHECKING:
    from akpatrol.model.credential import RawFinding


class ScanResult:
    """Raw findings, skips, counts by name, exclusions by reason, bytes read, and items that a later run must read.

    ``stored`` is the number of compressed bytes that were read of object databases.
    """

    __slots__ = ("counts", "excluded", "hits", "size", "skipped", "stored", "unsettled")

    def __init__(self) -> None:
        self.hits: list[RawFinding] = []
        self.skipped: list[Skipped] = []
        self.counts: Counter[str] = Counter()
        self.excluded: Counter[str] = Counter()
        self.size = self.stored = 0
        self.unsettled: list[str] = []

    def add(self, item: RawFinding | Skipped | Counted | Excluded) -> None:
        """Take in one item."""
        if isinstance(item, Counted):
            self.counts[item.name] += item.number
            self.size += item.size
            self.stored += item.stored
        elif isinstance(item, Uncacheable):
            self.unsettled.append(item.item)
        elif isinstance(item, Skipped):
            self.skipped.append(item)
        elif isinstance(item, Excluded):
            self.excluded[item.reason] += item.number
        else:
            self.hits.append(item)

    def merge(self, other: ScanResult) -> None:
        """Add another unit's result."""
        self.hits += other.hits
        self.skipped += other.skipped
        self.counts += other.counts
        self.excluded += other.excluded
        self.size += other.size
        self.stored += other.stored
        self.unsettled += other.unsettled
