"""What the readers share: entries read one by one, each failure counted, and the parts of paths."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from akpatrol.model.scan import Place
from akpatrol.report.text_safety import escaped_path
from akpatrol.validate.fields import Fields

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from akpatrol.compare.rows import ReportEntry

_REDACTED = ("REDACTED", "[REDACTED")
_COMMIT = re.compile("[0-9a-f]{7,64}")
_OBJECT = re.compile(r"(?:^|/)objects/([0-9a-f]{2})/([0-9a-f]{38}|[0-9a-f]{62})")
_GIT_DIR = re.compile(r"(?:^|/)\.git/(.+)", re.DOTALL)
# gitleaks, betterleaks and kingfisher write a member behind a "!", which a file's name may have too.
_MEMBERS = re.compile(
    r"(.+?\.(?:zip|jar|war|ear|whl|egg|apk|aar|nupkg|docx|xlsx|pptx|tar|t?gz|tbz2?|txz|bz2|xz|zst|7z|rar|br|lz4?|sz|zz))!",
    re.DOTALL | re.IGNORECASE,
)


class SplitPath(NamedTuple):
    """A path as a scanner writes it, in parts: what git calls it, the member, an object of git, or the place."""

    path: str | None
    member: str = ""
    containers: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    place: Place = Place.CONTENT


def read_each(
    items: Iterable[tuple[str, Any]], read: Callable[[Fields], ReportEntry]
) -> tuple[tuple[ReportEntry, ...], list[str]]:
    """Return the entries that ``read`` makes of the items, each with its place, and why others could not be read."""
    entries: list[ReportEntry] = []
    unreadable: list[str] = []
    for where, item in items:
        try:
            entries.append(read(Fields(item, f"{where}: ")))
        except ValueError as error:
            unreadable.append(str(error))
    return tuple(entries), unreadable


def numbered(items: Iterable[Any], word: str) -> Iterable[tuple[str, Any]]:
    """Return the items with their places."""
    return ((f"{word} {number}", item) for number, item in enumerate(items, 1))


def text(fields: Fields, key: str) -> str:
    """Return a text, empty where it is absent or null."""
    return fields.later(key, fields.text) or ""


def texts(fields: Fields, key: str) -> tuple[str, ...]:
    """Return a list of texts, empty where it is absent or null."""
    return fields.later(key, fields.texts) or ()


def line(fields: Fields, key: str) -> int | None:
    """Return a line or a column; 0, which no line is, and an absent one are None."""
    return fields.later(key, fields.count) or None


def columns(start: int | None, end: int | None) -> tuple[int, int] | None:
    """Return a span where both ends are known."""
    return (start, end) if start and end else None


def commit(text_: str) -> str | None:
    """Return a commit's id, None for anything else."""
    return text_ if _COMMIT.fullmatch(text_) else None


def shown(secret: str) -> str | None:
    """Return a secret that a report shows; None where ``--redact`` left a word, or its beginning and three dots."""
    return None if not secret or secret.startswith(_REDACTED) or secret.endswith("...") else secret


def split(path: str) -> SplitPath:
    """Return the parts of a path, whose separators may be those of Windows."""
    if "\\" in path and "/" not in path:
        path = path.replace("\\", "/")
    path = escaped_path(path.removeprefix("./"))
    if found := _OBJECT.search(path):
        return SplitPath(None, objects=(found[1] + found[2],))
    if found := _GIT_DIR.search(path):
        return SplitPath(found[1], place=Place.GIT_DIR)
    outer, *members = _levels(path)
    return SplitPath(outer or None, members[-1] if members else "", tuple(members))


def _levels(path: str) -> list[str]:
    """Return the path of a container, those of the containers in it, and the member's."""
    levels = [path]
    while found := _MEMBERS.match(levels[-1]):
        levels[-1:] = [found[1], found.string[found.end() :]]
    return levels
