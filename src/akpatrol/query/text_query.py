"""Queries for a text: its bytes, plain and in the usual encodings, regardless of the rules.

A rule that exists only in memory finds it: neither the text nor a hash of it is stored anywhere.
"""

from __future__ import annotations

import html
import json
import re
from base64 import b64encode, urlsafe_b64encode
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote_from_bytes

from akpatrol.kinds import CUSTOM
from akpatrol.model.scan import Secret, State
from akpatrol.rules.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from akpatrol.kinds import CredentialKind
    from akpatrol.model.credential import Credential, Occurrence
    from akpatrol.model.report import Report

RULE_ID = "asked-text"

_LEAST, _MOST = 4, 2000
# Shorter texts occur everywhere in encoded form.
_LEAST_ENCODED = 8
_STATES = list(State)
_PLAIN = ""


class TextQuery(NamedTuple):
    """The text, and each of its forms with its encoding, none for the text itself."""

    secret: Secret
    forms: tuple[tuple[Secret, str], ...]

    @property
    def encodings(self) -> list[str]:
        """The encodings that are searched: some forms of a long text are too long."""
        return sorted({encoding for _, encoding in self.forms if encoding})


def of(text: bytes) -> TextQuery | None:
    """Return the query for a text; None for one that is too short to search for, or too long to be found whole."""
    if not _LEAST <= len(text) <= _MOST:
        return None
    forms = {text: _PLAIN}
    for form, encoding in _encoded(text):
        if _LEAST_ENCODED <= len(form) <= _MOST:
            forms.setdefault(form, encoding)
    return TextQuery(Secret(text), tuple((Secret(form), encoding) for form, encoding in forms.items()))


def rule_of(text: TextQuery) -> Rule:
    """Return the rule that finds it."""
    longest_first = sorted((form.reveal() for form, _ in text.forms), key=lambda form: (-len(form), form))
    regex = "|".join("".join(f"\\x{byte:02x}" for byte in form) for form in longest_first)
    return Rule(RULE_ID, "The text that was asked for", regex, shipped=True)


def gathered(report: Report, text: TextQuery, known: tuple[CredentialKind, Secret] | None = None) -> Report:
    """Return the report with all places of the text as places of one credential, the ``known`` one if there is one.

    A place inside a credential that contains the text, half of a key for example, belongs to that credential.
    """
    encodings = dict(text.forms)
    spelled = [
        credential
        for credential in report.credentials
        if RULE_ID in credential.rule_ids and credential.secret in encodings and _is_own(credential)
    ]
    others = [_without_rule(credential) for credential in report.credentials if credential not in spelled]
    holders = [credential for credential in others if text.secret.reveal() in credential.secret.reveal()]
    held_places = [place for holder in holders for place in holder.occurrences]
    places = [
        place._replace(encodings=(*place.encodings, *filter(None, [encodings[credential.secret]])))
        for credential in spelled
        for place in credential.occurrences
        if not any(_lies_in(place, other) for other in held_places)
    ]
    if not places:
        return report._replace(credentials=tuple(others))
    kind, secret = known or (CUSTOM, text.secret)
    same = next((other for other in others if (other.kind, other.secret) == (kind, secret)), None)
    rest = [other for other in others if other is not same]
    whole_text = _with_places(
        same or spelled[0]._replace(kind=kind, secret=secret), places, same.occurrences if same else ()
    )
    return report._replace(credentials=(*rest, whole_text))


def _encoded(text: bytes) -> Iterator[tuple[bytes, str]]:
    for before in range(3):
        # The neighbouring text determines the characters at either end.
        first, last = -(-8 * before // 6), 8 * (before + len(text)) // 6
        for encode in (b64encode, urlsafe_b64encode):
            yield encode(bytes(before) + text)[first:last], "base64"
    yield text.hex().encode(), "hex"
    yield text.hex().upper().encode(), "hex"
    percent = quote_from_bytes(text, safe="")
    complete = "".join(f"%{byte:02X}" for byte in text)
    lower = re.sub("%..", lambda escape: escape[0].lower(), percent)
    for form in (percent, quote_from_bytes(text), lower, complete, complete.lower()):
        yield form.encode(), "percent"
    try:
        characters = text.decode()
    except UnicodeDecodeError:
        return
    if text.isascii():
        # Between two characters' zero bytes either order is the same.
        yield b"\0".join(bytes([byte]) for byte in text), "utf-16"
    else:
        yield characters.encode("utf-16-le"), "utf-16-le"
        yield characters.encode("utf-16-be"), "utf-16-be"
    units = characters.encode("utf-16-be").hex(" ", 2).split()
    for form in (
        json.dumps(characters)[1:-1],
        json.dumps(characters, ensure_ascii=False)[1:-1],
        characters.replace("/", "\\/"),
        "".join(f"\\u{unit}" for unit in units),
        "".join(f"\\u{unit.upper()}" for unit in units),
    ):
        yield form.encode(), "escapes"
    yield html.escape(characters).encode(), "html"


def _is_own(credential: Credential) -> bool:
    return credential.kind.is_custom and credential.rule_ids == (RULE_ID,)


def _without_rule(credential: Credential) -> Credential:
    """Return a credential without the rule's name, which says nothing here."""
    ids = tuple(name for name in credential.rule_ids if name != RULE_ID)
    return credential._replace(rule_ids=ids) if ids != credential.rule_ids and ids else credential


def _lies_in(place: Occurrence, other: Occurrence) -> bool:
    """Return whether a place of the text is, or is inside, a credential's place."""
    for name in ("target", "place", "path", "line", "containers"):
        if getattr(place, name) != getattr(other, name):
            return False
    if place.path is None and place.object != other.object:
        return False
    if place.encodings or other.encodings or None in (place.column, other.column, other.end_column):
        return True
    return (other.column or 0) <= (place.column or 0) < (other.end_column or 0)


def _with_places(credential: Credential, places: Sequence[Occurrence], before: Sequence[Occurrence]) -> Credential:
    occurrences = (*before, *places)
    worst = min((place.state for place in occurrences), key=_STATES.index)
    exposure = credential.exposure or next((place.exposure for place in places if place.exposure), None)
    return credential._replace(occurrences=occurrences, state=worst, exposure=exposure)
