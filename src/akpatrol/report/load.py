"""Load a report from its own JSON or JSON Lines: the reverse of ``document.build``.

The file may be hostile. Texts that renderers mask are taken unchanged; texts that they show unchanged (hashes, masks,
dates, ids, numbers) must have exactly that form. No raw secret is loaded: credentials only have names.
"""

from __future__ import annotations

import json
import re
from math import inf
from typing import TYPE_CHECKING

from akpatrol.errors import UsageError
from akpatrol.kinds import KINDS
from akpatrol.model.credential import (
    Changes,
    CredentialChange,
    Taken,
)
from akpatrol.model.report import ChangedFiles, Coverage, LocalSource, QueryAnswer, Report, StaleAllowance
from akpatrol.model.scan import (
    Exclusion,
    Secret,
    Skipped,
    Target,
)
from akpatrol.report.document import SCHEMA_VERSION
from akpatrol.report.load_credential import credential_of
from akpatrol.validate.fields import Fields

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

HINT = "create one: akpatrol history -f json"

DIGEST = re.compile("[0-9a-f]{0,64}")
_LAST_LINE = "coverage"
_MOST_DIGITS = 30
_WORD = re.compile("[a-z_-]{1,30}")
_CHANGE = re.compile("new|gone|changed")


def loads(
    content: bytes, name: str, redactor: Callable[[Sequence[Secret]], Callable[[str], str]] | None = None
) -> Report:
    """Return the report that bytes hold, JSON or JSON Lines, its secrets ``NamedSecret``s.

    ``redactor`` gets the raw secrets that ``--show-secrets`` left in it and returns a function that masks them.
    Raises UsageError, which calls the bytes ``name``, for anything but a report.
    """
    document = document_of(content, name)
    if redactor:
        try:
            if secrets := raw_secrets(document):
                redact = redactor(secrets)
                document = {redact(key): _masked(item, redact) for key, item in document.items()}
        except (ValueError, RecursionError) as error:
            raise UsageError(f"{name}: not an akpatrol JSON report: {error}", hint=HINT) from None
    return report_of(document, name)


def document_of(content: bytes, name: str) -> dict[str, object]:
    """Return the document, checked only for being an object.

    Raises UsageError for invalid JSON and for JSON Lines that are cut short; it calls the bytes ``name``.
    """
    first, _, rest = content.partition(b"\n")
    try:
        if (header := _header(first)) is not None:
            return _of_lines(header, rest, name)
        return _object(content)
    except (ValueError, RecursionError):
        raise UsageError(f"{name}: not an akpatrol JSON report", hint=HINT) from None


def _header(line: bytes) -> dict[str, object] | None:
    """Return the first of JSON Lines, None for the beginning of anything else."""
    try:
        header = _object(line)
    except ValueError:
        return None
    return header if header.get("type") == "header" else None


def _of_lines(header: dict[str, object], rest: bytes, name: str) -> dict[str, object]:
    return joined(header, [_object(line) for line in rest.split(b"\n") if line.strip()], name)


def joined(header: dict[str, object], lines: Sequence[dict[str, object]], name: str) -> dict[str, object]:
    """Return the document that JSON Lines hold: the header, then the lines behind it.

    Raises UsageError, which calls them ``name``, where the last one is missing, and ValueError for another line.
    """
    if not lines or lines[-1].get("type") != _LAST_LINE:
        raise UsageError(f"{name}: cut short: the last line is missing", hint="create the report again")
    *credentials, last = lines
    if any(line.get("type") != "credential" for line in credentials):
        raise ValueError("a line has an unexpected type")
    return header | last | {"credentials": credentials}


def _object(text: bytes) -> dict[str, object]:
    # Other numbers are rejected later, by the name of their field.
    document = json.loads(text, parse_int=_integer)
    if not isinstance(document, dict):
        raise ValueError("not an object")  # noqa: TRY004 - as json raises
    return document


def _integer(digits: str) -> int | float:
    """Return a whole number; Python does not take one of thousands of digits."""
    return int(digits) if len(digits) <= _MOST_DIGITS else inf


def report_of(document: Mapping[str, object], name: str = "report") -> Report:
    """Return the report in a document of schema version 1, its secrets ``NamedSecret``s.

    Its advice is not loaded: renderers give advice from their own rules. Raises UsageError for a document that is
    broken or was written by a newer version; it calls the document ``name``.
    """
    try:
        fields = Fields(document)
        version = fields.text("schema_version")
        if version != SCHEMA_VERSION and fields.inner("tool").text("name") == "akpatrol":
            raise UsageError(f"{name}: written by a newer version of akpatrol", hint="update akpatrol")
        return _report(fields)
    except ValueError as error:
        raise UsageError(f"{name}: not an akpatrol JSON report: {error}", hint=HINT) from None


def raw_secrets(document: Mapping[str, object]) -> list[Secret]:
    """Return the secrets that a document written with ``--show-secrets`` holds, so that they can be masked in it."""
    raws = [entry.maybe("secret", entry.text) for entry in Fields(document).each("credentials")]
    return [Secret(raw.encode("utf-8", "surrogatepass")) for raw in raws if raw]


def coverage_of(fields: Fields) -> Coverage:
    """Return a report's coverage. Raises ValueError for a damaged one, or one that is wrongly marked complete."""
    coverage = Coverage(
        size=fields.count("bytes"),
        counts=fields.counts("counts"),
        excluded={entry.enum("reason", Exclusion): entry.count("count") for entry in fields.each("excluded")},
        skipped=tuple(
            Skipped(skip.text("item"), skip.text("reason"), skip.maybe("accepted", skip.text))
            for skip in fields.each("skipped")
        ),
        changed=_changed_files(fields.later("changed_files", fields.inner)),
        unsearched_rules=fields.later("unsearched_rules", fields.texts) or (),
    )
    if fields.flag("complete") is not coverage.complete:
        raise fields.wrong("complete", "must agree with the skipped items")
    return coverage


def _changed_files(fields: Fields | None) -> ChangedFiles | None:
    if fields is None:
        return None
    changed = ChangedFiles(fields.count("count"), fields.count("excluded"))
    if changed.excluded > changed.number:
        raise fields.wrong("excluded", "must not exceed count")
    return changed


def _masked(value: object, redact: Callable[[str], str]) -> object:
    """Return a part of a document without the raw secrets that ``--show-secrets`` left in its texts."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {redact(key): _masked(item, redact) for key, item in value.items()}
    return [_masked(item, redact) for item in value] if isinstance(value, list) else value


def _report(fields: Fields) -> Report:
    scan, summary = fields.inner("scan"), fields.inner("summary")
    coverage, interrupted = coverage_of(fields.inner("coverage")), scan.later("interrupted", scan.flag) or False
    if interrupted and coverage.complete:
        raise scan.wrong("interrupted", "must be false when the report is complete")
    targets = tuple(map(target_of, scan.each("targets")))
    if len({target.id for target in targets}) != len(targets):
        raise scan.wrong("targets", "two targets have the same id")
    return Report(
        command=scan.like("command", _WORD),
        started_at=scan.start("started_at"),
        duration=scan.seconds("duration_seconds"),
        targets=targets,
        coverage=coverage,
        credentials=tuple(map(credential_of, fields.each("credentials"))),
        below_confidence=summary.count("below_min_confidence"),
        already_in_base=summary.later("already_in_base", summary.count) or 0,
        unread_histories=summary.texts("histories_not_read"),
        notices=fields.texts("notices"),
        stale=tuple(
            StaleAllowance(entry.text("where"), entry.text("entry"), entry.text("reason"))
            for entry in fields.each("stale")
        ),
        answers=tuple(map(_query, fields.each("asked"))),
        changes=_changes(fields.later("changes", fields.inner)),
        rules_digest=scan.like("rules_digest", DIGEST),
        interrupted=interrupted,
        sources=tuple(map(_local_source, fields.later("sources", fields.each) or ())),
    )


def _local_source(fields: Fields) -> LocalSource:
    """Its state and findings are counted again from the credentials."""
    return LocalSource(
        id=fields.text("id"),
        title=fields.text("title"),
        files=fields.count("files"),
        left_out=fields.count("left_out"),
        skipped=fields.count("skipped"),
        newest=fields.maybe("newest", fields.moment),
        advice=fields.text("advice"),
        pages=fields.texts("pages"),
    )


def _query(fields: Fields) -> QueryAnswer:
    taken = fields.later("taken_for", lambda key: fields.enum(key, Taken))
    return QueryAnswer(fields.text("what"), fields.flag("found"), taken)


def target_of(fields: Fields) -> Target:
    """Return a target of a report. Raises ValueError for one that is broken."""
    return Target(
        id=fields.text("id"),
        kind=fields.like("kind", _WORD),
        root=fields.text("path"),
        remote=fields.maybe("remote", fields.text),
        head=fields.maybe("head", fields.text),
    )


def _changes(fields: Fields | None) -> Changes | None:
    if fields is None:
        return None
    since = fields.inner("since")
    credentials = tuple(map(change_of, fields.each("credentials")))
    return Changes(since.position("run"), since.moment("at"), credentials)


def change_of(fields: Fields) -> CredentialChange:
    """Return one of a report's changes. Raises ValueError for one that is broken."""
    return CredentialChange(
        fingerprint=fields.fingerprint("fingerprint"),
        kind=fields.among("kind", {str(kind): kind for kind in KINDS}),
        redacted=fields.masked("redacted"),
        change=fields.like("change", _CHANGE),
        detail=fields.text("detail"),
    )
