"""The decision table, every cell of it."""

from __future__ import annotations

from itertools import product

import pytest

from akpatrol.kinds import CUSTOM, KINDS, CredentialKind
from akpatrol.kinds.organization_key import KIND as ORGANIZATION_KEY
from akpatrol.kinds.personal_access_token import KIND as PERSONAL_ACCESS_TOKEN
from akpatrol.model.credential import VerificationStatus
from akpatrol.verify.contract import NOT_ASKED, Answer, Failure, Meaning, Shape, decide, meaning, worse

KEY, TOKEN = ORGANIZATION_KEY, PERSONAL_ACCESS_TOKEN
DATA, DETAIL, OTHER = Shape.DATA, Shape.DETAIL, Shape.OTHER

# Answer, then what it means for a key, for a token without and with --org, once the control was refused.
ROWS: list[tuple[Answer, str]] = [
    (Answer(200, DATA), "active active active"),
    (Answer(202, DATA), "active active active"),
    (Answer(200, DETAIL), "unknown unknown unknown"),
    (Answer(200, OTHER), "unknown unknown unknown"),
    (Answer(204, OTHER), "unknown unknown unknown"),
    (Answer(301, OTHER), "unknown unknown unknown"),
    (Answer(302, DATA), "unknown unknown unknown"),
    (Answer(307, DETAIL), "unknown unknown unknown"),
    (Answer(400, DETAIL), "unknown unknown unknown"),
    (Answer(401, DETAIL), "inactive inactive inactive"),
    (Answer(401, DETAIL, claim_missing=True), "unknown active unknown"),
    (Answer(401, DATA), "unknown unknown unknown"),
    (Answer(401, OTHER), "unknown unknown unknown"),
    (Answer(403, DETAIL), "active active active"),
    (Answer(403, DATA), "unknown unknown unknown"),
    (Answer(403, OTHER), "unknown unknown unknown"),
    (Answer(404, DETAIL), "unknown unknown unknown"),
    (Answer(407, OTHER), "unknown unknown unknown"),
    (Answer(409, DETAIL), "unknown unknown unknown"),
    (Answer(422, DETAIL), "unknown unknown unknown"),
    (Answer(429, DETAIL), "unknown unknown unknown"),
    (Answer(500, DETAIL), "unknown unknown unknown"),
    (Answer(502, OTHER), "unknown unknown unknown"),
    (Answer(503, OTHER), "unknown unknown unknown"),
    (NOT_ASKED, "unknown unknown unknown"),
    *((Answer(failure=failure), "unknown unknown unknown") for failure in Failure),
]
COLUMNS = {(KEY, False): 0, (KEY, True): 0, (TOKEN, False): 1, (TOKEN, True): 2}

REFUSED, CLAIM = Answer(401, DETAIL), Answer(401, DETAIL, claim_missing=True)
CONTROLS = [
    REFUSED,
    CLAIM,
    Answer(403, DETAIL),
    Answer(200, DATA),
    Answer(200, OTHER),
    Answer(403, OTHER),
    Answer(429, DETAIL),
    Answer(500, DETAIL),
    *(Answer(failure=failure) for failure in Failure),
]


def believed(kind: CredentialKind, control: Answer) -> bool:
    """A refused control is what lets an answer count; a key's may be refused for want of an organization."""
    return control == REFUSED or (control == CLAIM and kind is KEY)


@pytest.mark.parametrize(("answer", "means"), ROWS, ids=str)
@pytest.mark.parametrize("organization_given", [False, True], ids=["no org", "org"])
@pytest.mark.parametrize("kind", [KEY, TOKEN, CUSTOM])
def test_row(kind: CredentialKind, *, organization_given: bool, answer: Answer, means: str) -> None:
    for control in CONTROLS:
        decision = decide(kind, organization_given=organization_given, control=control, answer=answer)
        if kind is CUSTOM:
            expected = "not_sent"
        elif believed(kind, control):
            expected = means.split()[COLUMNS[kind, organization_given]]
        else:
            expected = "unknown"
        assert decision.status == expected, control
        assert decision.reason[0].isupper(), control
        assert decision.reason.endswith("."), control


def test_only_a_plain_refusal_by_the_api_is_ever_inactive() -> None:
    for kind, given, control, status, shape, claim in product(
        KINDS, (False, True), CONTROLS, range(600), Shape, (False, True)
    ):
        answer = Answer(status, shape, claim_missing=claim)
        decision = decide(kind, organization_given=given, control=control, answer=answer)
        if decision.status is VerificationStatus.INACTIVE:
            assert (status, shape, claim) == (401, DETAIL, False)
            assert meaning(control) in {Meaning.REFUSED, Meaning.CLAIM_MISSING}


def test_a_token_that_looks_like_any_other_asks_for_the_organization() -> None:
    decision = decide(TOKEN, organization_given=False, control=CLAIM, answer=CLAIM)
    assert "--org" in decision.reason


@pytest.mark.parametrize("second", CONTROLS[1:], ids=str)
def test_the_less_trusted_control_counts(second: Answer) -> None:
    assert worse(REFUSED, second) == second
    assert worse(second, REFUSED) == second
