"""Compile patterns when they are first used: a hook imports every encoding and uses hardly any pattern.

Before Python 3.11.5, ``re`` gives wrong matches for a possessive quantifier of a group that can backtrack, and may
never end (https://github.com/python/cpython/issues/106052). There such groups are made atomic, which means the same and
takes more memory.
"""

from __future__ import annotations

import re
import sys
from typing import Any, cast

_IS_WRONG = sys.version_info < (3, 11, 5)


class _Lazy:
    def __init__(self, pattern: bytes) -> None:
        self._source = pattern

    def __getattr__(self, name: str) -> Any:
        method = getattr(compiled(self._source), name)
        setattr(self, name, method)
        return method


def lazy(pattern: bytes) -> re.Pattern[bytes]:
    """Return an object that behaves like the compiled pattern. A wrong pattern raises re.error at its first use."""
    return cast("re.Pattern[bytes]", _Lazy(pattern))


def compiled(pattern: bytes) -> re.Pattern[bytes]:
    """Return the compiled pattern, whose groups may have possessive quantifiers."""
    return re.compile(atomic(pattern) if _IS_WRONG else pattern)


def atomic(pattern: bytes) -> bytes:
    """Return a pattern that means the same, with atomic groups in place of possessive quantifiers of groups."""
    written, opened = bytearray(), []
    for token in re.finditer(rb"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\)(?:([*+?]|\{[0-9,]+\})(\+)?)?|.", pattern, re.DOTALL):
        if token[0] == b"(":
            opened.append(len(written))
        start = opened.pop() if token[0].startswith(b")") else 0
        if token[2]:
            written[start:start] = b"(?>"
            written += b")" + token[1] + b")"
        else:
            written += token[0]
    return bytes(written)
