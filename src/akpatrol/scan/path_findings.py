"""Find files, and members of archives, by their paths alone, for users' rules without a pattern."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.kinds import CUSTOM
from akpatrol.model.credential import FileName, RawFinding
from akpatrol.model.member_path import joined, member_names
from akpatrol.model.scan import Attribution, Chunk, Confidence, Match, Place, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from akpatrol.detect.filters import Filters
    from akpatrol.model.scan import Content
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
                match = _match(rule, FileName.of(rule.id, path), path, waiting)
                # The last component names the file.
                offset = path.rfind(b"/") + 1
                context = (path.decode("utf-8", "backslashreplace"),)
                yield RawFinding(chunk.origin._replace(path=path), match, offset, 1, 1, 1, 1, context)


def member_findings(member: Content, rules: Sequence[tuple[Rule, Filters]]) -> Iterator[RawFinding]:
    """Yield a raw finding for each rule that finds a member of an archive by its path.

    Another member of that name is another finding unless it begins with the same bytes.
    """
    origin = member.origin
    names = member_names(origin.containers)
    if not names or member_names(origin.containers[-1:]) != names[-1:]:
        return
    for rule, filters in rules:
        # In an object, the path of the archive is known only once the finding is placed.
        waiting = filters.finds_member(origin.path, names)
        if waiting is not None:
            secret = FileName.of(rule.id, joined(b"", names), member.data)
            match = _match(rule, secret, names[-1], waiting)
            # A finding in a name has no line.
            place = Place.PATH if origin.place is Place.CONTENT else origin.place
            context = (names[-1].decode("utf-8", "backslashreplace"),)
            yield RawFinding(origin._replace(place=place), match, 0, 1, 1, 1, 1, context)


def _match(rule: Rule, name: FileName, path: bytes, waiting: Sequence[int]) -> Match:
    return Match(
        rule_id=rule.id,
        kind=CUSTOM,
        secret=name,
        start=0,
        end=len(path),
        confidence=min(Confidence.MEDIUM, rule.confidence),
        attribution=Attribution.OPEN,
        waiting=tuple((rule.id, number) for number in waiting),
    )
