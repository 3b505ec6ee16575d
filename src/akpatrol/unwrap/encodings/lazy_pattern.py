"""Compile patterns when they are first used: a hook imports every encoding and uses hardly any pattern."""

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
    """Return an object that behaves like the compiled pattern. A wrong pattern raises re.error at its first use."""
    return cast("re.Pattern[bytes]", _Lazy(pattern))
