"""Which requests a batch makes, in what order, and what it makes of the answers: without a server."""

from __future__ import annotations

import asyncio
from collections import Counter
from random import Random
from typing import TYPE_CHECKING

import pytest

from akpatrol.kinds import CUSTOM
from akpatrol.kinds.organization_key import KIND as ORGANIZATION_KEY
from akpatrol.verify import VerifyOptions
from akpatrol.verify.batch import Batch
from akpatrol.verify.client import SCOPES
from akpatrol.verify.contract import Answer, Failure, Shape
from akpatrol.verify.control import MARKER
from akpatrol.verify.results import GIVEN_UP, INTERRUPTED_WHILE, Stage
from tests.credentials import organization_key, personal_access_token
from tests.unit.verify.conftest import make

if TYPE_CHECKING:
    from collections.abc import Callable

    from akpatrol.model.credential import Credential, Verification
    from akpatrol.model.scan import Secret

_RANDOM = Random("a batch")
KEYS = [make(organization_key(_RANDOM)) for _ in range(12)]
TOKENS = [make(personal_access_token(_RANDOM)) for _ in range(3)]
ACCEPTED, REFUSED = Answer(200, Shape.DATA), Answer(401, Shape.DETAIL)
CLAIM = Answer(401, Shape.DETAIL, claim_missing=True)
THROTTLED, BROKEN = Answer(429, Shape.DETAIL), Answer(500, Shape.DETAIL)
LOST = Answer(failure=Failure.TIMED_OUT)


class _Api:
    """Answers by credential and organization, and keeps what it was asked; ``controls`` answers for the forged ones."""

    def __init__(self, answer: Callable[[str, str, str | None], Answer], *controls: Answer) -> None:
        self._answer = answer
        self._controls = list(controls) or [REFUSED]
        self.asked: list[tuple[str, str, str | None]] = []

    async def __call__(self, path: str, secret: Secret, organization: str | None = None) -> Answer:
        text = secret.reveal().decode()
        self.asked.append((path, "control" if MARKER in text else text, organization))
        await asyncio.sleep(0)
        if MARKER not in text:
            return self._answer(path, text, organization)
        return self._controls.pop(0) if len(self._controls) > 1 else self._controls[0]


class _Learned:
    """What a batch said of each credential."""

    def __init__(self) -> None:
        self.all: list[tuple[Credential, Verification, Stage]] = []

    def __call__(self, credential: Credential, verification: Verification, stage: Stage) -> None:
        self.all.append((credential, verification, stage))

    def of(self, credential: Credential) -> list[tuple[Stage, str]]:
        return [(stage, str(told.status)) for one, told, stage in self.all if one is credential]

    def last(self, credential: Credential) -> Verification:
        return [told for one, told, _ in self.all if one is credential][-1]


def run(api: _Api, *credentials: Credential, **changed: object) -> _Learned:
    learned = _Learned()
    options = VerifyOptions()._replace(**{"concurrency": 1, "scopes": False, **changed})  # type: ignore[arg-type]
    asyncio.run(Batch(options, api, learned).run(credentials))
    return learned


def text(credential: Credential) -> str:
    return credential.secret.reveal().decode()


def always(answer: Answer) -> Callable[[str, str, str | None], Answer]:
    return lambda *_: answer


def test_a_control_is_asked_about_before_and_after_and_each_credential_once() -> None:
    api = _Api(always(ACCEPTED))
    learned = run(api, *KEYS[:3])
    assert [name for _, name, _ in api.asked] == ["control", *map(text, KEYS[:3]), "control"]
    assert {path for path, _, _ in api.asked} == {ORGANIZATION_KEY.verification.path}
    for key in KEYS[:3]:
        assert learned.of(key) == [(Stage.BEGUN, "unknown"), (Stage.ANSWERED, "active"), (Stage.SETTLED, "active")]


def test_each_kind_has_controls_of_its_own() -> None:
    def answer(_: str, name: str, __: str | None) -> Answer:
        return ACCEPTED if name.startswith("ak_") else REFUSED

    api = _Api(answer)
    learned = run(api, KEYS[0], TOKENS[0], KEYS[1])
    assert Counter(name for _, name, _ in api.asked)["control"] == 4
    statuses = [str(learned.last(one).status) for one in (KEYS[0], TOKENS[0], KEYS[1])]
    assert statuses == ["active", "inactive", "active"]


def test_nothing_is_sent_when_the_control_is_accepted() -> None:
    api = _Api(always(ACCEPTED), ACCEPTED)
    learned = run(api, *KEYS[:2])
    assert [name for _, name, _ in api.asked] == ["control"]
    assert {str(learned.last(key).status) for key in KEYS[:2]} == {"unknown"}


def test_a_control_that_is_accepted_afterwards_takes_every_answer_back() -> None:
    learned = run(_Api(always(ACCEPTED), REFUSED, ACCEPTED), *KEYS[:2])
    for key in KEYS[:2]:
        assert learned.of(key) == [(Stage.BEGUN, "unknown"), (Stage.ANSWERED, "active"), (Stage.SETTLED, "unknown")]


def test_a_control_that_is_refused_afterwards_proves_nothing_about_before() -> None:
    api = _Api(always(ACCEPTED), LOST, REFUSED)
    learned = run(api, KEYS[0])
    assert [name for _, name, _ in api.asked] == ["control"]
    assert str(learned.last(KEYS[0]).status) == "unknown"


def test_until_it_is_answered_a_credential_counts_as_interrupted() -> None:
    learned = run(_Api(always(ACCEPTED)), KEYS[0])
    (_, told, stage), *_ = learned.all
    assert (stage, told.reason) == (Stage.BEGUN, INTERRUPTED_WHILE)
    assert told.checked_at == learned.last(KEYS[0]).checked_at


def test_a_token_is_asked_about_in_each_organization_once_and_a_key_in_none() -> None:
    api = _Api(lambda _, __, organization: ACCEPTED if organization == "org_b" else REFUSED)
    learned = run(api, TOKENS[0], KEYS[0], organizations=("org_a", "org_b", "org_a"))
    organizations = [(name, organization) for _, name, organization in api.asked if name != "control"]
    assert organizations == [(text(TOKENS[0]), "org_a"), (text(TOKENS[0]), "org_b"), (text(KEYS[0]), None)]
    told = learned.last(TOKENS[0])
    assert [(one.organization, str(one.status)) for one in told.organizations] == [
        ("org_a", "inactive"),
        ("org_b", "active"),
    ]
    assert (str(told.status), told.reason) == ("active", "In org_b: The API accepts it (200).")


def test_an_organization_whose_control_is_not_refused_is_not_asked() -> None:
    api = _Api(always(ACCEPTED), ACCEPTED, REFUSED)
    learned = run(api, TOKENS[0], organizations=("org_a", "org_b"))
    assert [organization for _, name, organization in api.asked if name != "control"] == ["org_b"]
    assert [str(one.status) for one in learned.last(TOKENS[0]).organizations] == ["unknown", "active"]


@pytest.mark.parametrize("answer", [THROTTLED, BROKEN, Answer(503, Shape.OTHER), LOST])
def test_after_six_in_a_row_without_an_answer_the_rest_is_not_sent(answer: Answer) -> None:
    api = _Api(always(answer))
    learned = run(api, *KEYS[:9])
    assert [name for _, name, _ in api.asked if name != "control"] == list(map(text, KEYS[:6]))
    for key in KEYS[:6]:
        assert learned.of(key)[-1] == (Stage.SETTLED, "unknown")
    for key in KEYS[6:9]:
        assert learned.of(key) == [(Stage.ANSWERED, "not_sent")]
        assert learned.last(key).reason == GIVEN_UP


@pytest.mark.parametrize("answer", [ACCEPTED, REFUSED, CLAIM, Answer(404, Shape.OTHER), Answer(499, Shape.OTHER)])
def test_any_answer_between_begins_the_count_anew(answer: Answer) -> None:
    answers = dict.fromkeys(map(text, KEYS), LOST) | {text(KEYS[5]): answer}
    api = _Api(lambda _, name, __: answers[name])
    learned = run(api, *KEYS)
    assert [name for _, name, _ in api.asked if name != "control"] == list(map(text, KEYS))
    assert not any(str(told.status) == "not_sent" for _, told, _ in learned.all)


def test_organizations_that_do_not_answer_count_as_one_credential() -> None:
    """The API may fail on that one: it is not sent further, and the next ones are."""
    organizations = tuple(f"org_{number}" for number in range(9))
    api = _Api(lambda _, name, __: LOST if name == text(TOKENS[0]) else ACCEPTED)
    learned = run(api, *TOKENS, organizations=organizations)
    sent = Counter(name for _, name, _ in api.asked)
    assert [sent[text(token)] for token in TOKENS] == [6, 9, 9]
    assert [str(learned.last(token).status) for token in TOKENS] == ["unknown", "active", "active"]
    reasons = [one.reason for one in learned.last(TOKENS[0]).organizations]
    assert (len(reasons), reasons[5], reasons[6]) == (
        9,
        "No complete answer arrived in time.",
        "The API was not asked.",
    )


def test_an_organization_that_answers_begins_its_count_anew() -> None:
    organizations = tuple(f"org_{number}" for number in range(12))
    api = _Api(lambda _, __, organization: REFUSED if organization == "org_5" else LOST)
    run(api, TOKENS[0], organizations=organizations)
    assert Counter(name for _, name, _ in api.asked)[text(TOKENS[0])] == 12


def test_scopes_are_asked_of_what_is_active_and_only_if_wanted() -> None:
    def answer(path: str, name: str, _: str | None) -> Answer:
        if path == SCOPES:
            return Answer(200, Shape.DATA, scopes=("agents:read",))
        return ACCEPTED if name == text(KEYS[0]) else REFUSED

    api = _Api(answer)
    learned = run(api, *KEYS[:2], scopes=True)
    assert [name for path, name, _ in api.asked if path == SCOPES] == [text(KEYS[0])]
    assert [learned.last(key).scopes for key in KEYS[:2]] == [("agents:read",), ()]
    without = _Api(answer)
    assert run(without, KEYS[0], scopes=False).last(KEYS[0]).scopes == ()
    assert SCOPES not in {path for path, _, _ in without.asked}


def test_scopes_are_asked_in_the_organization_and_not_of_a_token_that_lacks_one() -> None:
    api = _Api(always(ACCEPTED))
    run(api, TOKENS[0], organizations=("org_a",), scopes=True)
    assert [organization for path, _, organization in api.asked if path == SCOPES] == ["org_a"]
    lacking = _Api(always(CLAIM))
    learned = run(lacking, TOKENS[0], scopes=True)
    assert str(learned.last(TOKENS[0]).status) == "active"
    assert SCOPES not in {path for path, _, _ in lacking.asked}


@pytest.mark.parametrize("concurrency", [1, 2, 5])
def test_so_many_are_asked_about_at_a_time_and_each_once(concurrency: int) -> None:
    class Busy(_Api):
        now = most = 0

        async def __call__(self, path: str, secret: Secret, organization: str | None = None) -> Answer:
            self.now += 1
            self.most = max(self.most, self.now)
            await asyncio.sleep(0)
            self.now -= 1
            return await super().__call__(path, secret, organization)

    api = Busy(always(ACCEPTED))
    run(api, *KEYS, concurrency=concurrency)
    assert Counter(name for _, name, _ in api.asked) == Counter(map(text, KEYS)) + Counter(control=2)
    assert api.most == concurrency


def test_no_credentials_no_requests() -> None:
    api = _Api(always(ACCEPTED))
    assert run(api).all == []
    assert api.asked == []


def test_a_kind_that_cannot_be_verified_is_no_batch_s() -> None:
    with pytest.raises(ValueError, match="cannot be verified"):
        run(_Api(always(ACCEPTED)), make(text(KEYS[0]), kind=CUSTOM))
