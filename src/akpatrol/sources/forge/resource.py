"""What a resource of a forge is: lists of items beside code, which hold texts, files or further lists. Pure.

Paths and templates name fields of an item in braces, dotted for fields of fields: ``/pulls/{number}/reviews``,
``{workflow_run.id}``. ``{page}`` is the repository's page, ``{above}`` that of the item whose
list it is.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_FIELD = re.compile(r"\{([a-z_.]+)\}")


class Listing(NamedTuple):
    """A list of a repository's API.

    ``path`` is below the repository; ``key`` names the list in an answer that is no list itself. ``texts`` are the
    fields that people write, ``url`` is where a person sees an item. Items with the field ``without`` belong to another
    resource; only those with the field ``having`` count.

    ``file`` is the path of an item's file, one for each number up to the field ``attempts``; ``marks`` are the fields
    that change when it does, ``size`` is its size in bytes. It is there once the field ``done`` has a value, or the
    value after ``=``, and until the field ``gone`` has one. ``inner`` names a list in each item, whose entries have the
    files. ``below`` is a list for each item. ``newest`` asks for the item that changed last, if changes can be sorted.
    """

    path: str
    key: str = ""
    texts: tuple[str, ...] = ()
    url: str = "{html_url}"
    without: str = ""
    having: str = ""
    file: str = ""
    accept: str = "*/*"
    attempts: str = ""
    marks: tuple[str, ...] = ("id", "updated_at")
    size: str = ""
    done: str = ""
    gone: str = ""
    inner: str = ""
    below: Listing | None = None
    newest: str = ""


class Resource(NamedTuple):
    """A word of ``--include``: its ``lists``, its ``page`` below the repository's, and what a token needs for it.

    A repository whose field ``switch`` is false has it turned off. A resource without lists is read otherwise.
    """

    name: str
    page: str
    permission: str
    lists: tuple[Listing, ...] = ()
    switch: str = ""

    def kind(self, forge: str) -> str:
        """Return the kind of its targets."""
        return f"{forge}_{self.name}"

    def needed(self, variable: str) -> str:
        """Say what would help where the forge refuses it."""
        return f"the token in {variable} needs {self.permission}"


def field(item: Any, name: str) -> Any:
    """Return a field of an item, None without one."""
    for part in name.split("."):
        item = item.get(part) if isinstance(item, dict) else None
    return item


def filled(template: str, *items: Mapping[str, Any]) -> str:
    """Return a template with the first item's field for each name that has one, quoted; "" where one is missing."""
    missing = False

    def value(match: re.Match[str]) -> str:
        nonlocal missing
        found = next((one for one in (field(item, match[1]) for item in items) if one is not None), None)
        if isinstance(found, bool) or not isinstance(found, str | int) or found in (".", ".."):
            missing = True
            return ""
        # A whole address is checked by who uses it.
        return str(found) if match.start() == 0 else quote(str(found), safe="", errors="replace")

    text = _FIELD.sub(value, template)
    return "" if missing else text


def texts(item: Mapping[str, Any], names: tuple[str, ...]) -> str:
    """Return the texts of an item, each on a line of its own."""
    return "\n".join(text for name in names for text in _texts(item, name.split(".")))


def place(url: str, origin: str) -> str:
    """Return what follows an origin in the address of an item, "" for an address elsewhere or one that is not sound."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    is_own = f"{parts.scheme}://{parts.netloc}".lower() == origin.lower()
    return url.split("/", 3)[3] if is_own and parts.path.strip("/") and url.isprintable() and " " not in url else ""


def _texts(item: Any, names: list[str]) -> Iterator[str]:
    if isinstance(item, list):
        for one in item:
            yield from _texts(one, names)
    elif names and isinstance(item, dict):
        yield from _texts(item.get(names[0]), names[1:])
    elif not names and isinstance(item, str):
        yield item
