"""The line around a secret: joined, masked, and cut without splitting a mask or a secret."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.model.scan import Secret
from akpatrol.report.text_safety import decoded, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

LIMIT = 200
"""Characters."""

# The form of Secret.redacted, where masking a text has left one behind.
_MASK = re.compile(r"((?:[^_\s]{1,3}_\S{4})?\*\*\*\(\d+\))")


class _Piece(NamedTuple):
    text: str
    view: bool


def context_line(
    parts: tuple[str | Secret, ...], focus: Secret, mask: Callable[[str], str], *, show_secrets: bool
) -> str:
    """Return at most LIMIT characters of the line, cut around ``focus`` where it is longer."""
    # The same secret, but only the credential knows its public beginning.
    parts = tuple(focus if isinstance(part, Secret) and part == focus else part for part in parts)
    whole = "".join(
        _secret_text(part, show_secrets=show_secrets) if isinstance(part, Secret) else mask(part) for part in parts
    )
    if len(whole) <= LIMIT:
        return whole
    pieces: list[_Piece] = []
    centre = 0
    is_found = False
    for part in parts:
        if isinstance(part, Secret):
            if not is_found and part == focus:
                centre, is_found = len(pieces), True
            pieces.append(_Piece(_secret_text(part, show_secrets=show_secrets), view=True))
        else:
            pieces += [_Piece(text, bool(index % 2)) for index, text in enumerate(_MASK.split(mask(part)))]
    return _cut(pieces, centre)


def _secret_text(secret: Secret, *, show_secrets: bool) -> str:
    raw = plain(decoded(secret.reveal())) if show_secrets and secret.is_kept else ""
    return raw if 0 < len(raw) <= LIMIT else secret.redacted


def _cut(pieces: list[_Piece], centre: int) -> str:
    focus = pieces[centre]
    if not focus.view:
        return _joined(pieces, LIMIT)
    left, right = pieces[:centre], pieces[centre + 1 :]
    left_length, right_length = _length(left), _length(right)
    room = LIMIT - len(focus.text)
    before = min(left_length, max(room // 2, room - right_length))
    backwards = (_Piece(piece.text[::-1], piece.view) for piece in reversed(left))
    return _joined(backwards, before)[::-1] + focus.text + _joined(right, room - before)


def _length(pieces: Iterable[_Piece]) -> int:
    return sum(len(piece.text) for piece in pieces)


def _joined(pieces: Iterable[_Piece], room: int) -> str:
    """Return the start of the pieces that fits into ``room`` characters, an ellipsis where they do not."""
    pieces = list(pieces)
    if _length(pieces) <= room:
        return "".join(piece.text for piece in pieces)
    parts: list[str] = []
    left = room - 1
    for piece in pieces:
        if len(piece.text) > left:
            parts.append("" if piece.view else piece.text[: max(left, 0)])
            break
        parts.append(piece.text)
        left -= len(piece.text)
    return "".join(parts) + "…" * (room > 0)
