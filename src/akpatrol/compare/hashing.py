"""Replace the raw secrets of reports by names and masks; nothing after this step holds a secret."""

from __future__ import annotations

from hashlib import sha1, sha256
from typing import TYPE_CHECKING

from akpatrol.compare.rows import NamedReport, ReportRow
from akpatrol.kinds import KINDS
from akpatrol.model.identity import fingerprint
from akpatrol.model.scan import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from akpatrol.compare.rows import ParsedReport, ReportEntry
    from akpatrol.model.scan import Match

    Judge = Callable[[bytes], Sequence[Match]]
    Redact = Callable[[str], str]

LEAST_SECRET = 8
"""Characters; a shorter one in another place of a report is rather a word than the secret."""
_LONGEST_JUDGED = 1 << 16


def secrets_of(reports: Iterable[ParsedReport]) -> list[Secret]:
    """Return the raw secrets that reports hold, so that they can be masked in every text of every report."""
    texts = {entry.secret for report in reports for entry in report.entries if entry.secret}
    return [Secret(_bytes(text)) for text in texts if len(text) >= LEAST_SECRET]


def named(label: str, report: ParsedReport, judge: Judge, redact: Redact) -> NamedReport:
    """Return a report without its secrets; ``judge`` finds credentials in bytes, ``redact`` masks them in a text."""
    rows = tuple(_row(entry, judge, redact) for entry in report.entries)
    facts = report.facts
    masked = facts._replace(
        tool=redact(facts.tool),
        version=redact(facts.version),
        rules=None if facts.rules is None else frozenset(map(redact, facts.rules)),
        minimum=redact(facts.minimum),
        skipped=tuple(skip._replace(item=redact(skip.item), reason=redact(skip.reason)) for skip in facts.skipped),
        incomplete=tuple(map(redact, facts.incomplete)),
    )
    return NamedReport(label, masked, rows, tuple(map(redact, report.unreadable)))


def names_of(secret: bytes) -> frozenset[str]:
    """Return the names of a secret in all reports: its SHA-256, its SHA-1, and akpatrol's own of each kind."""
    digests = {f"sha256:{sha256(secret).hexdigest()}", f"sha1:{sha1(secret, usedforsecurity=False).hexdigest()}"}
    return frozenset(digests.union(fingerprint(kind, Secret(secret)) for kind in KINDS))


def _row(entry: ReportEntry, judge: Judge, redact: Redact) -> ReportRow:
    row = _with_masked_texts(entry.row, redact)
    raw = entry.secret or entry.snippet
    if not raw:
        return row
    data = _bytes(raw)
    matches = judge(data) if len(data) <= _LONGEST_JUDGED else ()
    if entry.secret:
        row = row._replace(names=row.names | names_of(data), masked=row.masked or Secret(data).redacted)
    if len(matches) == 1:
        # Another tool's span may be wider, with quotes or a header's name; in a text, this is the secret.
        inner, found = matches[0].secret, matches[0]
        row = row._replace(
            names=row.names | names_of(inner.reveal()),
            masked=row.masked or inner.redacted,
            kind="" if found.kind.is_custom else str(found.kind),
            judged=found.confidence.name.lower(),
        )
    elif entry.secret and row.kind is None:
        row = row._replace(kind=_kind_of(data), judged="")
    return row


def _kind_of(secret: bytes) -> str:
    """Return the kind whose prefix a text has, though the judge takes it for no credential; "" for none."""
    return next((str(kind) for kind in KINDS if kind.prefix and secret.startswith(kind.prefix.encode())), "")


def _with_masked_texts(row: ReportRow, redact: Redact) -> ReportRow:
    return row._replace(
        rule=redact(row.rule),
        path=None if row.path is None else redact(row.path),
        masked=redact(row.masked),
        confidence=redact(row.confidence),
        others=tuple(map(redact, row.others)),
        member=redact(row.member),
        containers=tuple(map(redact, row.containers)),
        encodings=tuple(map(redact, row.encodings)),
        refs=tuple(map(redact, row.refs)),
    )


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
