"""Patterns that are compiled when they are first used: a hook imports every encoding and needs hardly any."""

from __future__ import annotations

import re
from typing import Any, cast


class _Lazy:
    def __init__(self, pattern: bytes) -> None:
        self._source = pattern

    def __getattr__(self, name: str) -> Any:
        method = getattr(re.compile(self._source), name)
        setattr(self, name, method)
        return method


def lazy(pattern: bytes) -> re.Pattern[bytes]:
    """Return what behaves as the compiled pattern does. A wrong pattern raises re.error when it is used."""
    return cast("re.Pattern[bytes]", _Lazy(pattern))
