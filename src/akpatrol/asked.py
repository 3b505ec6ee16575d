"""Credentials that somebody asks for by name: a fingerprint, a SHA-256 or a key id, never the credential itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from akpatrol import identity
from akpatrol.errors import UsageError
from akpatrol.model import Asked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from akpatrol.findings import Credential
    from akpatrol.model import Report, Secret

_FINGERPRINT = re.compile(re.escape(identity.PREFIX) + "[0-9a-fA-F]{64}")
_SHA256 = re.compile("[0-9a-fA-F]{64}")
_KEY_ID = re.compile("[0-9A-Za-z_-]{4,64}")
_RAW = re.compile(r"(?:ak|pat)_[0-9A-Za-z_-]")
_FORMS = "write akp1:<64 hex digits>, 64 hex digits, or a key id (what stands between ak_ and the dot), one a line"


class Question(NamedTuple):
    """One thing asked for and what to call it; what is empty is not asked.

    A key id may be its beginning: the API's own list shows no more.
    """

    text: str
    fingerprint: str = ""
    digest: str = ""
    key_id: str = ""

    def fits(self, credential: Credential) -> bool:
        """Tell whether this is what was asked for."""
        kind, secret = credential.kind, credential.secret
        id_ = identity.key_id(kind, secret) or ""
        return (
            self.fingerprint == identity.fingerprint(kind, secret)
            or self.digest == identity.secret_sha256(secret)
            or (bool(self.key_id) and id_.startswith(self.key_id))
        )


def of_secret(secret: Secret) -> Question:
    """Return the question for a credential, of which only the hash is kept."""
    return Question(secret.redacted, digest=identity.secret_sha256(secret))


def named(text: str) -> Question | None:
    """Return what a fingerprint, SHA-256 or key id asks for, None for what is none of them."""
    if _FINGERPRINT.fullmatch(text):
        return Question(text.lower(), fingerprint=text.lower())
    if _SHA256.fullmatch(text):
        return Question(text.lower(), digest=text.lower(), key_id=text)
    if _KEY_ID.fullmatch(text) and not _RAW.match(text):
        return Question(text, key_id=text)
    return None


def parse(content: bytes, name: str) -> tuple[Question, ...]:
    """Return what a file asks for; ``#`` begins a comment. Raises UsageError, which repeats nothing of a line."""
    questions: dict[Question, None] = {}
    for number, line in enumerate(content.decode("utf-8-sig", "replace").splitlines(), 1):
        text = line.partition("#")[0].strip()
        if not text:
            continue
        if not (question := named(text)):
            raise _wrong(f"{name}:{number}", text)
        questions[question] = None
    if not questions:
        raise UsageError(f"{name}: asks for nothing", hint=_FORMS)
    return tuple(questions)


def answer(report: Report, questions: Sequence[Question]) -> Report:
    """Return the report with what was asked for alone, and of each question whether anything was found."""
    fitting = {question: [one for one in report.credentials if question.fits(one)] for question in questions}
    kept = {(one.kind, one.secret) for found in fitting.values() for one in found}
    nowhere = [question.text for question, found in fitting.items() if not found]
    told = f"asked for {len(questions):,}, found {len(questions) - len(nowhere):,}"
    far = "" if report.coverage.complete else ", as far as could be looked at"
    return report._replace(
        notices=(*report.notices, told, *(f"found nowhere{far}: {text}" for text in nowhere)),
        credentials=tuple(one for one in report.credentials if (one.kind, one.secret) in kept),
        below_confidence=0,
        asked=tuple(Asked(question.text, found=bool(found)) for question, found in fitting.items()),
    )


def _wrong(where: str, text: str) -> UsageError:
    if not _RAW.search(text):
        return UsageError(f"{where}: neither a fingerprint, nor a SHA-256, nor a key id", hint=_FORMS)
    return UsageError(
        f"{where}: this looks like a credential itself, which does not belong into a file",
        hint="take it out of there, and give it to akpatrol trace, which keeps only its hash",
    )
