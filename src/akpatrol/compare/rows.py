"""The typed values between the steps of a comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from akpatrol.model.scan import Place

if TYPE_CHECKING:
    from collections.abc import Mapping

    from akpatrol.model.scan import Skipped, State, StateReason


class ReportRow(NamedTuple):
    """One finding of a report at one place; it has no field for a secret.

    ``names`` are hashes of the secret, each with a word before it that says how it is made; there is none where the
    report holds neither the secret nor a hash. ``masked`` shows it. ``member`` is the name of the innermost member,
    ``containers`` what is around it, outermost first. ``kind`` is the kind of credential that its form says, "" for a
    secret of another vendor, and ``judged`` what akpatrol's judge thinks of it, "" where it takes it for no
    credential. ``confidence`` is in the report's own words. ``others`` are further paths that the same content had.
    Columns are 1-based, in the report's own unit.
    """

    rule: str
    path: str | None = None
    line: int | None = None
    names: frozenset[str] = frozenset()
    masked: str = ""
    kind: str | None = None
    judged: str | None = None
    confidence: str = ""
    place: Place = Place.CONTENT
    others: tuple[str, ...] = ()
    member: str = ""
    containers: tuple[str, ...] = ()
    encodings: tuple[str, ...] = ()
    columns: tuple[int, int] | None = None
    commit: str | None = None
    objects: tuple[str, ...] = ()
    refs: tuple[str, ...] = ()
    state: State | None = None
    state_reason: StateReason | None = None
    versions: int = 1
    allowed: bool = False

    @property
    def is_note(self) -> bool:
        """True when only notes reach it: its path is then the id of the commit that has the note."""
        return bool(self.refs) and all(ref.startswith("refs/notes/") for ref in self.refs)


class ReportEntry(NamedTuple):
    """A row as a report holds it: with the raw ``secret``, or with a ``snippet`` of text that may hold it."""

    row: ReportRow
    secret: str | None = None
    snippet: str | None = None


class ReportFacts(NamedTuple):
    """What a report says of itself; empty where its format says nothing.

    ``rules`` are those that were loaded. ``is_history`` is false for a report of files on disk, None where it is not
    known. ``incomplete`` are sentences about what its scanner did not read, ``roots`` absolute paths of its targets.
    Of several targets ``prefixes`` has what comes before the paths of each, with its root.
    """

    tool: str
    version: str = ""
    format: str = "JSON"
    rules: frozenset[str] | None = None
    is_history: bool | None = None
    minimum: str = ""
    below_confidence: int = 0
    skipped: tuple[Skipped, ...] = ()
    excluded: Mapping[str, int] = {}
    incomplete: tuple[str, ...] = ()
    roots: tuple[str, ...] = ()
    prefixes: Mapping[str, str] = {}


class ParsedReport(NamedTuple):
    """A report as read; ``unreadable`` are entries that could not be, each with its place and the reason."""

    facts: ReportFacts
    entries: tuple[ReportEntry, ...]
    unreadable: tuple[str, ...] = ()


class NamedReport(NamedTuple):
    """A report under its ``label``, its secrets hashed."""

    label: str
    facts: ReportFacts
    rows: tuple[ReportRow, ...]
    unreadable: tuple[str, ...] = ()
    left_out: int = 0
    """Rows of rules that the caller does not compare."""
