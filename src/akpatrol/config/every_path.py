"""What a path pattern as in .gitignore says of itself, before it is used."""

from __future__ import annotations

import re

# Wildcards, slashes, and sets of nearly all characters: nothing in it names a part of a path.
_WILD = re.compile(
    r"(?:[*?/]|\[[!^][^]]*\]|\[[^]]*[A-Za-z]-[A-Za-z][^]]*\]|\[\[:(?:alnum|alpha|graph|lower|print|upper):\]\])+"
)
REFUSED = "every path fits this pattern, so that nothing would be looked at"
HINT = "name a part of the path"


def fits_every_path(pattern: str) -> bool:
    """Tell whether a pattern leaves nothing, or nothing in directories: it would switch the gate off."""
    text = pattern.strip()
    return "*" in text and bool(_WILD.fullmatch(text))
