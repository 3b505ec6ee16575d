"""JSON: the complete document, for programs. ``schema.json`` describes it."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, TypeVar

from akpatrol.report import document

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from akpatrol.model.report import Report
    from akpatrol.report import RenderOptions
    from akpatrol.report.view import CredentialView

_Item = TypeVar("_Item")

_WORDS = {None: "null", True: "true", False: "false"}
_SCALARS: dict[type, Callable[..., str]] = {
    str: encode_basestring,
    int: str,
    bool: _WORDS.__getitem__,
    type(None): _WORDS.__getitem__,
}
_BEYOND_ASCII = re.compile(r"[^\x00-\x7e]")


def pieces(report: Report, options: RenderOptions) -> Iterator[str]:
    """Yield the report as indented JSON."""
    view, credentials = document.in_parts(report, options)
    yield from filled(indented(view), '\n  "credentials": []', map(_credential, credentials))
    yield "\n"


def _credential(credential: CredentialView) -> Iterator[str]:
    places, line_break = credential["occurrences"], "\n    "
    if isinstance(places, list):
        yield indented(credential, line_break)
    else:
        empty = f'{line_break}  "occurrences": []'
        of_places = ((indented(place, f"{line_break}    "),) for place in places)
        yield from filled(indented({**credential, "occurrences": []}, line_break), empty, of_places)


def filled(text: str, empty: str, items: Iterable[Iterable[str]]) -> Iterator[str]:
    """Yield indented JSON with the items in its empty list; ``empty`` is the text of that list with its line break.

    Each item is dumped by itself, so that not all are in memory both as values and as text.
    """
    indent = empty[: len(empty) - len(empty.lstrip())]
    before, middle, after = text.partition(empty)
    yield before
    lead = empty[:-1]
    for item in items:
        yield f"{lead}{indent}  "
        yield from item
        lead = ","
    yield f"{indent}]" if lead == "," else middle
    yield after


def dumped(value: object) -> str:
    """Return JSON that can be encoded and printed: escaping what is not printable changes no value."""
    return _printable(json.dumps(value, ensure_ascii=False))


def indented(value: object, line_break: str = "\n") -> str:
    """Return the same with two blanks for each level; ``line_break`` has those of the level that the value is in.

    The standard library does this in Python too, in many small pieces.
    """
    return _printable(_indented(value, line_break))


def _indented(value: object, line_break: str) -> str:
    if isinstance(value, dict):
        inner = f"{line_break}  "
        # Most of what there is are texts and numbers: one more call for each takes a third of the time.
        members = [
            f"{lead}{text(item) if (text := _SCALARS.get(type(item))) else _indented(item, inner)}"
            for lead, item in zip(_leads(inner, tuple(value)), value.values(), strict=True)
        ]
        return f"{{{','.join(members)}{line_break}}}" if members else "{}"
    if isinstance(value, list):
        if len(value) > 1 and all(type(item) is str for item in value):
            return _texts(line_break, tuple(value))
        inner = f"{line_break}  "
        items = [text(item) if (text := _SCALARS.get(type(item))) else _indented(item, inner) for item in value]
        return f"[{inner}{f',{inner}'.join(items)}{line_break}]" if items else "[]"
    if isinstance(value, str):
        return encode_basestring(value)
    if value is None or isinstance(value, bool | int):
        return _WORDS[value] if value is None or isinstance(value, bool) else str(value)
    return json.dumps(value)


# Place after place has the same refs.
@lru_cache(64)
def _texts(line_break: str, texts: tuple[str, ...]) -> str:
    inner = f"{line_break}  "
    return f"[{inner}{f',{inner}'.join(map(encode_basestring, texts))}{line_break}]"


# Commits, versions and places have the same names each time.
@lru_cache(256)
def _leads(inner: str, names: tuple[str, ...]) -> list[str]:
    return [f"{inner}{encode_basestring(name)}: " for name in names]


def _printable(text: str) -> str:
    return text if text.isascii() and "\x7f" not in text else _BEYOND_ASCII.sub(_escaped, text)


def fitting(items: Iterable[_Item], room: int) -> list[_Item]:
    """Return the first items that fit into ``room`` bytes of JSON, together with what separates them."""
    fitted = []
    for item in items:
        room -= len(dumped(item).encode()) + len(", ")
        if room < 0:
            break
        fitted.append(item)
    return fitted


def _escaped(match: re.Match[str]) -> str:
    char = match[0]
    return char if char.isprintable() else json.dumps(char)[1:-1]
