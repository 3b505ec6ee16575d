"""Read the names of a table's columns from its CREATE TABLE statement (SQLite, lang_createtable.html).

SQLite stores the statement as text, and nothing else says what the columns are called. Nothing is run: the names are
read as far as they are sure, and a table whose statement is unusual has none.
"""

from __future__ import annotations

import re
from typing import Final

# A longer statement names no columns.
_MOST = 1 << 20
_TOKEN: Final = re.compile(
    r"""(?P<space>\s+|--[^\n]*|/\*(?:[^*]|\*(?!/))*\*/)
    |(?P<name>"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|'(?:[^']|'')*'|[^\W\d][\w$]*)
    |(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_CONSTRAINTS: Final = frozenset(("CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"))


def columns(statement: str) -> tuple[str, ...]:
    """Return the names of the columns in the order of a record; none where that is not sure.

    Of a table WITHOUT ROWID the columns of the primary key come first (file format, section 2.4). A virtual generated
    column is not stored.
    """
    if len(statement) > _MOST:
        return ()
    parts, after = _definitions(statement)
    names: list[str] = []
    key: list[str] = []
    for part in parts:
        words = [token.upper() for token in part]
        if not words:
            return ()
        if words[0] in _CONSTRAINTS:
            if "PRIMARY" in words[:3]:
                key = [_unquoted(name) for name in _in_parentheses(part)]
            continue
        if "AS" in words[1:] and "STORED" not in words:
            continue
        names.append(_unquoted(part[0]))
        if "PRIMARY" in words[1:]:
            key = [names[-1]]
    if not any(one.upper() == "WITHOUT" for one in after):
        return tuple(names)
    by_lower = {name.lower(): name for name in names}
    if not key or not all(name.lower() in by_lower for name in key):
        return ()
    first = list(dict.fromkeys(by_lower[name.lower()] for name in key))
    return (*first, *(name for name in names if name not in first))


def _definitions(statement: str) -> tuple[list[list[str]], list[str]]:
    """Return the tokens of each part between the outer parentheses, and those after them."""
    depth = 0
    parts: list[list[str]] = [[]]
    after: list[str] = []
    closed = False
    for token in _TOKEN.finditer(statement):
        if token.lastgroup == "space":
            continue
        text = token.group()
        if closed:
            after.append(text)
            continue
        if text == ")":
            depth -= 1
            closed = depth == 0
        if depth == 1 and text == ",":
            parts.append([])
        elif depth >= 1:
            parts[-1].append(text)
        if text == "(":
            depth += 1
    return (parts, after) if closed else ([], [])


def _in_parentheses(part: list[str]) -> list[str]:
    """Return the first token of each item between a constraint's parentheses."""
    if "(" not in part:
        return []
    inside = part[part.index("(") + 1 :]
    return [item for before, item in zip([",", *inside], inside, strict=False) if before == "," and item != ")"]


def _unquoted(name: str) -> str:
    if name[0] in "\"`'":
        return name[1:-1].replace(2 * name[0], name[0])
    return name[1:-1] if name[0] == "[" else name
