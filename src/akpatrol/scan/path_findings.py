"""Find files by their paths alone, for users' rules without a pattern."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.kinds import CUSTOM
from akpatrol.model.credential import FileName, RawFinding
from akpatrol.model.scan import Attribution, Chunk, Confidence, Match, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from akpatrol.detect.filters import Filters
    from akpatrol.rules.rule import Rule
    from akpatrol.scan.decode import ScanItem
    from akpatrol.sources.base import Unit


def files_by_path(unit: Unit, rules: Sequence[tuple[Rule, Filters]]) -> Iterator[ScanItem]:
    """Yield the files that the rules find among a unit's paths; without rules the unit is not read."""
    for item in unit.read() if rules else ():
        if isinstance(item, Chunk):
            yield from path_findings(item, rules)
        elif isinstance(item, Skipped):
            yield item


def path_findings(chunk: Chunk, rules: Sequence[tuple[Rule, Filters]]) -> Iterator[RawFinding]:
    """Yield a raw finding for each of the chunk's files and each rule that finds it."""
    if not rules:
        return
    for path in chunk.data.split(b"\0")[: chunk.files]:
        for rule, filters in rules:
            waiting = filters.finds(path)
            if waiting is not None:
                match = Match(
                    rule_id=rule.id,
                    kind=CUSTOM,
                    secret=FileName.of(rule.id, path),
                    start=0,
                    end=len(path),
                    confidence=min(Confidence.MEDIUM, rule.confidence),
                    attribution=Attribution.OPEN,
                    waiting=tuple((rule.id, number) for number in waiting),
                )
                # The last component names the file.
                offset = path.rfind(b"/") + 1
                context = (path.decode("utf-8", "backslashreplace"),)
                yield RawFinding(chunk.origin._replace(path=path), match, offset, 1, 1, 1, 1, context)
