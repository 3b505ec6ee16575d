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
        # The same authors, refs and paths occur again and again; a large report has no room for more of them.
        redact: Callable[[str], str] = (lambda text: text) if options.show_secrets else options.redact
        self.redact: Callable[[str], str] = lru_cache(1 << 15)(redact)
        self.text: Callable[[str], str] = lru_cache(1 << 15)(lambda text: plain(self.redact(text)))
        """Mask a text."""
        self.path: Callable[[bytes], str] = lru_cache(1 << 15)(lambda path: escaped_path(self.redact(decoded(path))))
        """Mask a path; see ``path_text`` for its bytes."""
        # Place after place has the same refs.
        self._texts: Callable[[tuple[str, ...]], tuple[str, ...]] = lru_cache(64)(
            lambda texts: tuple(map(self.text, texts))
        )

    def texts(self, texts: Iterable[str]) -> list[str]:
        """Mask several texts."""
        return list(self._texts(tuple(texts)))

    def remote(self, remote: str) -> str:
        """Mask secrets in a remote's address, and any password in it."""
        return self.text(without_password(remote))


def without_password(text: str) -> str:
    """Return a text in which no address has a user's name and password."""
    return _PASSWORD.sub("***", text)
