"""Raw findings without their secrets as JSON values and back, so that a later run need not search for them."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from akpatrol.model.identity import secret_sha256
from akpatrol.model.known_finding import KnownFinding, KnownSecret
from akpatrol.model.scan import Attribution, Confidence, End, Exposure, JoinedRule, Place
from akpatrol.validate.fields import FieldError, Fields

if TYPE_CHECKING:
    from collections.abc import Sequence

    from akpatrol.model.credential import RawFinding

# A cached value has a limit; the other objects are examined again.
_MOST, _MOST_MASKS = 10_000, 64
_NUMBERS = 7  # of a finding, without its masks
_PLACES = frozenset({Place.CONTENT, Place.COMMIT_MESSAGE, Place.TAG_MESSAGE})


class KnownValues(NamedTuple):
    """The JSON values of what was found: each secret once, and of each object's findings their numbers.

    These are the place of the secret in ``secrets``, then the fields of ``KnownFinding``.
    """

    secrets: list[dict[str, object]]
    places: dict[str, list[list[int]]]


def values_of(findings: Sequence[RawFinding]) -> KnownValues:
    """Return the findings of each object, in order; none for an object with one that needs a search."""
    by_object: dict[str, list[RawFinding]] = {}
    for finding in findings:
        by_object.setdefault(finding.origin.object or "", []).append(finding)
    left = _MOST
    numbers: dict[KnownSecret, int] = {}
    places: dict[str, list[list[int]]] = {}
    for id_, of_object in by_object.items():
        is_kept = len(of_object) <= left and all(map(_is_plain, of_object))
        left -= len(of_object) if is_kept else 0
        places[id_] = [_place(finding, numbers) for finding in of_object] if is_kept else []
    return KnownValues(list(map(_value, numbers)), places)


def parse(secrets: Any, places: Any) -> dict[str, tuple[KnownFinding, ...]]:
    """Return the findings of each object. Raises FieldError for malformed data."""
    known = [_parse(fields) for fields in Fields({"secrets": secrets}).each("secrets")]
    fields = Fields(places)
    return {id_: tuple(_parse_place(numbers, known) for numbers in fields.lists(id_)) for id_ in places}


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


def _place(finding: RawFinding, numbers: dict[KnownSecret, int]) -> list[int]:
    match = finding.match
    secret = KnownSecret(
        match.rule_id,
        secret_sha256(match.secret),
        match.confidence,
        match.attribution,
        match.exposure,
        match.others,
        match.ending,
        match.lines_before,
    )
    number = numbers.setdefault(secret, len(numbers))
    position = finding.line, finding.column, finding.end_line, finding.end_column
    return [number, match.start, match.end, *position, *chain.from_iterable(finding.masks)]


def _value(secret: KnownSecret) -> dict[str, object]:
    return {
        "rule": secret.rule_id,
        "digest": secret.digest,
        "confidence": secret.confidence.name.lower(),
        "attribution": secret.attribution,
        "exposure": secret.exposure,
        "others": [other._asdict() for other in secret.others],
        "end": secret.ending,
        "lines_before": secret.lines_before,
    }


def _joined(fields: Fields) -> JoinedRule:
    return JoinedRule(fields.text("rule_id"), fields.count("lines_before"), fields.flag("same"))


def _parse(fields: Fields) -> KnownSecret:
    return KnownSecret(
        rule_id=fields.text("rule"),
        digest=fields.text("digest"),
        confidence=fields.enum("confidence", Confidence),
        attribution=fields.enum("attribution", Attribution),
        exposure=fields.maybe("exposure", lambda key: fields.enum(key, Exposure)),
        others=tuple(map(_joined, fields.each("others"))),
        ending=fields.enum("end", End),
        lines_before=fields.count("lines_before"),
    )


def _parse_place(numbers: Sequence[int], secrets: Sequence[KnownSecret]) -> KnownFinding:
    if len(numbers) < _NUMBERS or len(numbers) % 2 != _NUMBERS % 2 or numbers[0] >= len(secrets):
        raise FieldError("again: has no such form")
    number, start, end, line, column, end_line, end_column, *masks = numbers
    spans = zip(masks[::2], masks[1::2], strict=True)
    return KnownFinding(secrets[number], start, end, (line, column, end_line, end_column), tuple(spans))
