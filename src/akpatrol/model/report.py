"""The report of a run: what was found, what was read, and what was not."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from akpatrol.model.credential import Changes, Credential, Taken
    from akpatrol.model.history import SweepHistory
    from akpatrol.model.scan import Skipped, Target


class ChangedFiles(NamedTuple):
    """How many files a range, a push or the next commit changes, and how many of them patterns exclude."""

    number: int
    excluded: int

    @property
    def is_mostly_excluded(self) -> bool:
        """True when more than half of them are excluded."""
        return 2 * self.excluded > self.number


class Coverage(NamedTuple):
    """Counts of content that was read, excluded by design, and skipped.

    ``changed`` is None when the scan is not of a change, or when no pattern excludes anything. ``unsearched_rules`` are
    the ids of rules that were switched off.
    """

    size: int = 0
    counts: Mapping[str, int] = {}
    excluded: Mapping[str, int] = {}
    skipped: tuple[Skipped, ...] = ()
    changed: ChangedFiles | None = None
    unsearched_rules: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """True when everything that should be scanned was scanned, or the skip is accepted."""
        return all(skip.accepted for skip in self.skipped)


class StaleAllowance(NamedTuple):
    """A baseline's entry or an allowance that matched nothing in a complete scan; ``entry`` says which."""

    where: str
    entry: str
    reason: str


class LocalSource(NamedTuple):
    """A place on a workstation that was looked for: ``id`` is its target's, if it exists; ``advice`` is for a finding.

    ``files`` counts those that were read, ``left_out`` what was excluded by design, ``skipped`` what could not be read.
    ``newest`` is when the newest file was written, RFC 3339 in UTC. ``pages`` document its paths.
    """

    id: str
    title: str
    files: int = 0
    left_out: int = 0
    skipped: int = 0
    newest: str | None = None
    advice: str = ""
    pages: tuple[str, ...] = ()


class QueryAnswer(NamedTuple):
    """A query, one of its interpretations, and whether it was found; a query may have several interpretations."""

    what: str
    is_found: bool
    taken_for: Taken | None = None


class Report(NamedTuple):
    """One run's whole result, as every format renders it.

    ``notices`` are sentences about settings that have no effect, such as an expired allowance.
    ``rules_digest`` identifies the rules of the scan, None where they are those that it is rendered with. ``known`` are
    the credentials, with their places, that the scan's base already holds; ``already_in_base`` counts these places.
    ``interrupted`` says that the report ends at Ctrl-C. ``sources`` are the places that ``akpatrol workstation`` knows.
    ``history`` is what a store knows of earlier runs, for the formats that show it.
    """

    command: str
    started_at: str
    duration: float
    targets: tuple[Target, ...]
    coverage: Coverage
    credentials: tuple[Credential, ...]
    below_confidence: int = 0
    unread_histories: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    stale: tuple[StaleAllowance, ...] = ()
    answers: tuple[QueryAnswer, ...] = ()
    changes: Changes | None = None
    rules_digest: str | None = None
    known: tuple[Credential, ...] = ()
    already_in_base: int = 0
    interrupted: bool = False
    sources: tuple[LocalSource, ...] = ()
    history: SweepHistory | None = None

    @property
    def is_large(self) -> bool:
        """True when its places are too many to be in memory at once as a format shows them."""
        if not self.credentials:
            return False
        from akpatrol.model import places  # noqa: PLC0415 - a clean run has none

        return sum(len(credential.occurrences) for credential in self.credentials) > places.MOST_IN_MEMORY

    @property
    def findings(self) -> tuple[Credential, ...]:
        """The credentials that need action."""
        return tuple(credential for credential in self.credentials if credential.is_finding)
