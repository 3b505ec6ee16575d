"""A baseline, and a change of one, as lines for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from akpatrol.report.number_words import plural
from akpatrol.report.text_safety import visible
from akpatrol.report.wording import location, state_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import date

    from akpatrol.policy.baseline import BaselineEntry, BaselineUpdate
    from akpatrol.report.view import OccurrenceView

_SHOWN, _PLACES = 20, 3
_PLACE_KEYS: Final = ("place", "path", "line", "column", "state", "refs")


def entries(
    file: str, known: Sequence[BaselineEntry], today: date, places: Mapping[str, Sequence[OccurrenceView]] | None
) -> Iterator[str]:
    """Yield the entries of the file, with their places by fingerprint if these are known, and their number."""
    for entry in known:
        yield entry_line(entry, today)
        if places is not None:
            yield from _where(places.get(entry.fingerprint, ()))
    yield visible(f"{file}: {_number(len(known))}")


def document(
    file: str, known: Sequence[BaselineEntry], places: Mapping[str, Sequence[OccurrenceView]] | None
) -> dict[str, object]:
    """Return the same for JSON; an entry's ``places`` are null when nobody looked."""
    listed: list[dict[str, object]] = []
    for entry in known:
        entry_places: list[dict[str, object]] | None = None
        if places is not None:
            entry_places = [{key: place[key] for key in _PLACE_KEYS} for place in places.get(entry.fingerprint, ())]
        listed.append({**entry._asdict(), "places": entry_places})
    return {"file": file, "entries": listed}


def _where(places: Sequence[OccurrenceView]) -> Iterator[str]:
    yield from dict.fromkeys(f"  {location(place)}  {state_words(place)}" for place in places[:_PLACES])
    if len(places) > _PLACES:
        yield f"  and {plural(len(places) - _PLACES, 'more place')}"
    if not places:
        yield "  not found"


def entry_line(entry: BaselineEntry, today: date) -> str:
    """Return an entry on one line."""
    by = f" by {entry.by}" if entry.by else ""
    owner = f"owner {entry.owner}" if entry.owner else ""
    parts = [_named(entry), f"{entry.added}{by}", ", ".join(entry.scans), _end(entry, today), owner, entry.note]
    return visible("  ".join(filter(None, parts)))


def _end(entry: BaselineEntry, today: date) -> str:
    if not entry.expires:
        return ""
    return f"EXPIRED on {entry.expires}" if entry.has_expired(today) else f"until {entry.expires}"


def change(file: str, update: BaselineUpdate, today: date) -> Iterator[str]:
    """Yield the entries that were added, dropped and kept, and those that no longer have an effect."""
    unchanged = len(update.entries) - len(update.added)
    yield f"{visible(file)}: {_number(len(update.added))} added, {len(update.dropped):,} dropped, {unchanged:,} kept"
    yield from _listed(update.added, lambda entry: f"+ {_named(entry)}")
    yield from _listed(update.dropped, lambda entry: f"- {_named(entry)}")
    if update.unseen:
        yield "not found, but kept: only complete scans of every kind that found an entry can drop it:"
        yield from _listed(update.unseen, lambda entry: f"  {_named(entry)}  ({', '.join(entry.scans)})")
    if expired := [entry for entry in update.entries.values() if entry.has_expired(today)]:
        yield "expired, so findings again:"
        yield from _listed(expired, lambda entry: f"  {_named(entry)}  {entry.expires}")


def _listed(listed: Sequence[BaselineEntry], line: Callable[[BaselineEntry], str]) -> Iterator[str]:
    yield from (visible(line(entry)) for entry in listed[:_SHOWN])
    if len(listed) > _SHOWN:
        yield f"  and {len(listed) - _SHOWN:,} more"


def _named(entry: BaselineEntry) -> str:
    return f"{entry.fingerprint}  {entry.kind}  {entry.redacted}"


def _number(count: int) -> str:
    return f"{count:,} {'entry' if count == 1 else 'entries'}"
