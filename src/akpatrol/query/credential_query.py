"""Queries for credentials by name: a fingerprint, a SHA-256 or a key id, never the credential itself."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.errors import UsageError
from akpatrol.kinds import KINDS, PREFIXES
from akpatrol.model import identity
from akpatrol.model.credential import Taken
from akpatrol.model.report import QueryAnswer
from akpatrol.model.scan import Secret, Skipped
from akpatrol.query import fingerprint_prefix

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from akpatrol.model.credential import Credential
    from akpatrol.model.report import Report

_SHA256 = re.compile("[0-9a-fA-F]{64}")
_KEY_ID = re.compile("[0-9A-Za-z_-]{4,64}")
_KEY_PREFIXES = [kind.prefix for kind in KINDS if kind.has_key_id]
_SAID_KEY_ID = re.compile(f"id:(?:{'|'.join(map(re.escape, _KEY_PREFIXES))})?([0-9A-Za-z_-]{{4,64}})")
_RAW = re.compile(f"(?:{PREFIXES})[0-9A-Za-z_-]")
_FORMS = (
    "write akp1:<64 hex digits> or the first 8 or more of them, a SHA-256 of 64 hex digits, or id: and a key id (the "
    f"part between {' or '.join(_KEY_PREFIXES)} and the dot), one a line"
)
_NAMES = {
    Taken.CREDENTIAL: "a credential",
    Taken.FINGERPRINT: "a fingerprint",
    Taken.SHA256: "a SHA-256",
    Taken.KEY_ID: "a key id",
    Taken.TEXT: "a text",
}
_NO_KEY_ID = (
    "found nowhere: no key id or fingerprint starts with it, and a hash finds only what a rule recognises; "
    "write id: before a key id, and give a credential, or a part of one, to akpatrol trace"
)


class CredentialQuery(NamedTuple):
    """One query, its name in reports and its interpretation; empty fields are not matched.

    A key id may be only its beginning, because the API's own list shows no more. So may a fingerprint. For a text that
    was not marked as a key id, ``doubt`` says why "not found" proves nothing. ``part`` is a part of the query;
    ``masked`` hides what may be a secret until it is found.
    """

    text: str
    fingerprint: str = ""
    digest: str = ""
    key_id: str = ""
    taken_for: Taken = Taken.CREDENTIAL
    part: Secret | None = None
    doubt: str = ""
    masked: str = ""

    def fits(self, credential: Credential) -> bool:
        """Return whether the credential matches."""
        kind, secret = credential.kind, credential.secret
        id_ = identity.key_id(kind, secret) or ""
        return (
            (bool(self.fingerprint) and identity.fingerprint(kind, secret).startswith(self.fingerprint))
            or self.digest == identity.secret_sha256(secret)
            or (bool(self.key_id) and id_.startswith(self.key_id))
            or (self.part is not None and secret.is_kept and self.part.reveal() in secret.reveal())
        )

    def display(self, *, is_found: bool) -> str:
        """Return its name in a report."""
        return self.text if is_found or not self.masked else self.masked


def of_secret(secret: Secret) -> CredentialQuery:
    """Return the query for a credential, which also matches a longer one: that may be the same, read too far."""
    return CredentialQuery(secret.redacted, digest=identity.secret_sha256(secret), part=secret)


def of_text(secret: Secret, doubt: str) -> CredentialQuery:
    """Return the query for a text, and for anything that contains it."""
    return CredentialQuery(secret.redacted, taken_for=Taken.TEXT, part=secret, doubt=doubt)


def named(text: str) -> tuple[CredentialQuery, ...]:
    """Return the queries for a fingerprint, its beginning, a SHA-256 or a key id; none for anything else.

    Any word may be a key id: no alphabet or length of one is documented, and lists cut them. So the beginning of a
    fingerprint is certain only after ``akp1:``.
    """
    if _SHA256.fullmatch(text):
        return (CredentialQuery(text.lower(), digest=text.lower(), key_id=text, taken_for=Taken.SHA256),)
    begins = fingerprint_prefix.beginning(text)
    if begins and identity.PREFIX in text.lower():
        return (CredentialQuery(text.lower(), fingerprint=begins, taken_for=Taken.FINGERPRINT),)
    if labelled := _SAID_KEY_ID.fullmatch(text):
        return (CredentialQuery(labelled[1], key_id=labelled[1], taken_for=Taken.KEY_ID),)
    if _KEY_ID.fullmatch(text) and not _RAW.match(text):
        word = CredentialQuery(text, doubt=_NO_KEY_ID, masked=Secret(text.encode()).redacted)
        as_key_id = word._replace(key_id=text, taken_for=Taken.KEY_ID)
        return (word._replace(fingerprint=begins, taken_for=Taken.FINGERPRINT), as_key_id) if begins else (as_key_id,)
    return ()


def parse(content: bytes, name: str) -> tuple[CredentialQuery, ...]:
    """Return the queries in a file; ``#`` begins a comment. Raises UsageError without any part of a line."""
    questions: dict[CredentialQuery, None] = {}
    for number, line in enumerate(content.decode("utf-8-sig", "replace").splitlines(), 1):
        text = line.partition("#")[0].strip()
        if not text:
            continue
        if not (readings := named(text)):
            raise _wrong(f"{name}:{number}", text)
        for question in readings:
            masked = f"line {number}: {question.masked}" if question.masked else ""
            questions[question._replace(masked=masked)] = None
    if not questions:
        raise UsageError(f"{name}: contains no query", hint=_FORMS)
    return tuple(questions)


def answer(report: Report, questions: Sequence[CredentialQuery]) -> Report:
    """Return the report with only the credentials that match, and for each query whether anything was found.

    Queries with the same text are one query with several interpretations. A query that is not found but may exist in a
    form that cannot be searched for is a gap.
    """
    fitting = {
        question: [credential for credential in report.credentials if question.fits(credential)]
        for question in questions
    }
    identities = {
        (credential.kind, credential.secret) for credentials in fitting.values() for credential in credentials
    }
    matched = {question.text for question, fits in fitting.items() if fits}
    by_text = {question.text: question for question in questions}  # the last one of each text has its doubt
    by_text |= {question.text: question for question, fits in fitting.items() if fits}
    missing = [question for text, question in by_text.items() if text not in matched]
    notice = f"asked for {len(by_text):,} ({_by_reading(by_text.values())}), found {len(matched):,}"
    far = "" if report.coverage.complete else ", as far as could be scanned"
    nowhere = [question.display(is_found=False) for question in missing if not question.doubt]
    alike = [
        f"{question.text} begins {len(fits):,} fingerprints: give more of it"
        for question, fits in fitting.items()
        if question.taken_for is Taken.FINGERPRINT and len(fits) > 1
    ]
    gaps = [Skipped(question.display(is_found=False), question.doubt) for question in missing if question.doubt]
    return report._replace(
        notices=(*report.notices, notice, *alike, *(f"found nowhere{far}: {text}" for text in nowhere)),
        credentials=tuple(
            credential for credential in report.credentials if (credential.kind, credential.secret) in identities
        ),
        below_confidence=0,
        answers=tuple(
            QueryAnswer(question.display(is_found=question.text in matched), bool(fits), question.taken_for)
            for question, fits in fitting.items()
        ),
        coverage=report.coverage._replace(skipped=(*report.coverage.skipped, *gaps)),
    )


def _by_reading(questions: Iterable[CredentialQuery]) -> str:
    """Count the queries by interpretation, in words."""
    counted = Counter(question.taken_for for question in questions)
    return ", ".join(f"{number:,} as {_NAMES[taken]}" for taken, number in sorted(counted.items()))


def _wrong(where: str, text: str) -> UsageError:
    if not _RAW.search(text):
        return UsageError(f"{where}: not a fingerprint, SHA-256 or key id", hint=_FORMS)
    return UsageError(
        f"{where}: this looks like a credential, which does not belong in a file",
        hint="remove it from the file and use akpatrol trace, which keeps only its hash",
    )
