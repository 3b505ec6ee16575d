"""One batch: negative controls, each credential once, the controls again."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import TYPE_CHECKING, Protocol

from akpatrol.model.credential import Verification, VerificationStatus
from akpatrol.verify import control
from akpatrol.verify.client import SCOPES
from akpatrol.verify.contract import NOT_ASKED, Answer, Meaning, decide, distrust, meaning, worse
from akpatrol.verify.results import GIVEN_UP, INTERRUPTED_WHILE, CredentialAnswers, Stage, not_sent, now, verification

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from akpatrol.kinds import CredentialKind
    from akpatrol.model.credential import Credential
    from akpatrol.model.scan import Secret
    from akpatrol.verify.options import VerifyOptions

_GIVE_UP_AFTER = 6
"""After so many credentials in a row without any answer, the rest is not sent: a failing API is not asked on.

One credential is not sent to further organizations after so many in a row without an answer: the API may fail on it.
"""

_THROTTLED, _SERVER_ERROR = 429, 500


class Ask(Protocol):
    """Sends one GET with a credential, as ``client.Verifier.ask`` does."""

    async def __call__(self, path: str, secret: Secret, organization: str | None = None) -> Answer:
        """Return what came back; never raises for what a server does."""
        ...


class Batch:
    """Asks about credentials that are all fit to be sent, each one once.

    ``learn`` is called when a credential is begun, when it is answered, and when the second controls have confirmed
    or overturned that.
    """

    def __init__(
        self, options: VerifyOptions, ask: Ask, learn: Callable[[Credential, Verification, Stage], None]
    ) -> None:
        self._options = options
        self._ask = ask
        self._learn = learn
        self._controls: dict[CredentialKind, dict[str | None, Answer]] = {}
        self._results: list[tuple[Credential, list[CredentialAnswers], str]] = []
        self._unanswered = 0

    async def run(self, credentials: Sequence[Credential]) -> None:
        """Ask about all of them."""
        kinds: dict[CredentialKind, list[Credential]] = defaultdict(list)
        for credential in credentials:
            kinds[credential.kind].append(credential)
        for kind, members in kinds.items():
            self._controls[kind] = await self._control(kind, members[0].secret)
        waiting = iter(credentials)
        async with asyncio.TaskGroup() as group:
            for _ in range(self._options.concurrency):
                group.create_task(self._work(waiting))
        sent = {credential.kind for credential, answers, _ in self._results if _sent(answers)}
        for kind in sent:
            after = await self._control(kind, kinds[kind][0].secret)
            self._controls[kind] = {step: worse(first, after[step]) for step, first in self._controls[kind].items()}
        for credential, answers, when in self._results:
            settled = verification(credential.kind, answers, self._controls[credential.kind], when)
            self._learn(credential, settled, Stage.SETTLED)

    async def _control(self, kind: CredentialKind, like: Secret) -> dict[str | None, Answer]:
        """Ask about a credential that cannot exist, in the same ways as about the others."""
        forged = control.forge(kind, like)
        return {step: await self._ask(_path(kind), forged, step) for step in self._steps(kind)}

    def _steps(self, kind: CredentialKind) -> tuple[str | None, ...]:
        """Return the organizations to name, or none for a kind that is sent without."""
        if kind.needs_organization and self._options.organizations:
            return tuple(dict.fromkeys(self._options.organizations))
        return (None,)

    async def _work(self, waiting: Iterator[Credential]) -> None:
        for credential in waiting:
            if self._unanswered >= _GIVE_UP_AFTER:
                self._learn(credential, not_sent(GIVEN_UP), Stage.ANSWERED)
                continue
            await self._credential(credential)

    async def _credential(self, credential: Credential) -> None:
        kind = credential.kind
        controls = self._controls[kind]
        answers = [CredentialAnswers(step, NOT_ASKED) for step in controls]
        when = now()
        self._learn(credential, _interrupted(when), Stage.BEGUN)
        in_a_row = 0
        for place, (step, first) in enumerate(controls.items()):
            if in_a_row >= _GIVE_UP_AFTER:
                break
            if not distrust(kind, organization_given=step is not None, control=first):
                answers[place] = await self._one(credential, step, first)
                in_a_row = in_a_row + 1 if _unanswered(answers[place].answer) else 0
        if sent := _sent(answers):
            self._unanswered = self._unanswered + 1 if all(map(_unanswered, sent)) else 0
        self._results.append((credential, answers, when))
        self._learn(credential, verification(kind, answers, controls, when), Stage.ANSWERED)

    async def _one(self, credential: Credential, step: str | None, first: Answer) -> CredentialAnswers:
        answer = await self._ask(_path(credential.kind), credential.secret, step)
        decision = decide(credential.kind, organization_given=step is not None, control=first, answer=answer)
        # Without its organization a token would only get the same answer again.
        wanted = self._options.scopes and meaning(answer) is not Meaning.CLAIM_MISSING
        if not wanted or decision.status is not VerificationStatus.ACTIVE:
            return CredentialAnswers(step, answer)
        return CredentialAnswers(step, answer, await self._ask(SCOPES, credential.secret, step))


def _sent(answers: Sequence[CredentialAnswers]) -> list[Answer]:
    """Return the answers to requests that were sent."""
    return [result.answer for result in answers if result.answer != NOT_ASKED]


def _path(kind: CredentialKind) -> str:
    """Return what to request; only kinds that can be verified are asked about."""
    if kind.verification is None:
        raise ValueError(f"{kind} cannot be verified")
    return kind.verification.path


def _unanswered(answer: Answer) -> bool:
    return answer.failure is not None or answer.status == _THROTTLED or answer.status >= _SERVER_ERROR


def _interrupted(when: str) -> Verification:
    return Verification(VerificationStatus.UNKNOWN, INTERRUPTED_WHILE, when)
