"""The order of credentials and of their occurrences, the same in every format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.model.scan import Place, State

if TYPE_CHECKING:
    from collections.abc import Iterable

    from akpatrol.model.credential import Credential, Occurrence

_STATES = list(State)


def credentials_in_order(credentials: Iterable[Credential]) -> list[Credential]:
    """Return the most urgent first, the live ones before all others; those that git ignores and allowed ones last."""
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
            -credential.severity,
            _STATES.index(credential.state),
            -credential.confidence,
            identity.fingerprint(credential.kind, credential.secret),
        ),
    )


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
