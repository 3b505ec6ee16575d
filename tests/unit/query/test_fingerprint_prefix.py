"""The beginning of a fingerprint: what is one, which credential it names, and what is said when it names several."""

from __future__ import annotations

from random import Random

import pytest

from akpatrol.errors import UsageError
from akpatrol.model.credential import NamedSecret, Taken
from akpatrol.query import credential_query, fingerprint_prefix
from tests.credentials import organization_key
from tests.reports import credential, report

_NAMES = [f"akp1:{'0' * 62}{digit}0" for digit in "123"]


@pytest.mark.parametrize("text", ["603edc93", "akp1:603edc93", "AKP1:603EDC93", "603edc93" * 8])
def test_a_beginning(text: str) -> None:
    found = fingerprint_prefix.beginning(text) or ""
    assert found == f"akp1:{text.lower().removeprefix('akp1:')}"
    assert fingerprint_prefix.wanted(text) == found
    assert fingerprint_prefix.is_whole(found) == (len(text) == 64)


@pytest.mark.parametrize(
    "text", ["", "akp1:", "603edc9", "akp1:603edc9", "akp2:603edc93", "603edc9g", "0" * 65, "12345678\n"]
)
def test_no_beginning(text: str) -> None:
    assert fingerprint_prefix.beginning(text) is None
    with pytest.raises(UsageError) as raised:
        fingerprint_prefix.wanted(text)
    assert "at least 8 hex digits" in raised.value.hint


def test_the_only_one() -> None:
    assert fingerprint_prefix.the_one(_NAMES[0][:-1], _NAMES) == _NAMES[0]
    assert fingerprint_prefix.the_one(_NAMES[0], [*_NAMES, *_NAMES]) == _NAMES[0]
    assert fingerprint_prefix.the_one("akp1:12345678", _NAMES) is None
    with pytest.raises(UsageError, match="3 fingerprints have this beginning") as raised:
        fingerprint_prefix.the_one("akp1:00000000", _NAMES)
    assert all(name in raised.value.hint for name in _NAMES)


def test_a_query_that_fits_several_says_so() -> None:
    one, other = (NamedSecret("ak_x***(48)", name, "") for name in _NAMES[:2])
    found = [credential(organization_key(Random(1)))._replace(secret=secret) for secret in (one, other)]
    (query,) = credential_query.named("akp1:" + "0" * 8)
    answered = credential_query.answer(report(*found), [query])
    assert answered.credentials == tuple(found)
    assert any("begins 2 fingerprints" in notice for notice in answered.notices)


def test_without_a_prefix_it_may_be_a_key_id_too() -> None:
    assert [one.taken_for for one in credential_query.named("603edc93")] == [Taken.FINGERPRINT, Taken.KEY_ID]
    assert [one.taken_for for one in credential_query.named("id:603edc93")] == [Taken.KEY_ID]
    assert [one.taken_for for one in credential_query.named("603edc93" * 8)] == [Taken.SHA256]
