"""Which credentials of a store may answer queries: by an index, whatever their number."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from akpatrol.query.credential_query import CredentialQuery
    from akpatrol.sweep.store.database import Queries

_DIGEST = "SELECT fingerprint FROM credential WHERE sha256 = ?"
_NAME = "SELECT fingerprint FROM credential WHERE fingerprint >= ? AND fingerprint < ?"
_KEY = "SELECT fingerprint FROM credential WHERE key_id >= ? AND key_id < ?"
# Behind all that begins alike.
_END = "\U0010ffff"


def fingerprints(queries: Queries, questions: Sequence[CredentialQuery]) -> set[str]:
    """Return the fingerprints of all credentials that a query may mean."""
    return {name for question in questions for name in _named(queries, question)}


def _named(queries: Queries, question: CredentialQuery) -> Iterator[str]:
    asked: list[tuple[str, tuple[str, ...]]] = []
    if question.digest:
        asked.append((_DIGEST, (question.digest,)))
    if question.fingerprint:
        asked.append((_NAME, (question.fingerprint, question.fingerprint + _END)))
    if question.key_id:
        asked.append((_KEY, (question.key_id, question.key_id + _END)))
    for query, values in asked:
        yield from (name for (name,) in queries.execute(query, values).fetchall())
