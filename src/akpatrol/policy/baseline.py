"""The baseline: the credentials that were known when scanning began. It names credentials, never their places.

JSON, one entry per line in the order of fingerprints. Every entry's line ends with a comma, and the last line never
changes. Two branches that add entries thus never change a neighbour's line, and both sides of a conflict may stay.

An owner and an expiry date are written only where an entry has them. They need no new version: an older program refuses
the file, as it does with any unknown key, and so cannot ignore an expiry date. The first line is the same in all files,
so a merge never has two of them.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.errors import UsageError
from akpatrol.model.identity import PREFIX
from akpatrol.validate.fields import FieldError, Fields

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import date

VERSION = 1
HISTORY, TRACKED, FILES = "history", "tracked", "scan"
_SCANS = (HISTORY, TRACKED, FILES)
_KEY = "akpatrol_baseline"
_FIELDS = ("fingerprint", "kind", "redacted", "added", "by", "scans", "note", "owner", "expires")
_WHERE_SET = ("owner", "expires")
_FINGERPRINT = re.compile(re.escape(PREFIX) + "[0-9a-f]{64}")
_CONFLICT = re.compile(rb"^(?:<{7}|\|{7}|={7}|>{7})(?: |\r?$)", re.MULTILINE)
_LONGEST_TEXT = 1000


class BaselineEntry(NamedTuple):
    """One credential; ``scans`` are the kinds of scan that saw it: ``history``, ``tracked`` files, any files.

    ``added`` and ``expires`` are days, YYYY-MM-DD; from the day ``expires`` on the credential is a finding again.
    """

    fingerprint: str
    kind: str
    redacted: str
    added: str
    by: str
    scans: tuple[str, ...]
    note: str = ""
    owner: str = ""
    expires: str = ""

    def has_expired(self, today: date) -> bool:
        """Return whether it has expired."""
        return bool(self.expires) and self.expires <= today.isoformat()


class Seen(NamedTuple):
    """The findings of one scan; ``complete`` when it read everything of its kind."""

    scan: str
    entries: Mapping[str, BaselineEntry]
    complete: bool


class BaselineUpdate(NamedTuple):
    """A baseline's new content, and what became of it."""

    entries: Mapping[str, BaselineEntry]
    added: tuple[BaselineEntry, ...]
    dropped: tuple[BaselineEntry, ...]
    unseen: tuple[BaselineEntry, ...]


def parse(content: bytes, file: str) -> dict[str, BaselineEntry]:
    """Return the entries by fingerprint, in any order; duplicates are merged.

    Raises UsageError for anything but a baseline of this version.
    """
    if marker := _CONFLICT.search(content):
        line = content.count(b"\n", 0, marker.start()) + 1
        raise UsageError(
            f"{file}:{line}: unresolved merge conflict",
            hint="keep the entries of both sides and delete the conflict markers",
        )
    try:
        document = json.loads(content)
    except json.JSONDecodeError as error:
        raise UsageError(f"{file}:{error.lineno}: not JSON: {error.msg}") from None
    except (ValueError, RecursionError):
        raise UsageError(f"{file}: not JSON") from None
    version = document.get(_KEY) if isinstance(document, dict) else None
    if type(version) is not int or version < 1:
        raise UsageError(f"{file}: not a baseline: {_KEY} is missing", hint="create one: akpatrol baseline create")
    if version > VERSION:
        suffix = f" (format {version})" if version < _LONGEST_TEXT else ""
        raise UsageError(f"{file}: written by a newer version of akpatrol{suffix}", hint="update akpatrol")
    if not isinstance(listed := document.get("entries"), list) or document.keys() != {_KEY, "entries"}:
        raise UsageError(f"{file}: entries: must be a list, and no other key is allowed")
    entries: dict[str, BaselineEntry] = {}
    for number, value in enumerate(listed, 1):
        if value is not None:  # the last line
            try:
                entry = _entry(Fields(value, f"entry {number}: "))
            except FieldError as error:
                hint = "update akpatrol if a newer version wrote it" if str(error).endswith(": unknown") else ""
                raise UsageError(f"{file}: {error}", hint) from None
            before = entries.get(entry.fingerprint)
            entries[entry.fingerprint] = _together(before, entry) if before else entry
    return entries


def dump(entries: Iterable[BaselineEntry]) -> str:
    """Return the file's content."""
    ordered = sorted(entries, key=lambda entry: entry.fingerprint)
    lines = [json.dumps(_written(entry), ensure_ascii=False) for entry in ordered]
    return "\n".join([f'{{"{_KEY}": {VERSION}, "entries": [', *(f"{line}," for line in lines), "null]}", ""])


def _written(entry: BaselineEntry) -> dict[str, object]:
    fields = {name: value for name, value in entry._asdict().items() if value or name not in _WHERE_SET}
    return fields | {"scans": list(entry.scans)}


def update(old: Mapping[str, BaselineEntry], scans: Sequence[Seen]) -> BaselineUpdate:
    """Add what the scans found, and drop entries that are gone from complete scans of every kind that found them."""
    entries = dict(old)
    added: dict[str, BaselineEntry] = {}
    for scan in scans:
        for fingerprint, entry in scan.entries.items():
            known = entries.get(fingerprint)
            entries[fingerprint] = _seen(known or entry, scan.scan)
            if not known or fingerprint in added:
                added[fingerprint] = entries[fingerprint]
    missing = [entry for name, entry in old.items() if not any(name in scan.entries for scan in scans)]
    covered = {scan.scan for scan in scans if scan.complete}
    dropped = [entry for entry in missing if is_covered(entry, covered)]
    for entry in dropped:
        del entries[entry.fingerprint]
    unseen = tuple(entry for entry in missing if entry.fingerprint in entries)
    return BaselineUpdate(entries, tuple(added.values()), tuple(dropped), unseen)


def is_covered(entry: BaselineEntry, covered: Collection[str]) -> bool:
    """Return whether complete scans of these kinds would have seen the entry, were it still there."""
    wider = {*covered, TRACKED} if FILES in covered else covered
    return all(scan in wider for scan in entry.scans)


def _seen(entry: BaselineEntry, scan: str) -> BaselineEntry:
    """Return the entry as also seen by that scan; ``history`` includes ``tracked``, for committed files stay in it."""
    scans = {*entry.scans, scan}
    if HISTORY in scans:
        scans.discard(TRACKED)
    return entry._replace(scans=tuple(name for name in _SCANS if name in scans))


def _together(entry: BaselineEntry, other: BaselineEntry) -> BaselineEntry:
    """Merge two entries of one credential, which two branches may have added; the earlier expiry date holds."""
    first, second = sorted((entry, other), key=lambda line: (line.added, line.by))
    for scan in second.scans:
        first = _seen(first, scan)
    return first._replace(
        note=first.note or second.note,
        owner=first.owner or second.owner,
        expires=min(filter(None, (first.expires, second.expires)), default=""),
    )


def _entry(fields: Fields) -> BaselineEntry:
    fields.only(*_FIELDS)
    return BaselineEntry(
        fingerprint=fields.fingerprint("fingerprint"),
        kind=fields.text("kind", _LONGEST_TEXT),
        redacted=fields.masked("redacted"),
        added=fields.date("added"),
        by=fields.text("by", _LONGEST_TEXT),
        scans=fields.some("scans", _SCANS),
        note=fields.text("note", _LONGEST_TEXT) if fields.has("note") else "",
        owner=fields.text("owner", _LONGEST_TEXT) if fields.has("owner") else "",
        expires=fields.date("expires") if fields.has("expires") else "",
    )
