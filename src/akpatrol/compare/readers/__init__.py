"""The formats of reports that can be compared: one module each, recognised by what a document holds.

Adding a format takes its module, which defines ``READER``, and its name in ``FORMATS``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol

from akpatrol.errors import UsageError

if TYPE_CHECKING:
    from akpatrol.compare.document import ReportDocument
    from akpatrol.compare.rows import ParsedReport

# The module of each format in this package; the first that recognises a document reads it.
FORMATS = (
    "akpatrol_json",
    "sarif",
    "detect_secrets",
    "trufflehog",
    "kingfisher",
    "betterleaks",
    "gitleaks",
)


class ReportReader(Protocol):
    """Reads the reports of one format."""

    name: str
    """The format, for people: the tool and its forms."""

    def recognises(self, document: ReportDocument) -> bool:
        """Return whether a document is of this format."""

    def read(self, document: ReportDocument, name: str) -> ParsedReport:
        """Return its findings. An entry that cannot be read is counted.

        Raises UsageError, which calls the document ``name``, where nothing of it can be read.
        """


def all_readers() -> list[ReportReader]:
    """Return a reader for each format."""
    readers: list[ReportReader] = [import_module(f"{__name__}.{module}").READER for module in FORMATS]
    return readers


def read(document: ReportDocument, name: str) -> ParsedReport:
    """Return the report that a document holds, in any format. Raises UsageError for an unknown one."""
    for reader in all_readers():
        if reader.recognises(document):
            return reader.read(document, name)
    known = "; ".join(reader.name for reader in all_readers())
    raise UsageError(f"{name}: not a report of a known format", hint=f"known are {known}")
