"""Raw findings without their secrets as JSON values and back, so that a later run need not search for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from akpatrol.model.credential import KnownFinding
from akpatrol.model.identity import secret_sha256
from akpatrol.model.scan import Attribution, Confidence, End, Exposure, JoinedRule, Place
from akpatrol.validate.fields import Fields

if TYPE_CHECKING:
    from collections.abc import Sequence

    from akpatrol.model.credential import RawFinding

# A cached value has a limit; the other objects are examined again.
_MOST, _MOST_MASKS = 10_000, 64
_PLACES = frozenset({Place.CONTENT, Place.COMMIT_MESSAGE, Place.TAG_MESSAGE})


def values_of(findings: Sequence[RawFinding]) -> dict[str, list[dict[str, object]]]:
    """Return the findings of each object, in order; none for an object with one that needs a search."""
    by_object: dict[str, list[RawFinding]] = {}
    for finding in findings:
        by_object.setdefault(finding.origin.object or "", []).append(finding)
    left = _MOST
    values: dict[str, list[dict[str, object]]] = {}
    for id_, of_object in by_object.items():
        is_kept = len(of_object) <= left and all(map(_is_plain, of_object))
        left -= len(of_object) if is_kept else 0
        values[id_] = [_value(finding) for finding in of_object] if is_kept else []
    return values


def parse(value: Any) -> dict[str, tuple[KnownFinding, ...]]:
    """Return the findings of each object. Raises FieldError for malformed data."""
    fields = Fields(value)
    return {id_: tuple(map(_parse, fields.each(id_))) for id_ in value}


def _is_plain(finding: RawFinding) -> bool:
    """Return whether it is in the object's own bytes, as they are, in its first part."""
    origin, match = finding.origin, finding.match
    return (
        not (origin.containers or origin.encodings or match.encodings)
        and origin.place in _PLACES
        and finding.offset == match.start
        and not match.superseded
        and min(match.lines_before_by_rule) >= 0
        and len(finding.masks) <= _MOST_MASKS
        and not match.waiting
    )


def _value(finding: RawFinding) -> dict[str, object]:
    match = finding.match
    return {
        "rule": match.rule_id,
        "span": [match.start, match.end],
        "digest": secret_sha256(match.secret),
        "confidence": match.confidence.name.lower(),
        "attribution": match.attribution,
        "exposure": match.exposure,
        "others": [other._asdict() for other in match.others],
        "end": match.ending,
        "position": [finding.line, finding.column, finding.end_line, finding.end_column],
        "masks": [[*span] for span in finding.masks],
        "lines_before": match.lines_before,
    }


def _joined(fields: Fields) -> JoinedRule:
    return JoinedRule(fields.text("rule_id"), fields.count("lines_before"), fields.flag("same"))


def _parse(fields: Fields) -> KnownFinding:
    (start, end), (line, column, end_line, end_column) = fields.numbers("span", 2), fields.numbers("position", 4)
    return KnownFinding(
        rule_id=fields.text("rule"),
        start=start,
        end=end,
        digest=fields.text("digest"),
        confidence=fields.enum("confidence", Confidence),
        attribution=fields.enum("attribution", Attribution),
        exposure=fields.maybe("exposure", lambda key: fields.enum(key, Exposure)),
        others=tuple(map(_joined, fields.each("others"))),
        ending=fields.enum("end", End),
        position=(line, column, end_line, end_column),
        masks=tuple(fields.pairs("masks")),
        lines_before=fields.count("lines_before"),
    )
