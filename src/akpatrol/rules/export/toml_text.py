"""Write the few forms of TOML and YAML values that rule files need."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

HEAD = "Made by akpatrol rules export. These are patterns alone: akpatrol itself also judges each match."
"""The comment at the top of each file."""


def quoted(text: str) -> str:
    """Return a text as a string of one line, valid in JSON, YAML and TOML."""
    # TOML allows no DEL and no surrogate.
    return json.dumps(text.encode("utf-8", "replace").decode(), ensure_ascii=False).replace("\x7f", "\\u007f")


def pattern(regex: str) -> str:
    """Return a pattern as TOML's literal string, which has no escapes, wherever that can hold it."""
    is_plain = "'''" not in regex and not regex.endswith("'") and all(c.isprintable() for c in regex)
    return f"'''{regex}'''" if is_plain else quoted(regex)


def quoted_list(texts: Iterable[str]) -> str:
    """Return texts as an array."""
    return f"[{', '.join(map(quoted, texts))}]"
