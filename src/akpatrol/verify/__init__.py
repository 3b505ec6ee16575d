"""Ask the API about credentials, each once: whether it is live, and what it can do.

Nothing here opens a connection, or imports what could, before ``verify_all`` has a credential that may be sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from akpatrol.kinds import CredentialKind
from akpatrol.model.scan import Secret
from akpatrol.runtime.interrupts import broken_off, first_noted
from akpatrol.verify.options import DEFAULT_API_URL, VerifyOptions, check
from akpatrol.verify.results import INTERRUPTED, Stage, not_sent, unconfirmed
from akpatrol.verify.send_policy import why_not_sent

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import httpx

    from akpatrol.model.credential import Credential, Verification
    from akpatrol.verify.background import Background, PartialResult

__all__ = ["DEFAULT_API_URL", "Key", "Verified", "VerifyOptions", "check", "verify_all"]

Key = tuple[CredentialKind, Secret]


class Verified(NamedTuple):
    """The results of verification; after Ctrl-C ``interrupted``, and each result says whether it was cut short."""

    results: dict[Key, Verification]
    interrupted: bool = False


def verify_all(
    credentials: Sequence[Credential],
    options: VerifyOptions,
    on_result: Callable[[Credential, Verification], None] = lambda _credential, _verification: None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> Verified:
    """Ask the API about every credential that may be sent, once for each kind and secret.

    ``on_result`` is called in this thread as answers arrive, for progress; its results are provisional until the
    second negative control, and only the returned ones are final. Ctrl-C ends the requests, not the call.
    Raises UsageError for unusable options.
    """
    check(options)
    results: dict[Key, Verification] = {}
    fit: list[Credential] = []
    for credential in credentials:
        key = (credential.kind, credential.secret)
        if key in results:
            continue
        if reason := why_not_sent(credential, send_unattributed=options.send_unattributed):
            results[key] = not_sent(reason)
            on_result(credential, results[key])
        else:
            results[key] = not_sent(INTERRUPTED)
            fit.append(credential)
    if not fit:
        return Verified(results)
    from akpatrol.verify.background import Background  # noqa: PLC0415 - httpx takes a tenth of a second

    batch = Background(fit, options, transport)
    try:
        return Verified(results, interrupted=_follow(batch, results, on_result))
    finally:
        batch.stop()


def _follow(
    batch: Background, results: dict[Key, Verification], on_result: Callable[[Credential, Verification], None]
) -> bool:
    """Collect the results of the batch. Returns whether it was interrupted."""
    stages: dict[Key, Stage] = {}

    def take(learned: PartialResult) -> None:
        key = (learned.credential.kind, learned.credential.secret)
        results[key], stages[key] = learned.verification, learned.stage

    def take_all() -> None:
        for learned in batch:
            take(learned)
            if learned.stage is Stage.ANSWERED:
                on_result(learned.credential, learned.verification)

    with first_noted(lambda: None):
        if not broken_off(take_all):
            return False
        for learned in batch.stop():
            take(learned)
    for key, stage in stages.items():
        if stage is Stage.ANSWERED:
            results[key] = unconfirmed(results[key])
    return True
