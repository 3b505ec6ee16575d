"""The order of credentials and of their occurrences, the same in every format."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from akpatrol.model.scan import Place, State

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from akpatrol.model.credential import Credential, Occurrence
    from akpatrol.model.places import PlaceFacts

_STATES = list(State)
_EVERY_DESCENDANT, _TRANSCRIPTS = "child_organizations:manage", "conversations:read_sensitive"
_READS = "read"
_NO_DATE = "9999"  # behind every date


def credentials_in_order(credentials: Iterable[Credential]) -> list[Credential]:
    """Return the most urgent first, equals by location; those that git ignores and allowed ones last.

    Live ones are before all others. Then counts what a credential can do, whether every visitor of a web page can read
    it, how bad the leak is, how far it has spread, and how old it is.
    """
    listed = list(credentials)
    return sorted(listed, key=_urgency) if listed else listed


def _urgency(credential: Credential) -> tuple[object, ...]:
    from akpatrol.model import identity  # noqa: PLC0415 - OpenSSL costs milliseconds; a clean run hashes nothing

    facts = facts_of(credential.occurrences)
    return (
        not credential.is_finding,
        credential.state is State.IGNORED,
        not credential.is_live,
        *_harmlessness(credential),
        credential.exposure is None,
        -credential.severity,
        _STATES.index(credential.state),
        -credential.confidence,
        -len(credential.occurrences),
        -facts.refs,
        facts.first_seen or _NO_DATE,
        facts.location,
        identity.fingerprint(credential.kind, credential.secret),
    )


def _harmlessness(credential: Credential) -> tuple[int, ...]:
    """Return numbers that are smaller, the more the API allows a credential to do."""
    scopes = credential.verification.scopes if credential.verification else ()
    writing = sum(not scope.rpartition(":")[2].startswith(_READS) for scope in scopes)
    return (-(_EVERY_DESCENDANT in scopes), -writing, -(_TRANSCRIPTS in scopes), -len(scopes))


def facts_of(places: Sequence[Occurrence]) -> PlaceFacts:
    """Return what is asked of all places of a credential."""
    from akpatrol.model.places import KeptPlaces, PlaceFacts  # noqa: PLC0415 - most runs of a hook find nothing

    if isinstance(places, KeptPlaces):
        return places.facts
    return PlaceFacts(
        # The same refs hold most places.
        len(set().union(*{place.refs for place in places})),
        min((place.introduced.date for place in places if place.introduced), default=None),
        min(map(_location, places), default=()),
        _shared(frozenset(place.state for place in places)),
        tuple(sorted({place.target for place in places})),
    )


@cache
def _shared(states: frozenset[State]) -> frozenset[State]:
    """Return the same set for equal ones: very many credentials have one of few."""
    return states


def _location(place: Occurrence) -> tuple[str, bytes, tuple[str, ...], int]:
    return place.target, place.path or b"", place.containers, place.offset


def occurrences_in_order(occurrences: Sequence[Occurrence]) -> Sequence[Occurrence]:
    """Return the worst first, among equals the oldest."""
    from akpatrol.model.places import KeptPlaces  # noqa: PLC0415 - most runs of a hook find nothing

    return occurrences if isinstance(occurrences, KeptPlaces) else sorted(occurrences, key=badness)


def badness(place: Occurrence) -> tuple[object, ...]:
    """Return what places are ordered by."""
    return (
        _STATES.index(place.state),
        place.place is Place.GIT_DIR,  # a target's files repeat what its commits hold
        place.introduced.date if place.introduced else "",
        place.target,
        place.place,
        place.path or b"",
        place.containers,
        place.offset,
        place.object or "",
    )
