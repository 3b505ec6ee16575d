"""Find again what an earlier run found in an object: the bytes at the places that it kept, without a search.

A place counts only if its bytes have the digest that was kept; otherwise the object is examined like any other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.model.batch import ContentBatch
from akpatrol.model.identity import secret_sha256
from akpatrol.model.scan import Content, Match, Secret
from akpatrol.rules.visible_prefix import visible_prefix
from akpatrol.scan.locate import located_again

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from akpatrol.model.credential import RawFinding
    from akpatrol.model.known_finding import KnownFinding, KnownSecret
    from akpatrol.rules.rule import Rule, RuleSet
    from akpatrol.scan.decode import ScanItem
    from akpatrol.sources.base import Item, RescanUnit


def rescanned(unit: RescanUnit, rules: RuleSet, examine: Callable[[Item], Iterator[ScanItem]]) -> Iterator[ScanItem]:
    """Yield the findings in a unit; ``examine`` those of a content of which not everything is known."""
    by_id = {rule.id: rule for rule in rules.rules}
    seen: dict[KnownSecret, Secret] = {}
    for read in unit.read():
        items = [read.content(number) for number in range(len(read.data))] if isinstance(read, ContentBatch) else [read]
        for item in items:
            known = unit.known.get(item.origin.object or "") if isinstance(item, Content) and not item.read else None
            findings = _found_again(item, known, by_id, seen) if known and isinstance(item, Content) else None
            yield from examine(item) if findings is None else findings


def _found_again(
    content: Content, known: Sequence[KnownFinding], rules: Mapping[str, Rule], seen: dict[KnownSecret, Secret]
) -> list[RawFinding] | None:
    """Return the known findings with their secrets; None where the content is not what it was.

    What was ``seen`` in another version of a file is not hashed again.
    """
    findings = []
    for place in known:
        was = place.secret
        rule, found = rules.get(was.rule_id), content.data[place.start : place.end]
        if not rule:
            return None
        secret = seen.get(was)
        if not secret or secret.reveal() != found:
            if secret_sha256(Secret(found)) != was.digest:
                return None
            secret = seen[was] = Secret(found, visible_prefix(rule, found) if rule.is_foreign else None)
        match = Match(
            rule_id=was.rule_id,
            kind=rule.kind,
            secret=secret,
            start=place.start,
            end=place.end,
            confidence=was.confidence,
            attribution=was.attribution,
            exposure=was.exposure,
            others=was.others,
            ending=was.ending,
            lines_before=was.lines_before,
        )
        findings.append(located_again(content.origin, content.data, match, place.position, place.masks))
    return findings
