"""A baseline, and a change of one, as lines for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.report.text_safety import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import date

    from akpatrol.policy.baseline import BaselineEntry, BaselineUpdate

_SHOWN = 20


def entries(file: str, known: Sequence[BaselineEntry], today: date) -> Iterator[str]:
    """Yield the entries of the file, and their number."""
    for entry in known:
        yield one(entry, today)
    yield visible(f"{file}: {_number(len(known))}")


def one(entry: BaselineEntry, today: date) -> str:
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
    """Yield what was added to the file, dropped and kept, and which entries do nothing any more."""
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
