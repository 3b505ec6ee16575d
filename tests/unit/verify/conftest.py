"""Servers to ask, and a watch over everything that is said while they are asked."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest

from akpatrol.kinds.organization_key import KIND as ORGANIZATION_KEY
from akpatrol.kinds.personal_access_token import KIND as PERSONAL_ACCESS_TOKEN
from akpatrol.model.credential import Credential
from akpatrol.model.scan import Attribution, Confidence, Secret, Severity, State
from akpatrol.verify import Verified, VerifyOptions, verify_all

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from akpatrol.kinds import CredentialKind
    from akpatrol.model.credential import Verification
    from tests.api_server import ApiServer

QUICK = VerifyOptions(
    rps=200, connect_seconds=5, read_seconds=5, total_seconds=8, backoff_seconds=0.02, retry_seconds=2, attempts=3
)
IMPATIENT: dict[str, Any] = {"connect_seconds": 0.5, "read_seconds": 0.5, "total_seconds": 0.8}
"""For servers that would keep us waiting."""
HASTY: dict[str, Any] = {"connect_seconds": 0.2, "read_seconds": 0.2, "total_seconds": 0.3}
"""For servers that never answer: whichever time is up, the answer is the same."""


def make(text: str, *, attribution: Attribution = Attribution.LIKELY, kind: CredentialKind | None = None) -> Credential:
    """Return a found credential."""
    natural = ORGANIZATION_KEY if text.startswith("ak_") else PERSONAL_ACCESS_TOKEN
    return Credential(
        kind=kind or natural,
        secret=Secret(text.encode()),
        rule_ids=("anyreach",),
        confidence=Confidence.HIGH,
        attribution=attribution,
        severity=Severity.HIGH,
        state=State.WORKTREE,
        exposure=None,
        occurrences=(),
    )


class Verify:
    """Verifies texts against a server and keeps all that was said."""

    def __init__(self, bundle: str) -> None:
        self.bundle = bundle
        self.texts: set[str] = set()
        self.said: list[str] = []
        self.told: list[tuple[Credential, Verification]] = []

    def options(self, server: ApiServer | str, **changed: Any) -> VerifyOptions:
        url = server if isinstance(server, str) else server.url
        return QUICK._replace(**{"api_url": url, "ca_bundle": self.bundle, **changed})

    def credentials(self, credentials: Sequence[Credential], options: VerifyOptions) -> Verified:
        self.texts |= {credential.secret.reveal().decode() for credential in credentials}
        verified = verify_all(credentials, options, lambda *told: self.told.append(told))
        self.said.append(repr((verified, options, self.told)))
        return verified

    def __call__(self, texts: Sequence[str], server: ApiServer | str, **changed: Any) -> list[Verification]:
        """Return the verification of each text."""
        found = [make(text) for text in texts]
        results = self.credentials(found, self.options(server, **changed)).results
        return [results[credential.kind, credential.secret] for credential in found]

    def statuses(self, texts: Sequence[str], server: ApiServer | str, **changed: Any) -> list[str]:
        """Return the status of each text."""
        return [str(verification.status) for verification in self(texts, server, **changed)]


@pytest.fixture
def verify(bundle: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Iterator[Verify]:
    """Verify with every logger at its loudest; afterwards nothing that was said anywhere may hold a credential."""
    for name in (
        "",
        "httpx",
        "httpcore",
        "httpcore.http11",
        "httpcore.connection",
        "ssl",
        "asyncio",
        "h11",
        "tenacity",
    ):
        caplog.set_level(logging.DEBUG, name)
    verifying = Verify(bundle)
    yield verifying
    captured = capfd.readouterr()
    everything = "\n".join(
        [
            *verifying.said,
            captured.out,
            captured.err,
            *(f"{record.getMessage()} {record.args} {record.exc_text}" for record in caplog.get_records("call")),
        ]
    )
    assert not [text for text in verifying.texts if text in everything]
