"""Mark identifiers that look like a token: many of one form in a file, most of them after the same text.

Databases use ULIDs, UUIDs and hexadecimal digits as row ids, and a prefix may mean something other than a token.
A single one may be a credential; several under one name in a file are hardly all secrets.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.model.scan import Attribution, Confidence, Place, Secret

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from akpatrol.model.credential import Occurrence
    from akpatrol.model.scan import Match

_MANY = 3
_LEADING = 24  # characters before an identifier
# What a label ends with: the row of a table that an identifier is in.
_ROW = re.compile(r"\[[^\[\]]*\]\Z")
_DIGITS = re.compile(r"[0-9]+")
_SECRET_NAME = re.compile(r"token|secret|passw|credential|key|auth|bearer", re.IGNORECASE)


class _Identifier(NamedTuple):
    """The features that identifiers of one form in a file share, and the text before one of them without numbers."""

    group: tuple[object, ...]
    leading: str


def marked(placed: Sequence[tuple[Match, Occurrence]]) -> Iterator[tuple[Match, Occurrence]]:
    """Yield all matches; identifiers get their number in the file and a low confidence.

    An identifier whose name calls it a secret keeps medium confidence.
    """
    identifiers = [_identifier(match, occurrence) for match, occurrence in placed]
    pairs = zip(identifiers, placed, strict=True)
    numbers = _numbers({(identifier, match.secret) for identifier, (match, _) in pairs if identifier})
    for identifier, (match, occurrence) in zip(identifiers, placed, strict=True):
        if identifier and (number := numbers.get(identifier.group)):
            most = Confidence.MEDIUM if _SECRET_NAME.search(identifier.leading) else Confidence.LOW
            yield match._replace(confidence=min(match.confidence, most)), occurrence._replace(alike=number)
        else:
            yield match, occurrence


def _numbers(identified: set[tuple[_Identifier, Secret]]) -> dict[tuple[object, ...], int]:
    """Return the number of secrets of each large group in which at least half follow the same text."""
    leadings: dict[tuple[object, ...], Counter[str]] = defaultdict(Counter)
    for identifier, _ in identified:
        leadings[identifier.group][identifier.leading] += 1
    return {
        group: number
        for group, counts in leadings.items()
        if (number := counts.total()) >= _MANY and 2 * max(counts.values()) >= number
    }


def _identifier(match: Match, occurrence: Occurrence) -> _Identifier | None:
    """Return the features of an identifier; None if it is not one or is near Anyreach's name."""
    is_open = match.kind.is_shared and match.attribution is Attribution.OPEN
    path = occurrence.path or b""
    if not is_open or occurrence.place is not Place.CONTENT or b"anyreach" in path.lower():
        return None
    value = match.secret.reveal()
    prefix, rest = value[: len(match.kind.prefix)], value[len(match.kind.prefix) :]
    if prefix != match.kind.prefix.encode():
        return None
    form = next((index for index, form in enumerate(match.kind.identifiers) if re.fullmatch(form, rest)), None)
    if form is None:
        return None
    file = occurrence.object or (path, occurrence.refs)
    containers = tuple(_ROW.sub("", label) for label in occurrence.containers)
    group = (occurrence.target, file, containers, occurrence.encodings, match.kind, form, len(value))
    return _Identifier(group, _leading(match, occurrence))


def _leading(match: Match, occurrence: Occurrence) -> str:
    """Return the text before an identifier in its line, with 0 for every number."""
    before = ""
    for part in occurrence.context:
        if isinstance(part, Secret):
            if part == match.secret:
                break
            before = ""
        else:
            before = part
    return _DIGITS.sub("0", before[-_LEADING:])
