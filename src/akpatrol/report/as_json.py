"""JSON: the complete document, for programs. ``schema.json`` describes it."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, TypeVar

from akpatrol.report import document

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from akpatrol.model.report import Report
    from akpatrol.report import RenderOptions
    from akpatrol.report.view import CredentialView

_Item = TypeVar("_Item")

_WORDS = {None: "null", True: "true", False: "false"}
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
    if isinstance(value, str):
        return encode_basestring(value)
    if value is None or isinstance(value, bool | int):
        return _WORDS[value] if value is None or isinstance(value, bool) else str(value)
    inner = f"{line_break}  "
    if isinstance(value, dict) and value:
        # Most of what there is are texts: one more call for each takes a third of the time.
        members = [
            f"{inner}{_name(name)}: {encode_basestring(item) if type(item) is str else _indented(item, inner)}"
            for name, item in value.items()
        ]
        return f"{{{','.join(members)}{line_break}}}"
    if isinstance(value, list) and value:
        items = [encode_basestring(item) if type(item) is str else _indented(item, inner) for item in value]
        return f"[{inner}{f',{inner}'.join(items)}{line_break}]"
    return json.dumps(value)


@lru_cache(1024)
def _name(name: str) -> str:
    return encode_basestring(name)


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
