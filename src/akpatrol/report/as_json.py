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

_SCALARS: dict[type, Callable[..., str]] = {
    str: encode_basestring,
    int: str,
    bool: lambda value: "true" if value else "false",
    type(None): lambda _: "null",
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
    parts: list[str] = []
    _add(value, line_break, parts)
    return _printable("".join(parts))


def _add(value: object, line_break: str, parts: list[str]) -> None:
    """Add the parts of a value's text: to join them level by level would copy the text as often."""
    inner = f"{line_break}  "
    if isinstance(value, dict):
        for lead, item in zip(_leads(inner, tuple(value)), value.values(), strict=True):
            # Most of what there is are texts and numbers: one more call for each takes a third of the time.
            if text := _SCALARS.get(type(item)):
                parts.append(lead + text(item))
            else:
                parts.append(lead)
                _add(item, inner, parts)
        parts.append(f"{line_break}}}" if value else "{}")
    elif not isinstance(value, list):
        parts.append(_scalar(value))
    elif len(value) > 1 and {*map(type, value)} == {str}:
        parts.append(_texts(line_break, tuple(value)))
    else:
        for number, item in enumerate(value):
            parts.append(f"{',' if number else '['}{inner}")
            _add(item, inner, parts)
        parts.append(f"{line_break}]" if value else "[]")


def _scalar(value: object) -> str:
    if text := _SCALARS.get(type(value)):
        return text(value)
    # An enumeration's member, or a float.
    if isinstance(value, str):
        return encode_basestring(value)
    return str(value) if isinstance(value, int) else json.dumps(value)


# Place after place has the same refs.
@lru_cache(64)
def _texts(line_break: str, texts: tuple[str, ...]) -> str:
    inner = f"{line_break}  "
    return f"[{inner}{f',{inner}'.join(map(encode_basestring, texts))}{line_break}]"


# Commits, versions and places have the same names each time.
@lru_cache(256)
def _leads(inner: str, names: tuple[str, ...]) -> list[str]:
    return [f"{',' if number else '{'}{inner}{encode_basestring(name)}: " for number, name in enumerate(names)]


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
