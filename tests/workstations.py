"""Files in a home directory at the paths of the table of a workstation's locations."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_PARTS = {"**": "deep/below/file", "[0-9]*": "1234", "PSRead?ine": "PSReadLine"}


def concrete(pattern: str) -> str:
    """Return a path that a pattern of the table matches."""
    for part, text in _PARTS.items():
        pattern = pattern.replace(part, text)
    return pattern.replace("*", "x")


def write(home: Path, path: str, content: str | bytes = "x") -> Path:
    """Write a file below a home, and return it."""
    file = home / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file
