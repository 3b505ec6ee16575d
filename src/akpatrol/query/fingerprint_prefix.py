"""A credential named by the beginning of its fingerprint, which is what a person types."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from akpatrol.errors import UsageError
from akpatrol.model.identity import PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterable

FEWEST_DIGITS = 8
"""Two of 10,000 credentials begin alike with a probability of one in a hundred."""

_BEGINNING = re.compile(f"(?:{re.escape(PREFIX)})?([0-9a-f]{{{FEWEST_DIGITS},64}})", re.IGNORECASE)
_WHOLE = len(PREFIX) + 64
_FORM = f"give at least {FEWEST_DIGITS} hex digits of it, with or without {PREFIX}"
_SHOWN = 5


def beginning(text: str) -> str | None:
    """Return a fingerprint or its beginning, with ``akp1:``; None for any other text."""
    prefix = _BEGINNING.fullmatch(text)
    return PREFIX + prefix[1].lower() if prefix else None


def wanted(text: str) -> str:
    """Return a fingerprint or its beginning. Raises UsageError for any other text."""
    if not (prefix := beginning(text)):
        raise UsageError(f"{text}: not a fingerprint or the beginning of one", hint=_FORM)
    return prefix


def is_whole(name: str) -> bool:
    """Return whether a fingerprint is complete."""
    return len(name) == _WHOLE


def the_one(name: str, known: Iterable[str]) -> str | None:
    """Return the known fingerprint with this beginning, None without one. Raises UsageError for several."""
    matches = sorted({fingerprint for fingerprint in known if fingerprint.startswith(name)})
    if len(matches) > 1:
        listed = [*matches[:_SHOWN], *([f"and {len(matches) - _SHOWN:,} more"] if len(matches) > _SHOWN else [])]
        raise UsageError(
            f"{name}: {len(matches):,} fingerprints have this beginning", hint="give more digits:\n" + "\n".join(listed)
        )
    return matches[0] if matches else None
