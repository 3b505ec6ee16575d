"""Identifiers that look like tokens: many of one form in a file."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from akpatrol.kinds.personal_access_token import KIND as PERSONAL_ACCESS_TOKEN
from akpatrol.model.scan import Attribution, Confidence, Match, Secret
from akpatrol.policy import group
from akpatrol.rules.rule_file import load
from tests.credentials import personal_access_token, ulid, uuid4
from tests.reports import occurrence

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from akpatrol.model.credential import Credential, Occurrence

_FORMS: dict[str, Callable[[Random], str]] = {
    "ULID": lambda rng: f"pat_{ulid(rng)}",
    "ULID in lower case": lambda rng: f"pat_{ulid(rng).lower()}",
    "UUID": lambda rng: f"pat_{uuid4(rng)}",
    "UUID without dashes": lambda rng: f"pat_{uuid4(rng, dashes=False)}",
    "24 digits": lambda rng: personal_access_token(rng, alphabet_name="hex", length=24),
}


def _placed(secret: str, number: int, before: str, **changes: Any) -> tuple[Match, Occurrence]:
    value = Secret(secret.encode())
    match = Match("rule", PERSONAL_ACCESS_TOKEN, value, 0, len(secret), Confidence.HIGH, Attribution.OPEN)
    place = occurrence(secret, offset=number, line=number + 1, context=(before, value, '"'))
    return match, place._replace(**changes)


def _collected(texts: Sequence[str], before: str = '{"patient": "', **changes: Any) -> tuple[Credential, ...]:
    placed = [_placed(text, number, before, **changes) for number, text in enumerate(texts)]
    return group.collect(placed, load())


@pytest.mark.parametrize("name", _FORMS)
@pytest.mark.parametrize("number", [3, 100])
def test_many_under_one_name_are_low(name: str, number: int) -> None:
    found = _collected([_FORMS[name](Random(seed)) for seed in range(number)])
    assert {one.confidence for one in found} == {Confidence.LOW}
    assert {place.alike for one in found for place in one.occurrences} == {number}


@pytest.mark.parametrize("name", _FORMS)
def test_few_may_be_tokens(name: str) -> None:
    found = _collected([_FORMS[name](Random(seed)) for seed in range(2)])
    assert {(one.confidence, one.occurrences[0].alike) for one in found} == {(Confidence.HIGH, None)}


def test_one_many_times_is_one() -> None:
    (found,) = _collected([_FORMS["ULID"](Random(1))] * 9)
    assert (found.confidence, found.occurrences[0].alike) == (Confidence.HIGH, None)


def test_what_is_called_a_secret_stays_reported() -> None:
    found = _collected([_FORMS["UUID"](Random(seed)) for seed in range(9)], before='{"api_token": "')
    assert {one.confidence for one in found} == {Confidence.MEDIUM}


def test_random_text_of_no_such_form_is_none() -> None:
    found = _collected([personal_access_token(Random(seed)) for seed in range(9)])
    assert {one.confidence for one in found} == {Confidence.HIGH}


def test_anyreach_in_the_path_counts() -> None:
    found = _collected([_FORMS["ULID"](Random(seed)) for seed in range(9)], path=b"anyreach/tokens.json")
    assert {one.confidence for one in found} == {Confidence.HIGH}


def test_other_names_are_other_things() -> None:
    texts = [_FORMS["ULID"](Random(seed)) for seed in range(9)]
    names = "abcdefghi"
    placed = [_placed(text, place, f"{names[place]} = ") for place, text in enumerate(texts)]
    assert {one.confidence for one in group.collect(placed, load())} == {Confidence.HIGH}


def test_each_file_counts_for_itself() -> None:
    texts = [_FORMS["ULID"](Random(seed)) for seed in range(4)]
    placed = [_placed(text, 0, "id: ", path=b"%d" % number) for number, text in enumerate(texts)]
    assert {one.confidence for one in group.collect(placed, load())} == {Confidence.HIGH}
