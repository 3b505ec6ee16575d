"""Shorter readings of what was read too long, and what makes their end known."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from akpatrol.kinds import CUSTOM
from akpatrol.kinds.organization_key import KIND as ORGANIZATION_KEY
from akpatrol.kinds.personal_access_token import KIND as PERSONAL_ACCESS_TOKEN
from akpatrol.model import identity, readings
from akpatrol.model.credential import Credential, NamedSecret, Occurrence
from akpatrol.model.scan import Attribution, Confidence, End, Match, Secret
from akpatrol.policy import group
from akpatrol.rules.rule_file import load
from tests.credentials import organization_key, personal_access_token
from tests.reports import credential, occurrence

_RULES = load()
_KEY = organization_key(Random(1))
_LONG = _KEY + "createElement"


def _placed(secret: str, end: End, **changes: Any) -> tuple[Match, Occurrence]:
    kind = ORGANIZATION_KEY if secret.startswith("ak_") else PERSONAL_ACCESS_TOKEN
    match = Match("rule", kind, Secret(secret.encode()), 0, len(secret), Confidence.MEDIUM, Attribution.LIKELY)
    return match._replace(ending=end), occurrence(secret, end=end, **changes)


@pytest.mark.parametrize(
    "secret", [_LONG, personal_access_token(Random(2)), personal_access_token(Random(3), id_length=8)]
)
def test_shorter_readings_have_the_form_of_the_whole(secret: str) -> None:
    kind = ORGANIZATION_KEY if secret.startswith("ak_") else PERSONAL_ACCESS_TOKEN
    found = [one.reveal().decode() for one in readings.shorter(kind, Secret(secret.encode()))]
    least = secret.index(".") + 17 if "." in secret else 24
    assert found == [secret[:end] for end in range(len(secret) - 1, least - 1, -1)]


def test_nothing_is_shorter_than_what_was_not_kept() -> None:
    assert not list(readings.shorter(ORGANIZATION_KEY, NamedSecret("***(56)", "akp1:" + "0" * 64, "0" * 64)))
    assert not list(readings.shorter(CUSTOM, Secret(_LONG.encode())))


def test_what_stands_elsewhere_for_certain_is_joined() -> None:
    (found,) = group.collect(
        [_placed(_LONG, End.UNCERTAIN, offset=1, path=b"pool"), _placed(_KEY, End.CERTAIN)], _RULES
    )
    assert (found.secret, found.end) == (Secret(_KEY.encode()), End.CERTAIN)
    joined = next(place for place in found.occurrences if place.path == b"pool")
    assert joined.end is End.CERTAIN
    assert joined.end_column == 12 + len(_KEY)
    assert Secret(_KEY.encode()) in joined.context
    assert _LONG[len(_KEY) :] not in joined.context  # what is no secret for certain stays masked


def test_the_longest_reading_may_be_right() -> None:
    (found,) = group.collect([_placed(_LONG, End.UNCERTAIN, offset=1), _placed(_LONG, End.CERTAIN)], _RULES)
    assert {place.end for place in found.occurrences} == {End.CERTAIN}


def test_what_nobody_knows_stays_uncertain() -> None:
    other = organization_key(Random(4))
    found = group.collect([_placed(_LONG, End.UNCERTAIN), _placed(other, End.CERTAIN)], _RULES)
    assert [(one.secret.reveal().decode(), one.end) for one in found] == [
        (_LONG, End.UNCERTAIN),
        (other, End.CERTAIN),
    ]


@pytest.mark.parametrize("name", [identity.secret_sha256, lambda one: identity.fingerprint(ORGANIZATION_KEY, one)])
def test_what_is_asked_for_is_known(name: object) -> None:
    assert callable(name)
    (found,) = group.collect([_placed(_LONG, End.UNCERTAIN)], _RULES, {name(Secret(_KEY.encode()))})
    assert (found.secret, found.end) == (Secret(_KEY.encode()), End.CERTAIN)


def _uncertain(**changes: Any) -> Credential:
    return credential(_LONG, occurrence(_LONG, end=End.UNCERTAIN, **changes), end=End.UNCERTAIN)


def test_what_cannot_be_said_is_a_gap() -> None:
    unkept = _uncertain()._replace(secret=NamedSecret("***(56)", "akp1:" + "0" * 64, "0" * 64))
    cut = _uncertain(encodings=("base64",))
    assert len(readings.uncertain([unkept, cut, _uncertain(), credential(_KEY)], {"0" * 64})) == 2
    assert not readings.uncertain([unkept, cut], set())
