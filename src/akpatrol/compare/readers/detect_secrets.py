"""Baselines of detect-secrets, JSON: a list of findings for each file, with the SHA-1 of each secret.

https://github.com/Yelp/detect-secrets/blob/master/detect_secrets/core/potential_secret.py
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from akpatrol.compare.readers import entries
from akpatrol.compare.rows import ParsedReport, ReportEntry, ReportFacts, ReportRow

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from akpatrol.compare.document import ReportDocument
    from akpatrol.validate.fields import Fields

_SHA1 = re.compile("[0-9a-f]{40}")


class _DetectSecrets:
    name = "detect-secrets (baseline)"

    def recognises(self, document: ReportDocument) -> bool:
        value = document.first
        return document.is_whole and isinstance(value, dict) and {"results", "plugins_used"} <= value.keys()

    def read(self, document: ReportDocument, name: str) -> ParsedReport:  # noqa: ARG002 - the protocol's
        read, unreadable = entries.read_each(_items(document.first["results"]), _entry)
        version = document.first.get("version")
        facts = ReportFacts("detect-secrets", version if isinstance(version, str) else "", is_history=False)
        return ParsedReport(facts, read, tuple(unreadable))


def _items(results: Any) -> Iterator[tuple[str, Any]]:
    """Yield each finding with its place; what is no list of findings is yielded too, and fails there."""
    if not isinstance(results, dict):
        yield "results", results
        return
    number = 0
    for file, found in results.items():
        for item in found if isinstance(found, list) else [found]:
            number += 1
            # Plugins that take a file apart say another name in it than the key does; the key is git's.
            yield f"finding {number}", {**item, "filename": file} if isinstance(item, dict) else item


def _entry(fields: Fields) -> ReportEntry:
    where = entries.split(fields.text("filename"))
    # Marked by a person as no secret: the audit of detect-secrets.
    is_real = fields.later("is_secret", fields.flag)
    return ReportEntry(
        ReportRow(
            rule=fields.text("type"),
            path=where.path,
            line=entries.line(fields, "line_number"),
            names=frozenset({f"sha1:{fields.like('hashed_secret', _SHA1)}"}),
            place=where.place,
            member=where.member,
            containers=where.containers,
            objects=where.objects,
            allowed=is_real is False,
        )
    )


READER = _DetectSecrets()
