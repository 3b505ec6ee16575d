"""Place a finding in a part of a container's member that has a label of its own, such as a value of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.model.scan import Content, Counted, Excluded, Skipped
from akpatrol.scan.path_findings import member_findings
from akpatrol.unwrap.containers.member import Naming
from akpatrol.unwrap.containers.opening import open_container

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from akpatrol.detect.filters import Filters
    from akpatrol.model.batch import ContentBatch
    from akpatrol.model.credential import RawFinding
    from akpatrol.model.scan import Origin, Secret
    from akpatrol.rules.rule import Rule
    from akpatrol.scan.decode import ScanItem
    from akpatrol.sources.base import Item
    from akpatrol.unwrap.budget import Budget
    from akpatrol.unwrap.containers.opening import ContainerItem


def in_members(
    content: Content,
    budget: Budget,
    examined: Callable[[ContentBatch | Item], Iterator[ScanItem]],
    path_rules: Sequence[tuple[Rule, Filters]] = (),
) -> Iterator[tuple[ScanItem, bool]]:
    """Yield what is found in the members of a container, and whether it stands in a part that only repeats another.

    ``examined`` yields what is found in a member or in a batch of them. Members that ``path_rules`` find come too.
    """
    naming = None
    for member in open_container(content, budget):
        if isinstance(member, Naming):
            naming = member
            continue
        if path_rules and isinstance(member, Content):
            yield from ((finding, False) for finding in member_findings(member, path_rules))
        for item in examined(member):
            if isinstance(item, Counted | Skipped | Excluded):
                yield item, False
                continue
            finding, repeats = in_part(item, member)
            yield with_better_label(finding, content.origin, naming) if naming else finding, repeats


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


def with_better_label(finding: RawFinding, around: Origin, naming: Naming) -> RawFinding:
    """Return a finding in a member of the container ``around``, with the better label that the container knows."""
    containers, depth = finding.origin.containers, len(around.containers)
    if len(containers) <= depth:
        return finding
    better = (*containers[:depth], naming.better(containers[depth]), *containers[depth + 1 :])
    return finding._replace(origin=finding.origin._replace(containers=better))


def others(repeated: Sequence[RawFinding], outside: Sequence[RawFinding], inside: set[Secret]) -> Iterator[RawFinding]:
    """Yield the findings of parts that repeat others, then those in the container's own bytes, if they are new."""
    from akpatrol.scan.locate import not_in_members  # noqa: PLC0415 - most runs have no match

    kept = {secret for secret in inside if secret.is_kept}
    yield from not_in_members(repeated, kept)
    kept.update(finding.match.secret for finding in repeated)
    yield from not_in_members(outside, kept)
