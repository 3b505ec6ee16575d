"""A baseline, and a change of one, as lines for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.report.text_safety import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from akpatrol.policy.baseline import BaselineEntry, BaselineUpdate

_SHOWN = 20


def entries(file: str, known: Sequence[BaselineEntry]) -> Iterator[str]:
    """Yield the entries of the file, and their number."""
    for entry in known:
        by = f" by {entry.by}" if entry.by else ""
        note = f"  {entry.note}" if entry.note else ""
        yield visible(f"{_named(entry)}  {entry.added}{by}  {', '.join(entry.scans)}{note}")
    yield visible(f"{file}: {_number(len(known))}")


def change(file: str, update: BaselineUpdate) -> Iterator[str]:
    """Yield what was added to the file, dropped and kept."""
    unchanged = len(update.entries) - len(update.added)
    yield f"{visible(file)}: {_number(len(update.added))} added, {len(update.dropped):,} dropped, {unchanged:,} kept"
    yield from _listed(update.added, lambda entry: f"+ {_named(entry)}")
    yield from _listed(update.dropped, lambda entry: f"- {_named(entry)}")
    if update.unseen:
        yield "not found, but kept: only complete scans of every kind that found an entry can drop it:"
        yield from _listed(update.unseen, lambda entry: f"  {_named(entry)}  ({', '.join(entry.scans)})")


def _listed(listed: Sequence[BaselineEntry], line: Callable[[BaselineEntry], str]) -> Iterator[str]:
    yield from (visible(line(entry)) for entry in listed[:_SHOWN])
    if len(listed) > _SHOWN:
        yield f"  and {len(listed) - _SHOWN:,} more"


def _named(entry: BaselineEntry) -> str:
    return f"{entry.fingerprint}  {entry.kind}  {entry.redacted}"


def _number(count: int) -> str:
    return f"{count:,} {'entry' if count == 1 else 'entries'}"
