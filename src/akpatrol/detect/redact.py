"""Mask secrets in text for display: those that were found, and any text with a credential's shape."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.detect.keywords import Phrases
from akpatrol.model.scan import Secret

if TYPE_CHECKING:
    from collections.abc import Iterable

    from akpatrol.detect.engine import Engine


_CONTINUES = 0x80  # RFC 3629: 10xxxxxx

_LONG_HALF = 16
_SHORTEST = 4
"""Bytes of a secret that is looked for elsewhere: a few characters are in every path, whose gaps would show them."""
_REMEMBERED = 1 << 15
"""Texts whose masked form is known again; a report may have millions."""


class Redactor:
    """A callable from text to text without secrets."""

    def __init__(self, engine: Engine, secrets: Iterable[Secret] = ()) -> None:
        self._engine = engine
        kept = [secret for secret in secrets if secret.is_kept]
        self._shown = {secret.reveal(): secret.shown for secret in kept}
        texts = [secret.reveal().decode("latin-1") for secret in kept]
        halves = [text.partition(".")[2] for text in texts]  # an id is shown, so the other half must not be
        phrases = (
            *(text for text in texts if len(text) >= _SHORTEST),
            *(half for half in halves if len(half) >= _LONG_HALF),
        )
        self._known = Phrases(phrases)
        self._seen: dict[str, str] = {}

    def __call__(self, text: str) -> str:
        """Return ``text`` with every secret replaced by its masked form."""
        if text not in self._seen:
            if len(self._seen) == _REMEMBERED:
                self._seen.clear()
            self._seen[text] = self._masked(text)
        return self._seen[text]

    def _masked(self, text: str) -> str:
        # latin-1 text of the UTF-8 bytes: positions agree for both ways of looking.
        data = text.encode("utf-8", "surrogatepass")
        matches = self._engine.scan(data)
        shown = {match.secret.reveal(): match.secret.shown for match in matches}
        spans = [(match.start, match.end) for match in matches]
        spans += self._known.find(data.decode("latin-1"))
        parts, position = [], 0
        for start, end in sorted((_widened(data, *span) for span in spans), key=lambda span: (span[0], -span[1])):
            if start >= position:
                secret = data[start:end]
                parts += [
                    data[position:start],
                    Secret(secret, shown.get(secret, self._shown.get(secret))).redacted.encode(),
                ]
            position = max(position, end)
        return b"".join([*parts, data[position:]]).decode("utf-8", "surrogatepass")


def _widened(data: bytes, start: int, end: int) -> tuple[int, int]:
    """Return the span extended to whole characters: users' patterns match bytes, and may cut a character."""
    while start > 0 and data[start] & 0xC0 == _CONTINUES:
        start -= 1
    while end < len(data) and data[end] & 0xC0 == _CONTINUES:
        end += 1
    return start, end
