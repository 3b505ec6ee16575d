"""Parse what a registry asks for before it answers: the header ``WWW-Authenticate``. Pure.

RFC 9110, 11.6.1, and https://distribution.github.io/distribution/spec/auth/token/
"""

from __future__ import annotations

import re
from typing import NamedTuple

_SCHEME = re.compile(r"\s*(?P<scheme>[A-Za-z0-9._~+-]+)(?:\s+|$)")
_PARAMETER = re.compile(r'[\s,]*(?P<name>[A-Za-z0-9_-]+)\s*=\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>[^\s,"]+))')
_LONGEST = 4096


class Challenge(NamedTuple):
    """The scheme in lower case; for ``bearer`` where a token is given, for which service and what it may do."""

    scheme: str
    realm: str = ""
    service: str = ""
    scope: str = ""


def parse(header: str) -> Challenge | None:
    """Return the first challenge that can be met, None without one."""
    text, found = header[:_LONGEST], None
    while scheme := _SCHEME.match(text):
        text = text[scheme.end() :]
        parameters: dict[str, str] = {}
        while parameter := _PARAMETER.match(text):
            quoted = parameter["quoted"]
            parameters[parameter["name"].lower()] = (
                parameter["plain"] if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
            )
            text = text[parameter.end() :]
        name = scheme["scheme"].lower()
        if name == "bearer":
            return Challenge(name, *(parameters.get(key, "") for key in ("realm", "service", "scope")))
        if name == "basic":
            found = Challenge(name)
        text = text.lstrip(" ,")
    return found
