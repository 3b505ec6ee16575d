"""Drop and review the entries of a baseline one by one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.errors import UsageError
from akpatrol.pipeline.baseline import learned, read, template
from akpatrol.policy import baseline
from akpatrol.policy.baseline import BaselineUpdate
from akpatrol.query import fingerprint_prefix
from akpatrol.report.write import check_writable, write

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from akpatrol.pipeline.baseline import BaselineFile, BaselineRequest
    from akpatrol.policy.baseline import BaselineEntry


class Review(NamedTuple):
    """A baseline's entries by fingerprint, and those of them, or of a report's findings, that await a decision."""

    known: Mapping[str, BaselineEntry]
    pending: Sequence[BaselineEntry]

    def is_new(self, entry: BaselineEntry) -> bool:
        """Return whether the baseline does not hold it yet."""
        return entry.fingerprint not in self.known


def drop(place: BaselineFile, texts: Sequence[str]) -> BaselineUpdate:
    """Remove the entries that fingerprints or their beginnings name. Raises UsageError if there is no entry."""
    entries = read(place.file)
    names = set()
    for text in texts:
        name = fingerprint_prefix.the_one(fingerprint_prefix.wanted(text), entries)
        if not name:
            raise UsageError(f"{text}: no entry of {place.file}", hint="akpatrol baseline show lists them")
        names.add(name)
    return save(place, entries, {}, names)


def to_review(place: BaselineFile, request: BaselineRequest) -> Review:
    """Return what to review: the entries, or with a report its findings that are not among them."""
    check_writable(Path(place.file))
    entries = read(place.file)
    if not request.report:
        return Review(entries, list(entries.values()))
    source = learned(place, request.report, template(place, request))
    new = baseline.update(entries, [source.seen._replace(complete=False)]).added
    return Review(entries, new)


def save(
    place: BaselineFile,
    known: Mapping[str, BaselineEntry],
    changed: Mapping[str, BaselineEntry],
    dropped: Collection[str],
) -> BaselineUpdate:
    """Write the entries with those that were changed or added, and without those that were dropped."""
    entries = {name: entry for name, entry in {**known, **changed}.items() if name not in dropped}
    check_writable(Path(place.file))
    if entries != known:
        write(baseline.dump(entries.values()), Path(place.file))
    added = tuple(entry for name, entry in entries.items() if name not in known)
    return BaselineUpdate(entries, added, tuple(entry for name, entry in known.items() if name in dropped), ())
