"""``--hashes``: the queries that it names, and what they change about a run."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from akpatrol.errors import UsageError
from akpatrol.model.scan import Confidence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from akpatrol.config.settings import Settings
    from akpatrol.model.report import Report
    from akpatrol.query.credential_query import CredentialQuery
    from akpatrol.sources.base import Source

_LONGEST_BYTES = 64 << 20


def load(settings: Settings, sources: Sequence[Source]) -> Sequence[CredentialQuery]:
    """Return the queries of ``--hashes``, none without it. Raises UsageError for a file that cannot be used."""
    if not (file := settings.options.hashes):
        return ()
    from akpatrol.query import credential_query  # noqa: PLC0415 - only when asked for

    if file != "-":
        return credential_query.parse(_read(file), f"--hashes {file}")
    if any(target.kind == "stream" for source in sources for target in source.targets()):
        raise UsageError("--hashes -: standard input is already being scanned", hint="give a file")
    if not sys.stdin:
        raise UsageError("--hashes -: standard input is closed", hint="give a file")
    return credential_query.parse(_whole(sys.stdin.buffer.read(_LONGEST_BYTES + 1), "-"), "--hashes -")


def minimum(settings: Settings, queries: Sequence[CredentialQuery]) -> Confidence:
    """Return the least confidence to report: with a query, the caller knows that it is a credential."""
    return Confidence.LOW if queries else settings.options.min_confidence


def names(queries: Sequence[CredentialQuery]) -> frozenset[str]:
    """Return the queries' fingerprints, their beginnings and SHA-256s, which decide where a credential ends."""
    return frozenset(name for query in queries for name in (query.fingerprint, query.digest) if name)


def answer(report: Report, queries: Sequence[CredentialQuery]) -> Report:
    """Return the report with the queried credentials alone, unchanged without a query."""
    if not queries:
        return report
    from akpatrol.model import readings  # noqa: PLC0415 - only when asked for
    from akpatrol.query import credential_query  # noqa: PLC0415 - only when asked for

    gaps = readings.uncertain(report.credentials, names(queries))
    answered = credential_query.answer(report, queries)
    if all(result.is_found for result in answered.answers) or not gaps:
        return answered
    return answered._replace(coverage=report.coverage._replace(skipped=(*report.coverage.skipped, *gaps)))


def _read(file: str) -> bytes:
    if os.path.isdir(file):
        raise UsageError(f"--hashes {file}: it is a directory")
    try:
        with open(file, "rb") as stream:
            return _whole(stream.read(_LONGEST_BYTES + 1), file)
    except OSError as error:
        raise UsageError(f"--hashes {file}: {error.strerror}") from None


def _whole(content: bytes, file: str) -> bytes:
    if len(content) > _LONGEST_BYTES:
        raise UsageError(f"--hashes {file}: more than {_LONGEST_BYTES >> 20} MiB")
    return content
