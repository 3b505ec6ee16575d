"""JSON: the document as it is, for programs. ``schema.json`` describes it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from akpatrol.report import document

if TYPE_CHECKING:
    from collections.abc import Iterable

    from akpatrol.model.report import Report
    from akpatrol.report import RenderOptions

_NO_CREDENTIALS = '\n  "credentials": []'
_BEYOND_ASCII = re.compile(r"[^\x00-\x7e]")


def render(report: Report, options: RenderOptions) -> str:
    """Return the report as indented JSON."""
    whole, credentials = document.in_parts(report, options)
    before, found, after = dumped(whole, indent=2).partition(_NO_CREDENTIALS)
    items = ["\n    " + dumped(one, indent=2).replace("\n", "\n    ") for one in credentials]
    # Joined once: such a text may be large.
    parts = [_NO_CREDENTIALS[:-1], *(piece for item in items for piece in (item, ","))]
    parts[-1] = "\n  ]" if items else found
    return "".join((before, *parts, after, "\n"))


def dumped(value: Any, *, indent: int | None = None) -> str:
    """Return JSON that can be encoded and printed: escaping what is not printable changes no value."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return _BEYOND_ASCII.sub(_escaped, text)


def fitting(items: Iterable[Any], room: int) -> list[Any]:
    """Return the first items that fit into ``room`` bytes of JSON, together with what separates them."""
    taken = []
    for item in items:
        room -= len(dumped(item).encode()) + len(", ")
        if room < 0:
            break
        taken.append(item)
    return taken


def _escaped(match: re.Match[str]) -> str:
    char = match[0]
    return char if char.isprintable() else json.dumps(char)[1:-1]
