"""JSON: the complete document, for programs. ``schema.json`` describes it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, TypeVar

from akpatrol.report import document

if TYPE_CHECKING:
    from collections.abc import Iterable

    from akpatrol.model.report import Report
    from akpatrol.report import RenderOptions

_Item = TypeVar("_Item")

_BEYOND_ASCII = re.compile(r"[^\x00-\x7e]")


def render(report: Report, options: RenderOptions) -> str:
    """Return the report as indented JSON."""
    view, credentials = document.in_parts(report, options)
    return filled(dumped(view, indent=2), '\n  "credentials": []', credentials) + "\n"


def filled(text: str, empty: str, items: Iterable[object]) -> str:
    """Return indented JSON with the items in its empty list; ``empty`` is the text of that list with its line break.

    Each item is dumped by itself, so that not all are in memory both as values and as text.
    """
    indent = empty[: len(empty) - len(empty.lstrip())]
    before, middle, after = text.partition(empty)
    dumps = [f"{indent}  " + dumped(item, indent=2).replace("\n", f"{indent}  ") for item in items]
    # Joined once: such a text may be large.
    parts = [empty[:-1], *(piece for dump in dumps for piece in (dump, ","))]
    parts[-1] = f"{indent}]" if dumps else middle
    return "".join((before, *parts, after))


def dumped(value: object, *, indent: int | None = None) -> str:
    """Return JSON that can be encoded and printed: escaping what is not printable changes no value."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return _BEYOND_ASCII.sub(_escaped, text)


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
