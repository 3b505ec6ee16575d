"""Make scanned text safe to show: secrets are masked, and everything can be encoded."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from akpatrol.report.text_safety import decoded, escaped_path, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from akpatrol.report import RenderOptions

_PASSWORD = re.compile(r"(?<=://)[^/@\s]*:[^/@\s]*(?=@)")


class Mask:
    """Masks every secret, or none when they are to be shown."""

    def __init__(self, options: RenderOptions) -> None:
        # The same authors, refs and paths occur again and again.
        redact = lru_cache(1 << 16)(options.redact)
        self.redact: Callable[[str], str] = (lambda text: text) if options.show_secrets else redact

    def text(self, text: str) -> str:
        """Mask a text."""
        return plain(self.redact(text))

    def texts(self, texts: Iterable[str]) -> list[str]:
        """Mask several texts."""
        return [self.text(text) for text in texts]

    def path(self, path: bytes) -> str:
        """Mask a path; see ``path_text`` for its bytes."""
        return escaped_path(self.redact(decoded(path)))

    def remote(self, remote: str) -> str:
        """Mask secrets in a remote's address, and any password in it."""
        return self.text(without_password(remote))


def without_password(text: str) -> str:
    """Return a text in which no address has a user's name and password."""
    return _PASSWORD.sub("***", text)
