"""Reports of trufflehog from version 3 on, JSON Lines.

https://github.com/trufflesecurity/trufflehog/blob/main/pkg/output/json.go; what a source writes of a place is in
``proto/source_metadata.proto``: the data of one source, named by it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.compare.readers import entries
from akpatrol.compare.readers.entries import text
from akpatrol.compare.rows import ParsedReport, ReportEntry, ReportFacts, ReportRow
from akpatrol.model.scan import Place
from akpatrol.validate.fields import Fields

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from akpatrol.compare.document import ReportDocument

_KEYS = {"SourceMetadata", "DetectorName", "Raw"}
_PLAIN = ("", "PLAIN")


class _Trufflehog:
    name = "trufflehog (JSON Lines)"

    def recognises(self, document: ReportDocument) -> bool:
        return any(isinstance(item, dict) and item.keys() >= _KEYS for item in self._items(document))

    def read(self, document: ReportDocument, name: str) -> ParsedReport:  # noqa: ARG002 - the protocol's
        read, unreadable = entries.read_each(entries.numbered(self._items(document), "finding"), _entry)
        facts = ReportFacts("trufflehog", format="JSON Lines", is_history=any(entry.row.commit for entry in read))
        return ParsedReport(facts, read, (*unreadable, *document.unreadable))

    @staticmethod
    def _items(document: ReportDocument) -> Iterable[Any]:
        """Return the findings, which some wrappers put into a list."""
        return document.first if document.is_whole and isinstance(document.first, list) else document.values


def _entry(fields: Fields) -> ReportEntry:
    metadata = fields.inner("SourceMetadata")
    data = metadata.later("Data", metadata.inner)
    source = _source(data) if data else Fields({})
    path, commit = text(source, "file") or text(source, "filename"), entries.commit(text(source, "commit"))
    where, decoder = entries.split(path), text(fields, "DecoderName")
    row = ReportRow(
        rule=fields.text("DetectorName"),
        path=where.path,
        line=entries.line(source, "line"),
        # A commit without a file is its message, its author or its committer.
        place=where.place if path or not commit else Place.COMMIT_MESSAGE,
        member=where.member,
        containers=where.containers,
        objects=where.objects,
        encodings=() if decoder in _PLAIN else (decoder.lower(),),
        commit=commit,
    )
    return ReportEntry(row, text(fields, "Raw") or None)


def _source(data: Fields) -> Fields:
    """Return what the one source that found it says of the place."""
    for name in ("Git", "Github", "Gitlab", "Bitbucket", "AzureRepos", "Gerrit", "Filesystem", "Docker", "S3", "GCS"):
        if data.has(name):
            return data.inner(name)
    return Fields({})


READER = _Trufflehog()
