"""The order in which a responder reads: what is live and can do most comes first, and equals go by location."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from akpatrol.model.credential import VerificationStatus
from akpatrol.model.scan import Exposure, Severity
from akpatrol.report.order import credentials_in_order
from tests import reports

if TYPE_CHECKING:
    from akpatrol.model.credential import Credential

_RANDOM = reports.seeded(16)
_KEYS = [reports.organization_key(_RANDOM) for _ in range(2)]


def _found(number: int, path: bytes = b"a", **changes: Any) -> Credential:
    return reports.credential(_KEYS[number], reports.occurrence(_KEYS[number], path=path), **changes)


def _live(number: int, *scopes: str) -> Credential:
    answer = reports.verification(VerificationStatus.ACTIVE, scopes=scopes)
    return _found(number, verification=answer, severity=Severity.CRITICAL)


def _spread(number: int, paths: int, refs: tuple[str, ...] = (), date: str = "") -> Credential:
    since = reports.commit(reports.seeded(1), date) if date else None
    places = [
        reports.occurrence(_KEYS[number], path=b"a%d" % path, refs=refs, introduced=since) for path in range(paths)
    ]
    return reports.credential(_KEYS[number], *places)


_PAIRS = {
    "live before not": (_live(0), _found(1)),
    "every descendant organization before one": (_live(0, "child_organizations:manage"), _live(1, "billing:manage")),
    "writing before transcripts": (_live(0, "members:manage"), _live(1, "conversations:read_sensitive")),
    "transcripts before other reading": (_live(0, "conversations:read_sensitive"), _live(1, "members:read", "a:read")),
    "public before private": (_found(0, exposure=Exposure.BROWSER), _found(1)),
    "worse before milder": (_found(0, severity=Severity.HIGH), _found(1, severity=Severity.LOW)),
    "more places before fewer": (_spread(0, 3), _spread(1, 2)),
    "more refs before fewer": (_spread(0, 1, ("a", "b")), _spread(1, 1, ("a",))),
    "older before newer": (_spread(0, 1, date="2024-01-01T00:00:00Z"), _spread(1, 1, date="2025-01-01T00:00:00Z")),
    "by path": (_found(0, b"a"), _found(1, b"b")),
    "findings before allowed": (_found(0), _found(1, allowed=reports.allowance())),
}


@pytest.mark.parametrize("name", _PAIRS)
@pytest.mark.parametrize("swapped", [False, True])
def test_order(name: str, *, swapped: bool) -> None:
    first, second = _PAIRS[name]
    if swapped:  # so that no fingerprint decides
        first, second = (
            pair._replace(
                secret=other.secret,
                occurrences=tuple(place._replace(context=()) for place in pair.occurrences),
            )
            for pair, other in ((first, second), (second, first))
        )
    assert credentials_in_order([second, first]) == credentials_in_order([first, second]) == [first, second]


def test_every_pair_is_in_the_order_of_locations_when_nothing_else_differs() -> None:
    keys = [reports.organization_key(_RANDOM) for _ in range(20)]
    found = [
        reports.credential(key, reports.occurrence(key, path=b"f%02d" % (number * 7 % 20)))
        for number, key in enumerate(keys)
    ]
    paths = [credential.occurrences[0].path or b"" for credential in credentials_in_order(found)]
    assert all(one <= other for one, other in pairwise(paths))
