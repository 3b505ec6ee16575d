"""Place a finding in a part of a container's member that has a label of its own, such as a value of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.model.scan import Content

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from akpatrol.model.credential import RawFinding
    from akpatrol.model.scan import Secret
    from akpatrol.unwrap.containers.opening import ContainerItem


def in_part(finding: RawFinding, member: ContainerItem) -> tuple[RawFinding, bool]:
    """Return a finding with its place in the member's part, and whether that part only repeats another.

    In a container encoded in the member, the finding already has a place of its own.
    """
    origin = finding.origin
    if not isinstance(member, Content) or member.part_at is None or origin.containers != member.origin.containers:
        return finding, False
    part = member.part_at(finding.offset)
    if part is None:
        return finding, False
    line = part.lines + 1
    named = finding._replace(
        origin=origin._replace(containers=(*origin.containers[:-1], part.label)),
        offset=finding.offset - part.start,
        line=line,
        end_line=line + finding.end_line - finding.line,
    )
    return named, part.repeats


def others(repeated: Sequence[RawFinding], outside: Sequence[RawFinding], inside: set[Secret]) -> Iterator[RawFinding]:
    """Yield the findings of parts that repeat others, then those in the container's own bytes, if they are new."""
    from akpatrol.scan.locate import not_in_members  # noqa: PLC0415 - most runs have no match

    yield from not_in_members(repeated, inside)
    inside.update(finding.match.secret for finding in repeated)
    yield from not_in_members(outside, inside)
