"""The order of credentials and of their occurrences, the same in every format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.model.scan import Place, State

if TYPE_CHECKING:
    from collections.abc import Iterable

    from akpatrol.model.credential import Credential, Occurrence

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
    if not listed:
        return listed
    from akpatrol.model import identity  # noqa: PLC0415 - OpenSSL costs milliseconds; a clean run hashes nothing

    return sorted(
        listed,
        key=lambda credential: (
            not credential.is_finding,
            credential.state is State.IGNORED,
            not credential.is_live,
            *_harmlessness(credential),
            credential.exposure is None,
            -credential.severity,
            _STATES.index(credential.state),
            -credential.confidence,
            *_spread(credential),
            _first_seen(credential),
            _location(credential),
            identity.fingerprint(credential.kind, credential.secret),
        ),
    )


def _harmlessness(credential: Credential) -> tuple[int, ...]:
    """Return numbers that are smaller, the more the API allows a credential to do."""
    scopes = credential.verification.scopes if credential.verification else ()
    writing = sum(not scope.rpartition(":")[2].startswith(_READS) for scope in scopes)
    return (-(_EVERY_DESCENDANT in scopes), -writing, -(_TRANSCRIPTS in scopes), -len(scopes))


def _spread(credential: Credential) -> tuple[int, int]:
    return -len(credential.occurrences), -len({ref for place in credential.occurrences for ref in place.refs})


def _first_seen(credential: Credential) -> str:
    return min((place.introduced.date for place in credential.occurrences if place.introduced), default=_NO_DATE)


def _location(credential: Credential) -> tuple[object, ...]:
    return min((_sorted_by(place) for place in credential.occurrences), default=())


def _sorted_by(place: Occurrence) -> tuple[str, bytes, tuple[str, ...], int]:
    return place.target, place.path or b"", place.containers, place.offset


def occurrences_in_order(occurrences: Iterable[Occurrence]) -> list[Occurrence]:
    """Return the worst first, among equals the oldest."""
    return sorted(
        occurrences,
        key=lambda place: (
            _STATES.index(place.state),
            place.place is Place.GIT_DIR,  # a target's files repeat what its commits hold
            place.introduced.date if place.introduced else "",
            place.target,
            place.place,
            place.path or b"",
            place.containers,
            place.offset,
            place.object or "",
        ),
    )
