"""What the entries of a page are: texts, files, or the lists below them. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from akpatrol.sources.forge.resource import field, filled, place, texts
from akpatrol.sources.forge.unit import ForgeText

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from akpatrol.sources.forge.resource import Listing

_MOST_ATTEMPTS = 100
_FIRST_YEAR = 1990
_DATES = ("updated_at", "finished_at", "submitted_at", "created_at")
READY, WAITING, GONE, UNNAMED = "ready", "waiting", "gone", "unnamed"
"""The state of a lead's file or list: the forge says that it is still being written, or was deleted, or not where."""


class Lead(NamedTuple):
    """A file or a list that an entry leads to: its ``path`` below the repository's API, and where a person sees it.

    ``version`` changes when a file does; ``date`` is RFC 3339 in UTC or "", ``size`` in bytes or 0.
    """

    path: str
    page: str
    version: str = ""
    date: str = ""
    size: int = 0
    state: str = READY


class ResourceHome(NamedTuple):
    """The repository that entries belong to: its ``page``, and the ``root`` of the resource, as addresses."""

    page: str
    root: str

    @property
    def origin(self) -> str:
        """Scheme and host of its pages."""
        return "/".join(self.root.split("/", 3)[:3])

    def place(self, url: str, id_: object) -> str:
        """Return where an item is, below the host; without a sound address, its id below the resource."""
        name = quote(str(id_), errors="replace") if isinstance(id_, int | str) else "?"
        return place(url, self.origin) or f"{self.root.split('/', 3)[-1]}/{name}"


def chosen(listing: Listing, entry: Mapping[str, Any]) -> bool:
    """Return whether an entry belongs to the resource."""
    if listing.without and field(entry, listing.without) is not None:
        return False
    return not listing.having or field(entry, listing.having) is not None


def text(listing: Listing, entry: Mapping[str, Any], repository: ResourceHome, above: str) -> ForgeText:
    """Return the texts of an entry; ``above`` is the page of the entry whose list it is in."""
    url = filled(listing.url, entry, {"above": above, "page": repository.page})
    return ForgeText(repository.place(url, field(entry, "id")), texts(entry, listing.texts), date_of(entry))


def leads(listing: Listing, entry: Mapping[str, Any], repository: ResourceHome) -> Iterator[Lead]:
    """Yield what an entry leads to."""
    if listing.below:
        url = filled(listing.url, entry, {"page": repository.page})
        path = filled(listing.below.path, entry)
        yield Lead(path, repository.place(url, field(entry, "id")), state=READY if path else UNNAMED)
        return
    inner = field(entry, listing.inner) if listing.inner else [entry]
    for one in inner if isinstance(inner, list) else ():
        if isinstance(one, dict):
            yield from _files(listing, one, repository)


def date_of(entry: Mapping[str, Any]) -> str:
    """Return when an entry changed last, RFC 3339 in UTC; "" if it does not say."""
    written = next((value for name in _DATES if isinstance(value := entry.get(name), str)), "")
    try:
        moment = datetime.fromisoformat(written).astimezone(UTC)
    except (ValueError, OverflowError):
        return ""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment.year >= _FIRST_YEAR else ""


def _files(listing: Listing, entry: Mapping[str, Any], repository: ResourceHome) -> Iterator[Lead]:
    number = field(entry, listing.attempts) if listing.attempts else 1
    number = number if isinstance(number, int) and 0 < number <= _MOST_ATTEMPTS else _MOST_ATTEMPTS
    size = field(entry, listing.size) if listing.size else 0
    version = "|".join(str(field(entry, name)) for name in listing.marks)
    for attempt in range(1, number + 1):
        own = {"attempt": attempt, "page": repository.page}
        path = filled(listing.file, own, entry)
        yield Lead(
            path,
            repository.place(filled(listing.url, own, entry), field(entry, "id")),
            version,
            date_of(entry),
            size if isinstance(size, int) and size > 0 else 0,
            _state(listing, entry) if path else UNNAMED,
        )


def _state(listing: Listing, entry: Mapping[str, Any]) -> str:
    if listing.gone and field(entry, listing.gone):
        return GONE
    name, equals, wanted = listing.done.partition("=")
    if not name:
        return READY
    value = field(entry, name)
    return READY if (value == wanted if equals else value is not None) else WAITING
