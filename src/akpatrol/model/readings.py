"""Derive the shorter readings of a credential whose end is uncertain, and find those that are known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.model import identity
from akpatrol.model.scan import End, Secret, Skipped

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from akpatrol.kinds import CredentialKind
    from akpatrol.model.credential import Credential, Occurrence
    from akpatrol.model.scan import Match

_UNKEPT = "its end is uncertain and its shorter readings were not kept: search for it with trace"
_CUT = "its end is uncertain: it may continue on the next line"
_WRAPPED = frozenset(("base64", "base64url", "hex"))


def shorter(kind: CredentialKind, secret: Secret) -> Iterator[Secret]:
    """Yield the shorter readings of a secret, down to the shortest of its kind: about 300 at most."""
    shortest = kind.shortest_end(secret.reveal()) if secret.is_kept else None
    if shortest:
        value = secret.reveal()
        for end in range(len(value) - 1, shortest - 1, -1):
            yield Secret(value[:end])


def uncertain(credentials: Iterable[Credential], names: Collection[str]) -> tuple[Skipped, ...]:
    """Return the credentials that may or may not be one of ``names``; none when no name is queried."""
    if not names:
        return ()
    return tuple(Skipped(reading.secret.redacted, reason) for reading in credentials if (reason := _uncertain(reading)))


def _uncertain(reading: Credential) -> str | None:
    if reading.end is End.CERTAIN:
        return None
    if not reading.secret.is_kept:
        return _UNKEPT
    return _CUT if any(not _WRAPPED.isdisjoint(place.encodings) for place in reading.occurrences) else None


class KnownSecrets:
    """Secrets with known ends: those found with certainty, and those queried by their hash."""

    def __init__(self, certain: Iterable[tuple[CredentialKind, Secret]], names: Collection[str] = ()) -> None:
        self._secrets = set(certain)
        self._names = names
        self._beginnings = tuple(name for name in names if name.startswith(identity.PREFIX))

    def resolved(self, match: Match, occurrence: Occurrence) -> tuple[Match, Occurrence]:
        """Return a match and its occurrence with their end, if that is known."""
        if match.ending is End.CERTAIN:
            return match, occurrence
        if (match.kind, match.secret) in self._secrets or self._is_queried(match.kind, match.secret):
            return match._replace(ending=End.CERTAIN), occurrence._replace(end=End.CERTAIN)
        for reading in shorter(match.kind, match.secret):
            if (match.kind, reading) in self._secrets or self._is_queried(match.kind, reading):
                return match._replace(secret=reading, ending=End.CERTAIN), _ended(occurrence, match.secret, reading)
        return match, occurrence

    def _is_queried(self, kind: CredentialKind, secret: Secret) -> bool:
        if not self._names:
            return False
        name = identity.fingerprint(kind, secret)
        return identity.secret_sha256(secret) in self._names or name.startswith(self._beginnings)


def _ended(occurrence: Occurrence, longest: Secret, secret: Secret) -> Occurrence:
    """Return an occurrence of the longest reading as one of ``secret``; the rest stays masked."""
    rest = Secret(longest.reveal()[len(secret.reveal()) :])
    context: list[str | Secret] = []
    for part in occurrence.context:
        context += [secret, rest] if part == longest else [part]
    column = occurrence.end_column
    if column and not occurrence.encodings and occurrence.end_line == occurrence.line:
        column -= len(rest.reveal())
    return occurrence._replace(end=End.CERTAIN, context=tuple(context), end_column=column)
